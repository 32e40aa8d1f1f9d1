"""The places of the demo's journeys: cities of the bundled gazetteer, with invented cells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone can be: one city, or the boundary of two (`beyond` is the other one).

    `code`, `en` and `zh` are the gazetteer's. `at` is (longitude, latitude) of the cells; None
    means somewhere inside the city. `across` is the same on the other side of a boundary.
    """

    code: str
    en: str
    zh: str
    at: tuple[float, float] | None = None
    beyond: "Place | None" = None

    @property
    def mcc(self) -> str:
        """Mobile country code of the network there (ITU-T E.212)."""
        return "520" if self.code.startswith("TH-") else "460"


HANGZHOU = Place("330100", "Hangzhou", "杭州")
SHANGHAI = Place("310000", "Shanghai", "上海")
NANJING = Place("320100", "Nanjing", "南京")
WUHAN = Place("420100", "Wuhan", "武汉")
CHANGSHA = Place("430100", "Changsha", "长沙")
GUANGZHOU = Place("440100", "Guangzhou", "广州")
SHAOGUAN = Place("440200", "Shaoguan", "韶关")
CHENZHOU = Place("431000", "Chenzhou", "郴州")
HENGYANG = Place("430400", "Hengyang", "衡阳")
CHENGDU = Place("510100", "Chengdu", "成都")
KUNMING = Place("530100", "Kunming", "昆明")
BANGKOK = Place("TH-1609350", "Bangkok", "曼谷")
XIAN = Place("610100", "Xi'an", "西安")
HARBIN = Place("230100", "Harbin", "哈尔滨")
QINGDAO = Place("370200", "Qingdao", "青岛")
XIAMEN = Place("350200", "Xiamen", "厦门")
# Xishuangbanna stands nowhere else in the project: a name that can be searched for.
XISHUANGBANNA = Place("532800", "Xishuangbanna", "西双版纳")

# The town of Huaqiao belongs to Suzhou; Shanghai begins at the end of its main street.
HUAQIAO = Place(
    "320500",
    "Suzhou",
    "苏州",
    at=(121.141, 31.295),
    beyond=Place("310000", "Shanghai", "上海", at=(121.163, 31.297)),
)

# A fortnight's round of a delivery driver: nights in the even ones, middays in the odd ones.
ROUND = (
    WUHAN,
    Place("420900", "Xiaogan", "孝感"),
    Place("411500", "Xinyang", "信阳"),
    Place("411700", "Zhumadian", "驻马店"),
    Place("411100", "Luohe", "漯河"),
    Place("411000", "Xuchang", "许昌"),
    Place("410100", "Zhengzhou", "郑州"),
    Place("410200", "Kaifeng", "开封"),
    Place("411400", "Shangqiu", "商丘"),
    Place("320300", "Xuzhou", "徐州"),
    Place("340300", "Bengbu", "蚌埠"),
    Place("340400", "Huainan", "淮南"),
    Place("340100", "Hefei", "合肥"),
    Place("341500", "Lu'an", "六安"),
    Place("340800", "Anqing", "安庆"),
    Place("341700", "Chizhou", "池州"),
    Place("340700", "Tongling", "铜陵"),
    Place("340200", "Wuhu", "芜湖"),
    Place("341800", "Xuancheng", "宣城"),
    Place("341000", "Huangshan", "黄山"),
    Place("360200", "Jingdezhen", "景德镇"),
    Place("360400", "Jiujiang", "九江"),
    Place("360100", "Nanchang", "南昌"),
    Place("360900", "Yichun (Jiangxi)", "宜春"),
    Place("360500", "Xinyu", "新余"),
    Place("360300", "Pingxiang", "萍乡"),
    CHANGSHA,
    Place("430600", "Yueyang", "岳阳"),
)

PLACES = tuple(
    {
        (place.code, place.at): place
        for place in (
            HANGZHOU,
            SHANGHAI,
            NANJING,
            WUHAN,
            CHANGSHA,
            GUANGZHOU,
            SHAOGUAN,
            CHENZHOU,
            HENGYANG,
            CHENGDU,
            KUNMING,
            BANGKOK,
            XIAN,
            HARBIN,
            QINGDAO,
            XIAMEN,
            XISHUANGBANNA,
            HUAQIAO,
            *ROUND,
        )
    }.values()
)
