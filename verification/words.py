"""What a check says, in plain words and two languages: on the page and in the terminal.

Needs no Django.
"""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        # findings: the first line of every report
        "genuine": "Genuine. {issuer} signed this answer, and nothing in it was changed.",
        "malformed": "Not genuine. This is no signed answer, or a part of it is missing.",
        "other_kind": "Not genuine. This is a token of another kind, not an answer.",
        "forged": "Not genuine. The signature does not fit: somebody changed it, or made it up.",
        "unknown_key": "Cannot be checked. It names a key that is not among the public keys at"
        " hand. Fetch the newest keys; if it is not among those either, the answer is not genuine.",
        "other_format": "Cannot be checked. The signature is good, but this answer is written in a"
        " newer form. Use the newest version of this check.",
        "clock": "Cannot be checked. By this machine's clock the answer comes from the future."
        " Set the clock.",
        "test": "TEST. {issuer} signed this for somebody who tries things out. It is made up, and"
        " about nobody.",
        "expired": "No longer valid. {issuer} signed this answer, but its time is over. Ask again.",
        "other_audience": "Not for you. {issuer} signed this answer for another organisation.",
        "withdrawn": "Withdrawn. The person has taken back the consent. Do not use this answer, and"
        " delete it.",
        "disputed": "Disputed. The person says that this answer is wrong, and it is being looked"
        " into. Decide nothing by it meanwhile.",
        "corrected": "Corrected. This answer was wrong. Do not use it; ask again.",
        "status_unreadable": "Cannot be checked. The status list is damaged, or not signed with a"
        " key at hand.",
        "status_of_another": "Cannot be checked. This is the status list of other answers; this one"
        " needs {status_list}",
        "status_old": "Cannot be checked. The status list is too old. Fetch a new one from"
        " {status_list}",
        # what is said
        "audience": "Given to",
        "number": "About",
        "number_is": "the phone number that ends in {last_two}; the number, not a person",
        "period": "Days",
        "period_is": "{first} to {last} ({days})",
        "question": "Question",
        "visited_any": "Was the phone for {hours} hours or more in any of: {places}?",
        "stayed_only_in": "Was the phone nowhere else for {hours} hours or more than in: {places}?",
        "itinerary": "Where was the phone for {hours} hours or more?",
        "answer": "Answer",
        "YES": "YES",
        "NO": "NO",
        "CANNOT_TELL": "CANNOT TELL. This is no hint in either direction.",
        "LISTED": "{count} places:",
        "or": " or ",
        "seen": "Seen",
        "seen_is": "data on {with_data} of {days} days, {covered} of them well covered,"
        " {hours} hours in all; data through {through}",
        "no_through": "none of these days",
        "rule": "Rule",
        "rule_is": "version {version}, stays of {hours} hours or more",
        "issued": "Issued",
        "issued_is": "{issued}, valid until {expires} (UTC)",
        "references": "References",
        "references_are": "answer {id}, consent {consent}, log entry {entry}, nonce {nonce}",
        # what was and was not checked
        "stands": "Neither withdrawn nor disputed as of {as_of} (UTC).",
        "status_unchecked": "Not checked: whether it was withdrawn or disputed since. That needs"
        " the status list: {status_list}",
        "holder_unchecked": "Not checked: whose phone it is. Compare the last two digits with the"
        " number of the person in front of you.",
        "audience_unchecked": "Not checked: whether it was given to you. If you are not"
        " {audience}, it is not for you.",
        # the page
        "title": "Check an answer",
        "lead": "Somebody shows you a signed answer of this service. Paste it here to see whether"
        " it is genuine, what it says, and whether it still stands.",
        "field": "The answer, as text",
        "hint": "It begins with ey and has two dots. It is checked and not kept.",
        "button": "Check",
        "empty": "Paste an answer first.",
        "result": "Result",
        "offline": "Without this page: python -m verification.check, and the public keys at",
        "back": "Check another one",
        "switch": "中文",
        "switch_label": "显示中文",
    },
    "zh": {
        "genuine": "真实。由 {issuer} 签名，内容未被改动。",
        "malformed": "不真实。这不是已签名的答复，或内容不完整。",
        "other_kind": "不真实。这是另一种令牌，不是答复。",
        "forged": "不真实。签名不符：内容被改动过，或是伪造的。",
        "unknown_key": "无法核验。它所用的密钥不在手头的公钥中。请获取最新公钥；"
        "若仍没有，则该答复不真实。",
        "other_format": "无法核验。签名有效，但答复采用了更新的格式。请使用最新版本的核验程序。",
        "clock": "无法核验。按本机时钟，该答复来自未来。请校准时钟。",
        "test": "测试。由 {issuer} 签名，仅供试用：内容为虚构，与任何人无关。",
        "expired": "已失效。由 {issuer} 签名，但已过有效期。请重新询问。",
        "other_audience": "不是给您的。{issuer} 签发给了另一家机构。",
        "withdrawn": "已撤回。本人已收回同意。请勿使用并删除该答复。",
        "disputed": "有异议。本人认为答复有误，正在核查。在此期间请勿据此作任何决定。",
        "corrected": "已更正。该答复有误。请勿使用，请重新询问。",
        "status_unreadable": "无法核验。状态列表已损坏，或不是由手头的密钥签名。",
        "status_of_another": "无法核验。这是其他答复的状态列表；该答复需要 {status_list}",
        "status_old": "无法核验。状态列表太旧。请重新获取 {status_list}",
        "audience": "签发给",
        "number": "关于",
        "number_is": "尾号为 {last_two} 的手机号码；是号码，不是人",
        "period": "日期",
        "period_is": "{first} 至 {last}（{days} 天）",
        "question": "问题",
        "visited_any": "该手机是否在下列任一地点停留 {hours} 小时以上：{places}？",
        "stayed_only_in": "除下列地点外，该手机是否未在别处停留 {hours} 小时以上：{places}？",
        "itinerary": "该手机在哪些地方停留 {hours} 小时以上？",
        "answer": "答复",
        "YES": "是",
        "NO": "否",
        "CANNOT_TELL": "无法判断。这不表示任何倾向。",
        "LISTED": "{count} 个地点：",
        "or": "或",
        "seen": "数据",
        "seen_is": "{days} 天中 {with_data} 天有数据，其中 {covered} 天较完整，共 {hours} 小时；"
        "数据截至 {through}",
        "no_through": "这些日子之前",
        "rule": "规则",
        "rule_is": "第 {version} 版，停留 {hours} 小时以上",
        "issued": "签发",
        "issued_is": "{issued}，有效至 {expires}（UTC）",
        "references": "编号",
        "references_are": "答复 {id}，同意 {consent}，日志 {entry}，随机数 {nonce}",
        "stands": "截至 {as_of}（UTC）未撤回，也无异议。",
        "status_unchecked": "未核验：此后是否撤回或有异议。需要状态列表：{status_list}",
        "holder_unchecked": "未核验：手机是谁的。请与面前之人的号码核对末两位。",
        "audience_unchecked": "未核验：是否签发给您。若您不是 {audience}，则与您无关。",
        "title": "核验答复",
        "lead": "有人向您出示本服务签名的答复。粘贴在此，即可查看是否真实、内容为何、"
        "是否仍然有效。",
        "field": "答复文本",
        "hint": "以 ey 开头，含两个点。只核验，不保存。",
        "button": "核验",
        "empty": "请先粘贴答复。",
        "result": "结果",
        "offline": "不用本页：python -m verification.check，公钥在",
        "back": "再核验一个",
        "switch": "English",
        "switch_label": "Show in English",
    },
}


def language_of(*wanted: str) -> str:
    """`en` or `zh`: the first of the wanted languages that there is."""
    for tag in wanted:
        if tag[:2] in WORDS:
            return tag[:2]
    return "en"
