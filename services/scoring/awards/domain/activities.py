"""Which events of a batch are scored, and which awards they take back, whatever the order they come in.

Each event has two marks, scored and retracted, that are set once and never cleared. Setting them tells
what they were before, and that decides everything: a second delivery changes nothing, an event that was
retracted first earns nothing, and a retraction takes back what its event earned before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from services.scoring.awards.domain.awards import EventKey
from shared.contracts.activities import RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent


class Marks(NamedTuple):
    """Whether an event is scored and retracted: what a batch asks for, or what was so before.

    Of a scored event its time is known (UTC); its awards are found by it.
    """

    scored: bool
    retracted: bool
    event_time: datetime | None


UNMARKED = Marks(scored=False, retracted=False, event_time=None)


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch has to do: score `fresh`, of which `retracted` earn nothing, and reverse awards.

    `to_reverse` maps an event whose awards are to be reversed to the traceparent of its retraction.
    """

    fresh: list[AcceptedEvent]
    retracted: set[EventKey]
    to_reverse: dict[EventKey, str | None]


def marks(events: Sequence[AcceptedEvent]) -> dict[EventKey, Marks]:
    """The marks that a batch sets, in the order in which their rows are to be locked."""
    scored = {
        (event["community"], event["uid"]): event["time"].astimezone(UTC)
        for event in events
        if event["type"] not in TARGETING_TYPES
    }
    retracted = {(event["community"], event["targetuid"]) for event in events if event["type"] == RETRACTED_TYPE}
    return {
        key: Marks(key in scored, key in retracted, scored.get(key)) for key in sorted(scored.keys() | retracted)
    }


def sort_out(events: Sequence[AcceptedEvent], before: Mapping[EventKey, Marks]) -> Work:
    """Decide what a batch has to do for `events`, which are in the order of the log.

    `before` has, for each event that was marked before this batch, the marks that it had.
    """
    work = Work([], set(), {})
    seen: set[EventKey] = set()
    retracted_here: set[EventKey] = set()
    for event in events:
        if event["type"] == RETRACTED_TYPE:
            key = (event["community"], event["targetuid"])
            was = before.get(key, UNMARKED)
            if was.retracted or key in retracted_here:
                continue
            retracted_here.add(key)
            if was.scored or key in seen:
                work.to_reverse[key] = event.get("traceparent")
            continue
        if event["type"] in TARGETING_TYPES:
            continue
        key = (event["community"], event["uid"])
        was = before.get(key, UNMARKED)
        if was.scored or key in seen:
            continue
        seen.add(key)
        work.fresh.append(event)
        if was.retracted or key in retracted_here:
            work.retracted.add(key)
    return work
