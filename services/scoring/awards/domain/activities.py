"""Which events of a batch are scored, and of which it was said that they count or do not, in whatever order.

Each event is scored once: its mark is set and never cleared. Of what was said of it, taken back or restored, the
last by event time counts, then by id. Setting a mark tells what it was before, and that decides everything: a
second delivery changes nothing, and what was said before the event came is known when it comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from services.scoring.awards.domain.awards import EventKey
from services.scoring.limits.domain.claims import Word
from shared.contracts.activities import RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import AcceptedEvent


class Marks(NamedTuple):
    """Whether an event is scored, and the last that was said of it: what a batch says, or what was so before.

    Of a scored event its time is known (UTC); its awards are found by it.
    """

    scored: bool
    event_time: datetime | None
    word: Word | None

    @property
    def retracted(self) -> bool:
        """Whether it does not count."""
        return self.word is not None and self.word.is_retraction


UNMARKED = Marks(scored=False, event_time=None, word=None)


class Cause(NamedTuple):
    """What is known of an event that changes what others gave: its trace, and whether it is of the past."""

    traceparent: str | None
    is_backfill: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch has to do: score `fresh`, by the `words` of theirs, and look again at the awards of others.

    `changed` has the last word on each event that was scored before and of which something newer was said, and the
    cause of that.
    """

    fresh: list[AcceptedEvent] = field(default_factory=list)
    words: dict[EventKey, Word] = field(default_factory=dict)
    changed: dict[EventKey, tuple[Word, Cause]] = field(default_factory=dict)


def later(one: Word | None, other: Word | None) -> Word | None:
    """Of two words on an event the one that counts."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda word: word[:3])


def marks(events: Sequence[AcceptedEvent]) -> dict[EventKey, Marks]:
    """The marks that a batch sets, in the order in which their rows are to be locked."""
    found: dict[EventKey, Marks] = {}
    for event in events:
        if event["type"] in TARGETING_TYPES:
            key = (event["community"], event["targetuid"])
            before = found.get(key, UNMARKED)
            found[key] = before._replace(word=later(before.word, _word(event)))
        else:
            key = (event["community"], event["uid"])
            before = found.get(key, UNMARKED)
            found[key] = Marks(scored=True, event_time=event["time"].astimezone(UTC), word=before.word)
    return dict(sorted(found.items()))


def sort_out(
    events: Sequence[AcceptedEvent], said: Mapping[EventKey, Marks], before: Mapping[EventKey, Marks]
) -> Work:
    """Decide what a batch has to do for `events`, which are in the order of the log.

    `said` are the marks of the batch; `before` has, for each event that was marked before it, the marks that it
    had.
    """
    work = Work()
    seen: set[EventKey] = set()
    for event in events:
        if event["type"] in TARGETING_TYPES:
            key = (event["community"], event["targetuid"])
            was = before.get(key, UNMARKED)
            word = later(was.word, said[key].word)
            if was.scored and word is not None and word != was.word:
                work.changed[key] = (word, Cause(event.get("traceparent"), is_backfill(event)))
            continue
        key = (event["community"], event["uid"])
        was = before.get(key, UNMARKED)
        if was.scored or key in seen:
            continue
        seen.add(key)
        work.fresh.append(event)
        known = later(was.word, said[key].word)
        if known is not None:
            work.words[key] = known
    return work


def _word(event: AcceptedEvent) -> Word:
    return Word(
        event["time"].astimezone(UTC),
        event["id"],
        event["uid"],
        event["type"] == RETRACTED_TYPE,
        event.get("member"),
    )
