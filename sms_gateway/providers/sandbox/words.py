"""The simulator's own words, in its two languages. What the service texts is in `locale/sms`."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Phone simulator",
        "lead": "Pick a phone and text the service as its owner would.",
        "note": "A demonstration. The people are made up and nothing leaves this machine.",
        "phones": "Phones",
        "conversation": "Conversation",
        "empty": "No texts yet. Try TRIP.",
        "write": "Text to {number}",
        "send": "Send",
        "suggestions": "Suggestions",
        "hint": "Enter sends, Shift + Enter starts a new line.",
        "segment_one": "1 segment",
        "segments": "{n} segments",
        "units": "{units} of {room}, {encoding}",
        "delivered": "delivered",
        "sending": "sending",
        "failed": "not sent",
        "retry": "Not sent. Check the connection and send again.",
        "offline": "No connection to the service. Trying again.",
        "unread": "{n} new",
        "other": "Another number",
        "me": "You",
        "service": "Service",
        "today": "Today",
        "switch": "中文",
        "switch_label": "显示中文",
    },
    "zh": {
        "title": "手机模拟器",
        "lead": "选一部手机，像机主一样给服务号发短信。",
        "note": "演示环境。人物均为虚构，数据不会离开本机。",
        "phones": "手机",
        "conversation": "短信记录",
        "empty": "还没有短信。发“行程”试试。",
        "write": "发短信到 {number}",
        "send": "发送",
        "suggestions": "常用短信",
        "hint": "按 Enter 发送，Shift + Enter 换行。",
        "segment_one": "1 条",
        "segments": "{n} 条",
        "units": "{units}/{room}，{encoding}",
        "delivered": "已送达",
        "sending": "发送中",
        "failed": "未发出",
        "retry": "未发出。请检查连接后重发。",
        "offline": "无法连接服务，正在重试。",
        "unread": "{n} 条新短信",
        "other": "其他号码",
        "me": "我",
        "service": "服务号",
        "today": "今天",
        "switch": "English",
        "switch_label": "Show in English",
    },
}

SUGGESTIONS: dict[str, tuple[str, ...]] = {
    "en": ("TRIP", "HELP", "LOG", "LIST", "MORE", "STOP"),
    "zh": ("行程", "帮助", "记录", "授权", "更多", "退订"),
}


def language_of(requested: str, accepted: str) -> str:
    """`en` or `zh`: what the page was asked for, else what the browser prefers."""
    for tag in (requested, accepted):
        if tag[:2] in WORDS:
            return tag[:2]
    return "en"
