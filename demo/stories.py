"""The scripted conversations: one story for each person of the demo."""

import re
from collections.abc import Callable

from core import catalogue
from demo import expected, people, questions
from demo.checks import check_answer
from demo.conversation import Conversation, WrongReplyError, segment_count, template_pattern
from demo.people import Person
from demo.places import CHANGSHA

NOTICE_SEGMENTS = 3
DAYS = 14
#: The city in which somebody turns out not to have been.
CONTESTED = CHANGSHA


def notice(talk: Conversation, body: str) -> str:
    """Ask; what comes is the notice. Gives its code."""
    found = talk.ask(body, "notice.self", days=DAYS)
    if segment_count(talk.lines[-1].body) > NOTICE_SEGMENTS:
        raise WrongReplyError(f"the notice takes more than {NOTICE_SEGMENTS} segments")
    return found["code"]


def answer(talk: Conversation, body: str, more: str = "MORE") -> None:
    """Text something that is answered with the cities; all of the answer is read and checked."""
    talk.say(body)
    pages = [talk.hear_answer()]
    while pages[-1].endswith(catalogue.render(talk.locale, "answer.more")):
        talk.say(more)
        pages.append(talk.hear_answer())
    demanded = expected.answer(talk.person, talk.today, talk.first_start)
    for day in talk.left_out_on:
        then = expected.answer(talk.person, day, talk.first_start)
        demanded = expected.without(demanded, CONTESTED, then)
    try:
        check_answer(pages, demanded, talk.today, talk.locale)
    except WrongReplyError as wrong:
        said = "\n".join(pages)
        raise WrongReplyError(f"after {body!r}: {wrong}\n  it said: {said}") from None


def consents(talk: Conversation, body: str) -> None:
    """Text LIST; exactly the one consent to one's own question must stand there."""
    own = catalogue.render(talk.locale, "list.self")
    listed(talk, body, "list", [template_pattern(talk.locale, "list.line", {"n": 1, "what": own})])


def log(talk: Conversation, body: str, times: int) -> None:
    """Text LOG; this person must have been answered exactly so often in this run.

    Accesses of earlier runs follow: the log forgets nothing.
    """
    who = catalogue.render(talk.locale, "log.who_self")
    what = catalogue.render(talk.locale, "log.what_self")
    look = template_pattern(talk.locale, "log.look", {"who": who, "what": what}).pattern
    rows = [re.compile(rf"{n}\. {look}") for n in range(1, times + 1)]
    listed(talk, body, "log", rows, at_least=talk.is_used)


def listed(
    talk: Conversation,
    body: str,
    key: str,
    rows: list[re.Pattern[str]],
    *,
    at_least: bool = False,
) -> None:
    """Text something that is answered by a list: a head, a line for each of `rows`, a foot."""
    head, foot = (template_pattern(talk.locale, f"{key}.{part}", {}) for part in ("head", "foot"))

    def check(text: str) -> None:
        *lines, last = text.split("\n")
        patterns = [head, *rows, foot]
        if at_least:
            del lines[len(rows) + 1 :]
        if len(lines) + 1 != len(patterns):
            raise WrongReplyError(f"the reply should have {len(patterns)} lines")
        for line, pattern in zip([*lines, last], patterns, strict=True):
            if pattern.fullmatch(line) is None:
                raise WrongReplyError(f"this line is not what it should be: {line}")

    talk.say(body)
    talk.hear(check)


def stayed_at_home(talk: Conversation) -> None:
    talk.ask("HELP", "help.all")
    talk.ask("Where was I?", "other.hint")
    talk.ask("tripp", "other.did_you_mean", word="TRIP")
    code = notice(talk, "TRIP")
    talk.ask("YES", "grant.yes")
    talk.ask(f"OK {other_code(code)}", "grant.wrong_code")
    answer(talk, f"ok {code}")
    talk.ask(f"OK {code}", "grant.already")
    log(talk, "LOG", times=1)
    questions.by_number_then_dropped(talk)


