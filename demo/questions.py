"""What employers ask in the scripted conversations, and what becomes of it on both sides."""

import re
import time

from core import catalogue
from core.roles import WEB
from demo.asking import Asked, Software, said
from demo.checks import called
from demo.conversation import Conversation, WrongReplyError, template_pattern
from demo.employers import HARBOUR, LANTERN, Employer
from demo.fortnight import ZONE
from demo.load import run
from demo.places import CHENGDU, HANGZHOU, SHAOGUAN, XIAMEN, XIAN, Place
from travelcheck.stack.folders import StackError
from verification.wording import worded

THAILAND = "TH"
LIST_PATIENCE = 120.0  # seconds: the list of answers that do not stand is signed every minute


class Question:
    """One question of an employer about the person of a conversation.

    `code`: that of the notice. Empty where the person is not bothered: a number nobody has, or one
    that was asked within a day. The employer sees the same as always.
    """

    def __init__(self, talk: Conversation, employer: Employer, question: str, place: str) -> None:
        self.talk, self.employer, self.name, self.place = talk, employer, question, place
        self.software: Software = talk.employers[employer.name]
        self.code = self.token = ""
        self.request: Asked

    def ask(self, **whom: str) -> bool:
        """Ask by `number` or `code`; whether the person got the notice."""
        reference = self.talk.person.key
        is_welcome = self.software.is_welcome(reference, self.talk.today)
        self.request = self.software.ask(reference, self.name, [self.place], **whom)
        self.talk.employer_does(f"{self.employer.name} asks {self.name} {self.place}")
        if not self.talk.person.sims or not is_welcome:
            self.talk.remark("(no text: nobody has the number, or it was asked within a day)")
            self.see("open")
            return False
        self.code = self.talk.expect(f"notice.{self.name}", asker=self.employer.name)["code"]
        return True

    def see(self, state: str) -> None:
        """The employer looks at its request: this must be all that it sees."""
        seen = self.software.look(self.request)
        closes = f"{seen.closes_at.astimezone(ZONE):%d %b %H:%M}"
        until = f"; 'not_released' from {closes} on" if state == "open" else ""
        self.talk.employer_does(f"{self.employer.name} sees '{seen.state}'{until}")
        if seen.state != state:
            raise WrongReplyError(f"{self.employer.name} should see {state!r}")
        if state != "answered" and self.software.token(self.request) is not None:
            raise WrongReplyError(f"{self.employer.name} can read an answer it should not have")

    def agree(self, word: str, value: str) -> None:
        """The person agrees; the employer gets a signed answer, and checks it."""
        self.talk.say(f"{word} {self.code}")
        receipt = self.talk.hear_answer()
        key = template_pattern(self.talk.locale, "receipt.asker", {"asker": self.employer.name})
        if key.fullmatch(receipt) is None:
            raise WrongReplyError(f"this should be the receipt: {receipt}")
        self.see("answered")
        self.token = self.software.token(self.request) or ""
        report = self.software.check(self.token)
        shown = worded(report, "en", audience_known=True)
        self.talk.employer_does(shown.finding)
        for row in shown.rows:
            if row.is_answer or row.text.startswith("Was the phone"):
                self.talk.employer_does(f"{row.label}: {row.text}")
        statement = said(report)
        if statement is None or statement.answer != value:
            found = statement.answer if statement else report.finding
            raise WrongReplyError(f"the answer should be genuine and {value}; it is {found}")

    def is_marked(self, finding: str) -> None:
        """The answer given is marked in the list of its day, which is signed every minute."""
        deadline = time.monotonic() + LIST_PATIENCE
        while (found := self.software.finds_now(self.token)) != finding:
            if time.monotonic() > deadline:
                raise WrongReplyError(f"the answer given should be {finding!r}; it is {found!r}")
            time.sleep(1)
        self.talk.employer_does(f"{self.employer.name} checks its answer again: {finding}")


def by_number_then_dropped(talk: Conversation) -> None:
    """Answered, and taken back: who has the answer is told to delete it."""
    question = Question(talk, HARBOUR, "stayed_only_in", HANGZHOU.code)
    if question.ask(number=talk.person.number):
        question.agree("OK", "YES")
        talk.say("LIST")
        handed = catalogue.render(talk.locale, "question.stayed_only_in")
        line = template_pattern(
            talk.locale, "list.handed", {"who": HARBOUR.name, "question": handed}
        )
        last = find_line(talk, "list", line.pattern)
        talk.ask(f"DROP {last}", "drop.recalled", n=last, who=HARBOUR.name)
        question.see("withdrawn")
    talk.say("LOG")
    template = template_pattern(talk.locale, "log.look", {"who": HARBOUR.name}).pattern
    find_line(talk, "log", rf"\d+\. {template}")


