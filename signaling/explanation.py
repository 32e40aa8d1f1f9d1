"""The rule in words, from its parameters: what is said cannot differ from what is done."""

from signaling.rule import HOUR_MS, MINUTE_MS, VERSION, Parameters


def duration(milliseconds: int) -> str:
    hours, minutes = divmod(milliseconds // MINUTE_MS, HOUR_MS // MINUTE_MS)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts) or f"{milliseconds} ms"


def explain(p: Parameters) -> str:
    """Version, sentences and parameters, as text of lines up to 100 characters."""
    sentences = [
        "A network event has a time and a cell; the cell's range lies in a city. A cell that is not"
        " known counts as the country of its network, and only on days (24 h, UTC) on which no city"
        " of that country was heard.",
        "Events at the same place one after the other are a run. A silence of more than"
        f" {duration(p.max_silence)} ends a run.",
        "A run elsewhere is dropped when it could not have been reached from the run before, nor"
        f" the run after it from there, at {p.max_speed} km/h, and is the shortest of the three.",
        "A cell that reaches over a boundary cannot tell on which side of it the phone was. All"
        f" such cells over one boundary are taken together: {p.near_percent} % of the time of the"
        f" runs that began within {duration(p.near_window)} on one side decide for it; else"
        f" {p.wide_percent} % of those within {duration(p.wide_window)}, when the nearer ones do"
        f" not say otherwise. {duration(p.alone)} on one side without a break decide by themselves."
        ' What neither decides is answered "A or B", the likelier first.',
        "Nobody is seen at the moment of crossing a boundary: a presence is extended by half of the"
        f" gap to the one before and after it, at most by one part in {p.padding_part} of its own"
        f" length, but {duration(p.padding)} are always allowed and never more than"
        f" {duration(p.max_padding)}. Nothing is added before the first or after the last event.",
        f"An absence of at most {duration(p.max_absence)} is bridged when it is not longer than the"
        " presences before and after it on average.",
        "What lies wholly inside a stay elsewhere is dropped.",
        f"A stay of at least {duration(p.minimum_stay)} inside the window is a visit; a shorter one"
        " is transit.",
    ]
    numbered = [_wrapped(f"{n}. {text}") for n, text in enumerate(sentences, 1)]
    return "\n".join([f"Rule {VERSION}", "", *numbered])


def _wrapped(text: str, width: int = 100) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = f"   {word}"
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])
