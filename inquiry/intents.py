"""What a text can mean. One small type each, so that acting on one needs what it carries."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Trip:
    """A person asks about themselves; where it is asked for, with the last four characters of
    their ID, upper case."""

    id_last4: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """OK with a code: the only text that can agree to anything."""

    code: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """NO, with or without the code of a question."""

    code: str | None


@dataclass(frozen=True, slots=True)
class More:
    """The rest of the last answer."""


@dataclass(frozen=True, slots=True)
class ListConsents:
    """The consents in force, numbered."""


@dataclass(frozen=True, slots=True)
class Drop:
    """End one numbered consent; None when the number is missing."""

    number: int | None


@dataclass(frozen=True, slots=True)
class ShowLog:
    """Who looked; with a number, one line of that in full."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A code to hand to one organisation."""


@dataclass(frozen=True, slots=True)
class Block:
    """No more questions of the organisation in one numbered line; without a number, who is
    blocked."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Unblock:
    """Take one numbered block back; None when the number is missing."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Pause:
    """No organisation's questions for a while."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a reference is ours; empty when it is missing or has another form."""

    reference: str


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """Another language; None when the text names none that we speak."""

    locale: str | None


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase everything; without a code it asks for one."""

    code: str | None


@dataclass(frozen=True, slots=True)
class Help:
    """All words."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End everything."""


@dataclass(frozen=True, slots=True)
class Start:
    """Come back after STOP."""


@dataclass(frozen=True, slots=True)
class GrantWithoutCode:
    """OK, but not with six digits and nothing else."""


@dataclass(frozen=True, slots=True)
class BareCode:
    """Six digits and no word."""


@dataclass(frozen=True, slots=True)
class Yes:
    """YES grants nothing: it re-subscribes at some providers."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A numbered visit of the last answer is wrong; without a number, which visits there are."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing that can be read as a text."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not understood; `near` is the command it resembles, if any. Never acted on."""

    near: str | None


Intent = (
    Trip | Grant | Refuse | More | ListConsents | Drop | ShowLog | ChooseLanguage | Erase | Help
    | Stop | Start | GrantWithoutCode | BareCode | Yes | Empty | Unknown
    | Share | Wrong | Block | Unblock | Pause | Check
)  # fmt: skip
