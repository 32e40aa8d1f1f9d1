"""Who lives in the demo. Their fortnight repeats, so that the story never leaves the window.

Day 0 of a fortnight is the day two weeks before the demo was first started (`demo.fortnight`); on
that first day the answers tell each story from its beginning to its end.
"""

from dataclasses import dataclass

from demo.places import (
    BANGKOK,
    CHANGSHA,
    CHENGDU,
    CHENZHOU,
    GUANGZHOU,
    HANGZHOU,
    HARBIN,
    HENGYANG,
    HUAQIAO,
    KUNMING,
    NANJING,
    QINGDAO,
    ROUND,
    SHANGHAI,
    SHAOGUAN,
    WUHAN,
    XIAMEN,
    XIAN,
    XISHUANGBANNA,
    Place,
)


@dataclass(frozen=True, slots=True)
class Leg:
    """From `hour` (local) of `day` (0 to 13) of the fortnight the phone is at `place`.

    `place` None means that the phone is off, or in the air.
    """

    day: int
    hour: float
    place: Place | None


@dataclass(frozen=True, slots=True)
class Sim:
    """A SIM and what its holder did. `first_day` and `end_day` are counted from the first start of
    the demo (-6: six days before it); None means long ago, and not yet."""

    imsi: str
    legs: tuple[Leg, ...]
    first_day: int | None = None
    end_day: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A phone of the simulator and the SIMs its number has had, the present one last."""

    key: str
    number: str
    label_en: str
    label_zh: str
    sims: tuple[Sim, ...]


def at_home(place: Place) -> tuple[Leg, ...]:
    return (Leg(0, 0, place),)


def delivery_round() -> tuple[Leg, ...]:
    """A new city every night and another one every midday."""
    legs = [Leg(0, 0, ROUND[0])]
    for day in range(14):
        midday, night = ROUND[2 * day + 1], ROUND[(2 * day + 2) % len(ROUND)]
        legs += [Leg(day, 8, None), Leg(day, 9, midday), Leg(day, 17, None), Leg(day, 18, night)]
    return tuple(legs)


MEI = Person(
    "mei",
    "+8615400000101",
    "Mei: stayed at home",
    "小梅：一直在家",
    (Sim("460001540000101", at_home(HANGZHOU)),),
)
JUN = Person(
    "jun",
    "+8615400000102",
    "Jun: travelled to three cities",
    "阿俊：去了三座城市",
    (
        Sim(
            "460001540000102",
            (
                Leg(0, 0, SHANGHAI),
                Leg(3, 9, NANJING),
                Leg(5, 13, None),
                Leg(5, 16, WUHAN),
                Leg(8, 9, None),
                Leg(8, 11, CHANGSHA),
                Leg(10, 14, None),
                Leg(10, 18, SHANGHAI),
            ),
        ),
    ),
)
LAN = Person(
    "lan",
    "+8615400000103",
    "Lan: lives where two cities meet",
    "小岚：住在两市交界处",
    (Sim("460001540000103", at_home(HUAQIAO)),),
)
BO = Person(
    "bo",
    "+8615400000104",
    "Bo: drove through cities without staying",
    "阿博：开车路过几座城市",
    (
        Sim(
            "460001540000104",
            (
                Leg(0, 0, GUANGZHOU),
                Leg(6, 8, None),
                Leg(6, 10, SHAOGUAN),
                Leg(6, 11.5, CHENZHOU),
                Leg(6, 13, HENGYANG),
                Leg(6, 15, CHANGSHA),
                Leg(9, 9, HENGYANG),
                Leg(9, 11, CHENZHOU),
                Leg(9, 12.5, SHAOGUAN),
                Leg(9, 14, None),
                Leg(9, 16, GUANGZHOU),
            ),
        ),
    ),
)
FANG = Person(
    "fang",
    "+8615400000105",
    "Fang: phone was off for days",
    "小芳：手机关了几天",
    (
        Sim(
            "460001540000105",
            (Leg(0, 0, CHENGDU), Leg(4, 21, None), Leg(9, 9, CHENGDU)),
        ),
    ),
)
YAN = Person(
    "yan",
    "+8615400000106",
    "Yan: flew to Bangkok",
    "小燕：去了曼谷",
    (
        Sim(
            "460001540000106",
            (
                Leg(0, 0, KUNMING),
                Leg(2, 10, XISHUANGBANNA),
                Leg(4, 11, None),
                Leg(4, 15, BANGKOK),
                Leg(9, 12, None),
                Leg(9, 16, KUNMING),
            ),
        ),
    ),
)
GANG = Person(
    "gang",
    "+8615400000107",
    "Gang: drives a delivery van, two cities a day",
    "阿刚：开货车，一天两座城市",
    (Sim("460001540000107", delivery_round()),),
)
NING = Person(
    "ning",
    "+8615400000108",
    "Ning: got someone's old number last week",
    "小宁：上周办的二手号码",
    (
        Sim("460001540000118", at_home(HARBIN), end_day=-6),
        Sim("460001540000108", at_home(XIAN), first_day=-5),
    ),
)
TAO = Person(
    "tao",
    "+8615400000109",
    "Tao: changes his mind",
    "阿涛：改变了主意",
    (Sim("460001540000109", at_home(XIAMEN)),),
)
WEI = Person(
    "wei",
    "+8615400000110",
    "Wei: wants everything erased",
    "小伟：要求删除全部数据",
    (Sim("460001540000110", at_home(QINGDAO)),),
)
NOBODY = Person(
    "nobody",
    "+8615400000111",
    "A number nobody has",
    "没有开户的号码",
    (),
)

PEOPLE = (MEI, JUN, LAN, BO, FANG, YAN, GANG, NING, TAO, WEI, NOBODY)

#: The phones offered in the browser.
SANDBOX_PHONES = [
    {"number": person.number, "label_en": person.label_en, "label_zh": person.label_zh}
    for person in PEOPLE
]
