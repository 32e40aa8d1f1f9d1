"""Runs the scripted conversations against a running demo, prints them, and judges every reply."""

import sys
import textwrap
import unicodedata
import urllib.error
from concurrent.futures import ThreadPoolExecutor

from demo import employers, fortnight
from demo.asking import Software
from demo.conversation import Conversation, Line, WrongReplyError, segment_count
from demo.phone import phones
from demo.stories import STORIES, Story
from travelcheck.stack.folders import local_folder

AT_ONCE = 4  # conversations at a time
WIDTH = 76  # columns of a text


def run(base_url: str) -> int:
    """Hold all conversations with the service at `base_url`; 0 when every reply was right."""
    today, first_start = fortnight.today(), fortnight.anchor(local_folder() / "demo")
    offered = phones(base_url)
    given = employers.kept()
    software = {one.name: Software(base_url, one, given[one.name]) for one in employers.EMPLOYERS}
    talks = [
        (Conversation(person, offered[person.number], today, first_start, locale, software), story)
        for person, locale, story in STORIES
    ]
    print(f"\n{len(talks)} phones text the service, and two employers ask. All of it is invented.")
    problems = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (talk, _), problem in zip(talks, pool.map(hold, talks), strict=True):
            print("\n".join(written(talk)), flush=True)
            if problem:
                problems.append(f"{talk.person.label_en}: {problem}")
                print(f"\n  WRONG: {problem}", flush=True)
    if fortnight.today() != today:
        print("\nMidnight passed meanwhile; dates may differ. Please run it again.")
    for problem in problems:
        print(f"\nWRONG REPLY. {problem}", file=sys.stderr)
    if not problems:
        texts = sum(line.who == "service" for talk, _ in talks for line in talk.lines)
        print(f"\nAll {texts} replies are as they should be.")
    return 1 if problems else 0


def hold(talk_and_story: tuple[Conversation, Story]) -> str:
    """Hold one conversation to its end or its first wrong reply, which is returned."""
    talk, story = talk_and_story
    try:
        talk.begin()
        story(talk)
    except WrongReplyError as wrong:
        return str(wrong)
    except (urllib.error.URLError, OSError) as error:
        return f"the service could not be reached ({error})"
    return ""


def written(talk: Conversation) -> list[str]:
    """A conversation as lines for the terminal."""
    title = f"{talk.person.label_en}  ·  {talk.person.label_zh}"
    lines = ["", f"── {title} " + "─" * max(0, WIDTH + 19 - columns(title))]
    for line in talk.lines:
        lines += written_line(line)
    return lines


def written_line(line: Line) -> list[str]:
    if line.at is None:
        return [f"  {line.body}"]
    count = segment_count(line.body)
    size = f"  [{count} segment{'s' if count > 1 else ''}]" if line.who == "service" else ""
    rows = [row for part in line.body.split("\n") for row in wrapped(part, WIDTH)]
    first, *rest = rows or [""]
    if rest:
        rest[-1] += size
    else:
        first += size
    mark = "<" if line.who == "service" else ">"
    head = f"  {line.at:%H:%M:%S} {line.who:<8} {mark} "
    return [head + first, *(" " * len(head) + row for row in rest)]


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns; Chinese may break after any character."""
    if text.isascii():
        return textwrap.wrap(text, width) or [""]
    rows = [""]
    for character in text:
        if columns(rows[-1] + character) > width:
            rows.append("")
        rows[-1] += character
    return rows


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
