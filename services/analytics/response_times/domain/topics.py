"""What is asked about, and which topics to write about: what several wait for an answer to."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

#: Topics that somebody is to write about.
TO_WRITE_MAX_COUNT: Final = 3
#: Who alone waits for an answer is to get one; what more wait for is worth writing down.
WAITING_MIN_COUNT: Final = 2


class Topic(NamedTuple):
    """Questions about a topic, and who asked; `waiting` are those without an answer. Empty: no topic is said."""

    topic: str
    asked: int
    unanswered: int
    askers: int
    waiting: int


class Topics(NamedTuple):
    """Topics, those with most unanswered questions first; what all others come to; what to write about."""

    shown: Sequence[Topic]
    others_asked: int
    others_unanswered: int
    to_write: Sequence[Topic]


def topics_of(found: Iterable[Topic], *, limit_count: int) -> Topics:
    """The largest of these topics, at most so many, and those to write about: for whom most members wait."""
    ordered = sorted(found, key=lambda one: (-one.unanswered, -one.asked, one.topic))
    rest = ordered[limit_count:]
    waited_for = [one for one in ordered if one.topic and one.waiting >= WAITING_MIN_COUNT]
    to_write = sorted(waited_for, key=lambda one: (-one.waiting, -one.unanswered, one.topic))[:TO_WRITE_MAX_COUNT]
    return Topics(
        ordered[:limit_count], sum(one.asked for one in rest), sum(one.unanswered for one in rest), to_write
    )