def find_line(talk: Conversation, what: str, pattern: str) -> int:
    """The next text must be a list with this line; its number."""
    text = talk.hear(lambda text: None)
    for line in text.split("\n"):
        if re.fullmatch(pattern, line):
            return int(line.partition(".")[0])
    raise WrongReplyError(f"the {what} has no such line as it should: {text}")


def invited(talk: Conversation) -> Question:
    """The person hands a code over; the employer never holds the number."""
    code = talk.ask("SHARE", "share.code")["code"]
    question = Question(talk, LANTERN, "visited_any", SHAOGUAN.code)
    if question.ask(code=code):
        question.agree("OK", "NO")
    return question


def asked_in_chinese_then_stopped(talk: Conversation) -> None:
    question = Question(talk, HARBOUR, "visited_any", THAILAND)
    if question.ask(number=talk.person.number):
        question.agree("同意", "YES")
        talk.ask("退订", "stop.done")
        question.see("withdrawn")


def refused(talk: Conversation) -> None:
    question = Question(talk, HARBOUR, "visited_any", XIAN.code)
    if question.ask(number=talk.person.number):
        talk.ask(f"NO {question.code}", "refuse.asker", who=HARBOUR.name)
        question.see("open")


def not_answered(talk: Conversation) -> None:
    question = Question(talk, HARBOUR, "stayed_only_in", CHENGDU.code)
    if question.ask(number=talk.person.number):
        talk.remark("(no reply, which means no)")
        question.see("open")


def nobody_there(talk: Conversation) -> None:
    Question(talk, HARBOUR, "visited_any", XIAN.code).ask(number=talk.person.number)


def stopped_before_release(talk: Conversation) -> None:
    """STOP right behind the OK. The answer waits for the log's checkpoint, so nearly always nothing
    was handed over yet; where it was, the employer is told to delete it."""
    code = talk.ask("SHARE", "share.code")["code"]
    question = Question(talk, LANTERN, "visited_any", XIAMEN.code)
    if not question.ask(code=code):
        return
    talk.say(f"OK {question.code}")
    talk.say("STOP")
    stopped = catalogue.render(talk.locale, "stop.done")
    is_given = talk.hear_answer() != stopped
    if is_given:
        talk.hear(lambda text: None)
    if talk.lines[-1].body != stopped:
        raise WrongReplyError("STOP should be confirmed")
    question.see("withdrawn" if is_given else "open")


def visit_contested(talk: Conversation) -> None:
    """The one visit of the last answer is said to be wrong; an operator may look at it."""
    visits_told(talk, "有误")
    contest(talk, "有误 1", "同意")
    talk.remark("(the operator finds it under /operations/disputes/)")


def visit_left_out(talk: Conversation, place: Place, given: Question) -> None:
    """A visit is said to be wrong, and an operator finds that it was: it leaves the answers, and
    the answer that an employer has is marked."""
    numbers = [n for n, visit in visits_told(talk, "WRONG") if visit == called(place, talk.locale)]
    for n in numbers:
        contest(talk, f"WRONG {n}", "OK")
        talk.remark("(the operator looks at that one visit, and decides)")
        try:
            run(WEB, "demo.deciding", place.code, progress=lambda line: None)
        except StackError as error:
            raise WrongReplyError(f"the operator could not decide ({error})") from None
        talk.expect("dispute.dropped")
        talk.left_out_on.append(talk.today)
    if numbers and given.token:
        given.is_marked("corrected")


def visits_told(talk: Conversation, word: str) -> list[tuple[int, str]]:
    """The visits of the last answer: number and place."""
    talk.say(word)
    head, *lines, _ = talk.hear(lambda text: None).split("\n")
    line = template_pattern(talk.locale, "dispute.list_line", {})
    found = [line.fullmatch(text) for text in lines]
    if head != catalogue.render(talk.locale, "dispute.list_head") or not all(found):
        raise WrongReplyError("the visits of the last answer should be listed")
    return [(int(match["n"]), match["visit"]) for match in found if match]


def contest(talk: Conversation, which: str, word: str) -> None:
    """Say that a visit is wrong, and agree that it is looked at."""
    code = talk.ask(which, "notice.visit")["code"]
    talk.say(f"{word} {code}")
    opened = talk.hear_answer()
    if template_pattern(talk.locale, "dispute.opened", {}).fullmatch(opened) is None:
        raise WrongReplyError(f"the case should be open: {opened}")
