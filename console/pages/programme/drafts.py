"""A programme that somebody is writing: its problems where they stand, how one is mended, and when it starts."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

EXCERPT_MAX_CHARS = 120
#: What scoring says of a name that nearly exists: what was written, and what was meant.
_MEANT: Final = re.compile(r"`([^`]+)`.*did you mean `([^`]+)`\?")
_WORD: Final = re.compile(r"[\w.]+|\S")

#: What stands in the editor before there is a programme.
BEGINNING: Final = """\
# What this community thanks its members for.
programme: {programme}
title: {title}
description: ""

rules:
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    points: 3
    daily_cap: 30
"""


class Mending(NamedTuple):
    """What to put in place of what, at the line (from 1) where it stands."""

    line: int
    wrong: str
    right: str

    def of(self, text: str) -> str:
        """The text mended; as it is where the line does not have what is wrong."""
        lines = text.split("\n")
        if not 1 <= self.line <= len(lines) or not self.wrong:
            return text
        lines[self.line - 1] = lines[self.line - 1].replace(self.wrong, self.right, 1)
        return "\n".join(lines)

    def said(self) -> str:
        """As a form's button says it."""
        return f"{self.line}:{self.wrong}:{self.right}"


@dataclass(frozen=True)
class Problem:
    """A mistake or a warning: where it is, what is said of it, and its line around the place.

    `length` is how many characters there are wrong, as far as that is known.
    """

    line: int
    column: int
    detail: str
    before: str
    wrong: str
    after: str
    mending: Mending | None

    @property
    def length(self) -> int:
        """Of what is wrong, in characters."""
        return max(1, len(self.wrong))


def problems(errors: Iterable[Mapping[str, Any]], text: str) -> list[Problem]:
    """What scoring says of a text, in the order of its lines."""
    lines = text.split("\n")
    return list(_problems(errors, lines))


def _problems(errors: Iterable[Mapping[str, Any]], lines: list[str]) -> Iterator[Problem]:
    for error in errors:
        number, column = int(error.get("line") or 1), int(error.get("column") or 1)
        line = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
        found = _WORD.match(line, column - 1)
        wrong = found[0] if found else ""
        rest = line[column - 1 + len(wrong) :]
        yield Problem(
            number,
            column,
            str(error["detail"]),
            line[max(0, column - 1 - EXCERPT_MAX_CHARS) : column - 1].lstrip(),
            wrong[:EXCERPT_MAX_CHARS],
            rest[:EXCERPT_MAX_CHARS],
            _mending(number, line, str(error["detail"])),
        )


def _mending(number: int, line: str, detail: str) -> Mending | None:
    meant = _MEANT.search(detail)
    if meant is None:
        return None
    wrong, right = meant[1], meant[2]
    if "." in wrong and "." not in right:
        right = f"{wrong.rpartition('.')[0]}.{right}"
    return Mending(number, wrong, right) if wrong in line else None


def read_mending(said: str) -> Mending | None:
    """What a button says; None for what is no mending."""
    line, _, rest = said.partition(":")
    wrong, _, right = rest.partition(":")
    if not re.fullmatch(r"\d{1,6}", line) or not wrong or not right:
        return None
    return Mending(int(line), wrong, right)


def starts_at(said: str, zone: ZoneInfo) -> datetime | None:
    """When a version shall start, as a form says it in a time zone; None for what is no time."""
    try:
        found = datetime.fromisoformat(said.strip())
        return found.replace(tzinfo=zone).astimezone(UTC) if found.tzinfo is None else None
    except (ValueError, OverflowError):
        return None