def travelled(talk: Conversation) -> None:
    answer(talk, f"OK {notice(talk, 'Trip')}")
    talk.remark("(with a live consent TRIP is answered at once)")
    answer(talk, "TRIP")
    consents(talk, "LIST")
    log(talk, "LOG", times=2)
    talk.ask("DROP 1", "drop.done", n=1)
    talk.ask("LIST", "list.none")
    code = notice(talk, "TRIP")
    talk.ask(f"NO {code}", "refuse.done")
    talk.ask(f"OK {code}", "grant.expired")


def at_the_border(talk: Conversation) -> None:
    answer(talk, f"OK {notice(talk, '行程')}")
    log(talk, "记录", times=1)
    questions.visit_contested(talk)


def passed_through(talk: Conversation) -> None:
    code = notice(talk, "trip")
    answer(talk, f"OK {code[:3]} {code[3:]}")
    questions.visit_left_out(talk, CONTESTED, questions.invited(talk))
    answer(talk, "TRIP")


def phone_was_off(talk: Conversation) -> None:
    answer(talk, f"OK {notice(talk, 'TRIP')}")
    talk.ask("PAUSE", "pause.done")
    talk.ask("START", "start.resumed")
    questions.not_answered(talk)


def flew_abroad(talk: Conversation) -> None:
    code = notice(talk, "查询漫游地")
    talk.ask("是", "grant.yes")
    answer(talk, f"同意 {code}")
    consents(talk, "授权")
    talk.ask("撤销 1", "drop.done", n=1)
    questions.asked_in_chinese_then_stopped(talk)


def drove_all_fortnight(talk: Conversation) -> None:
    answer(talk, f"OK{notice(talk, 'CXMYD')}", more="更多")
    talk.ask("更多", "answer.nothing_more")


def got_an_old_number(talk: Conversation) -> None:
    answer(talk, f"OK {notice(talk, 'TRIP')}")
    talk.locale = "zh"
    talk.ask("LANG ZH", "lang.done")
    answer(talk, "行程")
    talk.locale = "en"
    talk.ask("LANG EN", "lang.done")
    questions.refused(talk)


def changed_his_mind(talk: Conversation) -> None:
    answer(talk, f"OK {notice(talk, 'TRIP')}")
    talk.ask("STOP", "stop.done")
    talk.say("TRIP")
    talk.silence_then("START", "start.done")
    talk.ask("LIST", "list.none")
    code = notice(talk, "TRIP")
    talk.ask(code, "grant.bare_code")
    talk.ask("no", "refuse.done")
    questions.stopped_before_release(talk)


def wanted_everything_erased(talk: Conversation) -> None:
    code = notice(talk, "TRIP")
    if talk.was_erased:
        talk.remark("(an earlier run has erased this phone's data: loading files does not undo it)")
        talk.ask(f"OK {code}", "answer.no_data")
    else:
        answer(talk, f"OK {code}")
    erase = talk.ask("ERASE", "erase.ask")["code"]
    talk.ask(f"ERASE {other_code(erase)}", "erase.wrong_code")
    talk.ask(f"ERASE {erase}", "erase.done")
    talk.ask(f"OK {notice(talk, 'TRIP')}", "answer.no_data")


def has_no_subscription(talk: Conversation) -> None:
    talk.ask(f"OK {notice(talk, 'TRIP')}", "answer.no_data")
    questions.nobody_there(talk)


def other_code(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


Story = Callable[[Conversation], None]

#: Who, in which language, and what happens.
STORIES: tuple[tuple[Person, str, Story], ...] = (
    (people.MEI, "en", stayed_at_home),
    (people.JUN, "en", travelled),
    (people.LAN, "zh", at_the_border),
    (people.BO, "en", passed_through),
    (people.FANG, "en", phone_was_off),
    (people.YAN, "zh", flew_abroad),
    (people.GANG, "zh", drove_all_fortnight),
    (people.NING, "en", got_an_old_number),
    (people.TAO, "en", changed_his_mind),
    (people.WEI, "en", wanted_everything_erased),
    (people.NOBODY, "en", has_no_subscription),
)
