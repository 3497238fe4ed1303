"""Awards: candidates that fit under the daily cap, and what takes them back.

The rule for caps and retractions: a retracted event keeps the room that it took under a daily cap,
whether the retraction arrives before the event, with it or later. So for a given order of activities a
member's total does not depend on when the retractions come, and taking an event back never makes room to
earn again for doing the same.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from services.scoring.domain.rules import Candidate, CapKey, Declined
from shared.contracts.programme import Slot

#: What an award is for is hashed under this namespace; it must never change.
AWARD_NAMESPACE = UUID("6f6c1f0e-6b0d-5d0a-9a53-2f8f5a7f0b11")
_NAMESPACE_BYTES = AWARD_NAMESPACE.bytes
#: A hexadecimal digit with its two upper bits set to RFC 9562's variant.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

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

    `event_time` is that of the event as it was accepted, in UTC.
    """
    milliseconds = max(0, (event_time - _EPOCH) // _MILLISECOND)
    return _uuid8(f"{milliseconds:012x}", f"{community}|{rule_id}|{slot}|{event_uid}|{member_id}")


def reversal_id(reversed_award_id: str) -> str:
    """The id of the award that takes another back; there is one, however often that is asked for."""
    return _uuid8(reversed_award_id[:8] + reversed_award_id[9:13], f"reversal|{reversed_award_id}")


def _uuid8(time: str, name: str) -> str:
    """UUIDv8 (RFC 9562, section 5.8): 12 hexadecimal digits of time, then SHA-1 of the name under AWARD_NAMESPACE.

    Awards of one time so lie side by side in every index that holds them: docs/adr/0006-award-ids.md.
    """
    digest = sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    return f"{time[:8]}-{time[8:]}-8{digest[:3]}-{_VARIANT[digest[3]]}{digest[4:7]}-{digest[7:19]}"


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
