"""Awards: candidates that fit under the daily cap, and what takes them back.

The rule for caps and retractions: a retracted event keeps the room that it took under a daily cap,
whether the retraction arrives before the event, with it or later. So for a given order of activities a
member's total does not depend on when the retractions come, and taking an event back never makes room to
earn again for doing the same.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from services.scoring.limits.domain import CapKey
from services.scoring.rules.domain.matching import Candidate, Declined
from shared.contracts.award_ids import AWARD_PREFIX_LENGTH, award_prefix
from shared.contracts.programme import Slot

#: What an award is for is hashed under this namespace; it must never change.
AWARD_NAMESPACE = UUID("6f6c1f0e-6b0d-5d0a-9a53-2f8f5a7f0b11")
_NAMESPACE_BYTES = AWARD_NAMESPACE.bytes

#: Community and uid of an event.
EventKey = tuple[str, str]


class Award(NamedTuple):
    """Points for a member, or their reversal (negative points and `reverses`)."""

    community: str
    award_id: str
    member_id: str
    points: int
    rule_id: str
    slot: Slot
    programme_id: str
    programme_version: int
    event_uid: str
    event_type: str
    event_time: datetime
    received_at: datetime
    reverses: str | None
    traceparent: str | None


class Capped(NamedTuple):
    """What became of a batch's candidates, and the points that each cap has used now."""

    awards: list[Award]
    declined: list[Declined]
    usage: dict[CapKey, int]


def award_id(
    community: str, rule_id: str, slot: Slot, event_uid: str, member_id: str, event_time: datetime
) -> str:
    """The id of an award: the same for a retry, a rescoring and another version of the programme.

    `event_time` is that of the event as it was accepted.
    """
    name = f"{community}|{rule_id}|{slot}|{event_uid}|{member_id}"
    return award_prefix(event_uid, event_time) + _hashed(name)


def reversal_id(reversed_award_id: str) -> str:
    """The id of the award that takes another back; there is one, however often that is asked for."""
    return reversed_award_id[:AWARD_PREFIX_LENGTH] + _hashed(f"reversal|{reversed_award_id}")


def _hashed(name: str) -> str:
    """48 bits of SHA-1 under AWARD_NAMESPACE: they tell an event's own awards apart."""
    return sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()[:12]


def cap_keys(candidates: Iterable[Candidate]) -> list[CapKey]:
    """The caps that a batch touches, in the order in which their rows are to be locked."""
    return sorted({one.cap for one in candidates if one.cap is not None})


def award(candidates: Iterable[Candidate], used: dict[CapKey, int], retracted: Collection[EventKey]) -> Capped:
    """Turn candidates into awards, in their order.

    Args:
        candidates: from `match`, in the order of the events.
        used: points used of each cap so far; a cap that isn't there has used none.
        retracted: events that were taken back before they arrived: they earn nothing and use their room.
    """
    awards: list[Award] = []
    declined: list[Declined] = []
    usage: dict[CapKey, int] = {}
    for event, event_time, received_at, version, rule, member_id, cap in candidates:
        community, event_uid = event["community"], event["uid"]
        points = rule.points
        if cap is not None and rule.daily_cap is not None:
            before = usage.get(cap, used.get(cap, 0))
            points = min(points, max(0, rule.daily_cap - before))
            usage[cap] = before + points
        if (community, event_uid) in retracted:
            declined.append(Declined(event, rule.id, rule.slot, "retracted", "before it arrived"))
            continue
        if points < rule.points:
            detail = f"{points} of {rule.points} points fit under the cap of {rule.daily_cap} a day"
            declined.append(Declined(event, rule.id, rule.slot, "daily_cap", detail))
        if points == 0:
            continue
        awards.append(
            Award(
                community,
                award_id(community, rule.id, rule.slot, event_uid, member_id, event_time),
                member_id,
                points,
                rule.id,
                rule.slot,
                version.programme_id,
                version.number,
                event_uid,
                event["type"],
                event_time,
                received_at,
                None,
                event.get("traceparent"),
            )
        )
    return Capped(awards, declined, usage)


def reversal(taken_back: Award, traceparent: str | None) -> Award:
    """The award that takes `taken_back` back: the same fact with negative points.

    It carries the event time of what it reverses, so that the score at any event time no longer counts
    it, while what was known before the reversal was recorded stays answerable.
    """
    return taken_back._replace(
        award_id=reversal_id(taken_back.award_id),
        points=-taken_back.points,
        reverses=taken_back.award_id,
        traceparent=traceparent,
    )
