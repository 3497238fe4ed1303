"""What a badge asks for, taken apart where it is of a usual kind, so that pages say it in words."""

import re
from typing import NamedTuple

_COUNTED = re.compile(
    r'(?P<kind>events|awards|score|streak|quest)\("(?P<id>[^"]+)"\) (?P<sign>>=?) (?P<number>\d+)'
)
_POINTS = re.compile(r"(?:earned_)?points (?P<sign>>=?) (?P<number>\d+)")
_AUDIENCE = re.compile(r'"(?P<id>[^"]+)" in audiences')


class BadgePart(NamedTuple):
    """One thing that is asked for: of what kind, of which id, and from which number on."""

    kind: str
    id: str = ""
    number: int = 1


def badge_part(text: str) -> BadgePart | None:
    """What a part of a badge's condition asks for; None for what is of no usual kind."""
    if found := _COUNTED.fullmatch(text):
        return BadgePart(found["kind"], found["id"], int(found["number"]) + (found["sign"] == ">"))
    if found := _POINTS.fullmatch(text):
        return BadgePart("points", number=int(found["number"]) + (found["sign"] == ">"))
    if found := _AUDIENCE.fullmatch(text):
        return BadgePart("audience", found["id"])
    return None
