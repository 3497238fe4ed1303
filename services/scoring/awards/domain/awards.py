"""Awards: candidates that fit under the daily cap, and what takes them back.

The rule for caps and retractions: a retracted event keeps the room that it took under a daily cap,
whether the retraction arrives before the event, with it or later. So for a given order of activities a
member's total does not depend on when the retractions come, and taking an event back never makes room to
earn again for doing the same.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from services.scoring.limits.domain import CapKey, CapUsage
from services.scoring.rules.domain.matching import Candidate, Declined, decline
from shared.contracts.award_ids import AWARD_PREFIX_LENGTH, award_prefix
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.programme import Slot

#: What an award is for is hashed under this namespace; it must never change.
AWARD_NAMESPACE = UUID("6f6c1f0e-6b0d-5d0a-9a53-2f8f5a7f0b11")
_NAMESPACE_BYTES = AWARD_NAMESPACE.bytes

#: The awards of an event are made one after the other, and begin with the same.
_award_prefix = lru_cache(maxsize=1)(award_prefix)

#: Community and uid of an event.
EventKey = tuple[str, str]


class Award(NamedTuple):
    """Points for a member, or their reversal (negative points and `reverses`).

    `day` and `week` are what the event says of them: None goes without saying (shared/contracts/fields.py).
    """

    community: str
    award_id: str
    member_id: str
    points: int
    rule_id: str
    beneficiary: Slot
    programme_id: str
    programme_version: int
    event_uid: str
    event_type: str
    event_time: datetime
    received_at: datetime
    reverses: str | None
    day: date | None
    week: date | None
    traceparent: str | None


class RecordedAward(NamedTuple):
    """An award as it was recorded, which keeps no traceparent, and when."""

    award: Award
    recorded_at: datetime


class AwardPlace(NamedTuple):
    """Where an award stands in a list of them: by event time, then id."""

    event_time: Timestamp
    award_id: Uuid


class RulePoints(NamedTuple):
    """What a member has from one rule: points less reversals, and how many of either."""

    rule_id: str
    points: int
    awards: int
    reversals: int


class ToldAward(NamedTuple):
    """What was told of an award that was read back."""

    points: int
    programme_version: int


class Capped(NamedTuple):
    """What became of a batch's candidates, and the points that each cap has used now."""

    awards: list[Award]
    declined: list[Declined]
    usage: dict[CapKey, int]


def award_id(
    *, community: str, rule_id: str, beneficiary: Slot, event_uid: str, member_id: str, event_time: datetime
) -> str:
    """The id of an award: the same for a retry, a rescoring and another version of the programme.

    `event_time` is that of the event as it was accepted.
    """
    name = f"{community}|{rule_id}|{beneficiary}|{event_uid}|{member_id}"
    return _award_prefix(event_uid, event_time) + _hashed(name)


def amendment_id(amended_award_id: str, revision: int) -> str:
    """The id of the amendment of an award with that revision; it begins as the award's does."""
    return amended_award_id[:AWARD_PREFIX_LENGTH] + _hashed(f"amendment|{amended_award_id}|{revision}")


def _hashed(name: str) -> str:
    """48 bits of SHA-1 under AWARD_NAMESPACE: they tell an event's own awards apart."""
    return sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()[:12]


def cap_keys(candidates: Iterable[Candidate]) -> list[CapKey]:
    """The caps that a batch touches, in the order in which their rows are to be locked."""
    return sorted({candidate.cap for candidate in candidates if candidate.cap is not None})


def without_told(
    candidates: Iterable[Candidate], told: Mapping[EventKey, Mapping[str, ToldAward]]
) -> tuple[list[Candidate], list[Declined]]:
    """What of a batch's candidates is still to be given, where the awards of some events were read back.

    An award that was told is given, and has used its room. Of an event that was scored under a version which the
    database no longer has, nothing else is given: that version alone would say what.
    """
    left: list[Candidate] = []
    declined: list[Declined] = []
    for candidate in candidates:
        event, rule = candidate.event, candidate.rule
        known = told.get((event["community"], event["uid"]))
        if known is None:
            left.append(candidate)
            continue
        given = known.get(
            award_id(
                community=event["community"],
                rule_id=rule.id,
                beneficiary=rule.beneficiary,
                event_uid=event["uid"],
                member_id=candidate.member_id,
                event_time=candidate.event_time,
            )
        )
        if given is None:
            if all(award.programme_version == candidate.version.number for award in known.values()):
                left.append(candidate)
        elif given.points < rule.points:
            detail = f"{given.points} of {rule.points} points fit under the cap of {rule.daily_cap} a day"
            declined.append(decline(event, rule, "daily_cap", detail))
    return left, declined


def make_awards(
    candidates: Iterable[Candidate], used: Mapping[CapKey, int], retracted: Collection[EventKey]
) -> Capped:
    """Turn candidates into awards, in their order, which is that of the events.

    `used` are the points used of each cap so far; a cap that isn't there has used none. The events in `retracted`
    were taken back before they arrived: they earn nothing and use their room.
    """
    awards: list[Award] = []
    declined: list[Declined] = []
    usage = CapUsage(used)
    for event, event_time, received_at, version, rule, member_id, cap in candidates:
        community, event_uid = event["community"], event["uid"]
        points = rule.points
        if cap is not None and rule.daily_cap is not None:
            points = usage.use(cap, rule.daily_cap, points)
        if (community, event_uid) in retracted:
            declined.append(decline(event, rule, "retracted", "before it arrived"))
            continue
        if points < rule.points:
            detail = f"{points} of {rule.points} points fit under the cap of {rule.daily_cap} a day"
            declined.append(decline(event, rule, "daily_cap", detail))
        if points == 0:
            continue
        awards.append(
            Award(
                community,
                award_id(
                    community=community,
                    rule_id=rule.id,
                    beneficiary=rule.beneficiary,
                    event_uid=event_uid,
                    member_id=member_id,
                    event_time=event_time,
                ),
                member_id,
                points,
                rule.id,
                rule.beneficiary,
                version.programme_id,
                version.number,
                event_uid,
                event["type"],
                event_time,
                received_at,
                None,
                event.get("day"),
                event.get("week"),
                event.get("traceparent"),
            )
        )
    return Capped(awards, declined, usage.points())


def reversal(award: Award, traceparent: str | None) -> Award:
    """The award that takes `award` back: the same fact with negative points.

    It carries the event time of what it reverses, so that the score at any event time no longer counts
    it, while what was known before the reversal was recorded stays answerable.
    """
    return award._replace(
        award_id=amendment_id(award.award_id, 1),
        points=-award.points,
        reverses=award.award_id,
        traceparent=traceparent,
    )
