"""What scoring does with each event, inside a transaction that somebody else opened."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC

from services.scoring.awards import store
from services.scoring.awards.domain.activities import marks, sort_out
from services.scoring.awards.domain.awards import (
    Award,
    RecordedAward,
    cap_keys,
    make_awards,
    reversal,
    without_told,
)
from services.scoring.limits.domain import CapKey
from services.scoring.limits.store import add_to_caps, lock_caps, set_caps
from services.scoring.metrics import AWARDED_POINTS, AWARDS_MADE, EVENTS_SCORED, RULES_DECLINED
from services.scoring.programmes.handlers.in_force import Lend, VersionsInForce
from services.scoring.programmes.store import versions as programme_store
from services.scoring.rules.domain.matching import Answers, CompiledVersion, Declined, Matched, match, questions
from services.scoring.rules.handlers.evaluating import Evaluator
from services.scoring.rules.store import add_declined
from services.scoring.settings import Settings
from shared.consumer import Preparation
from shared.contracts.activities import RESTORED_TYPE, RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.facts import POINTS_AWARDED, AcceptedEvent, AwardData, PointsAwarded
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.telemetry import observe_ages
from shared.topics import POINTS
from shared.transaction import InvalidMessageError, Transaction

#: Matching this many events takes some 20 ms with the dearest conditions that are evaluated here.
MATCH_SLICE_COUNT = 100


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was got ready for a batch outside its transaction, as of the newest version of each community."""

    events: Sequence[AcceptedEvent]
    heads: Mapping[str, int]
    versions: Mapping[str, Sequence[CompiledVersion]]
    answers: Answers


@dataclass(slots=True)
class Scorer:
    """Scores events, with the versions that are in force in memory."""

    versions: VersionsInForce = field(default_factory=VersionsInForce)
    evaluator: Evaluator = field(default_factory=Evaluator)
    _prepared: Prepared | None = None

    async def prepare(self, preparation: Preparation[Settings], events: list[AcceptedEvent]) -> None:
        """Compile what is in force for events, and evaluate what can take long, outside a transaction."""
        self._prepared = await self._prepare(preparation.lend, events, preparation.settings)

    async def on_activities(self, tx: Transaction[Settings], events: list[AcceptedEvent]) -> None:
        """Award what the rules give for new events, and take back what retracted ones earned."""
        for index, event in enumerate(events):
            if event["type"] in TARGETING_TYPES and "targetuid" not in event:
                raise InvalidMessageError("a retraction or restoration without targetuid", index)
        # 1. The versions; no other can appear until this commits.
        communities = sorted({event["community"] for event in events})
        heads = await programme_store.lock_heads_for_share(tx.conn, communities=communities)
        prepared, self._prepared = self._prepared, None
        if prepared is None or prepared.events is not events or prepared.heads != heads:
            # One was published since.
            prepared = await self._prepare(lambda: nullcontext(tx.conn), events, tx.settings)
        # 2. Which events are new, and which retractions?
        work = sort_out(events, await store.put_marks(tx.conn, marks=marks(events)))
        # 3. What the rules have for them, and what fits under the caps.
        matched = await _match(work.fresh, prepared)
        # After a restore some awards are there before their events are scored again.
        is_read_back = await store.is_anything_read_back(tx.conn)
        if is_read_back:
            await _leave_out_told(tx.conn, matched)
        keys = cap_keys(matched.candidates)
        used = await lock_caps(tx.conn, keys=keys) if keys else {}
        made = make_awards(matched.candidates, used, work.retracted)
        if made.usage:
            await set_caps(tx.conn, usage=made.usage)
        # 4. The facts and the messages about them.
        await _record(tx, made.awards)
        if work.to_reverse:
            earned = await store.load_awards(tx.conn, events=work.to_reverse)
            reversals = [reversal(award, work.to_reverse[award.community, award.event_uid]) for award in earned]
            if is_read_back:
                told = await store.take_read_back(tx.conn, events=work.to_reverse, is_reversal=True)
                known = {award_id for awards in told.values() for award_id in awards}
                reversals = [award for award in reversals if award.award_id not in known]
            await _record(tx, reversals)
        declined = matched.declined + made.declined
        if declined:
            await add_declined(tx.conn, declined=declined)
        _count(events, len(work.fresh), matched.without_version, declined)
        observe_ages("award", (event["receivedat"] for event in work.fresh), tx.now)

    async def close(self) -> None:
        """End the child processes."""
        await self.evaluator.close()

    async def _prepare(self, lend: Lend, events: Sequence[AcceptedEvent], settings: Settings) -> Prepared:
        heads, versions = await self.versions.of(events, lend)
        asked = questions(events, versions)
        answers = await self.evaluator.answers(asked, settings) if asked else {}
        return Prepared(events, heads, versions, answers)


async def _match(events: Sequence[AcceptedEvent], prepared: Prepared) -> Matched:
    """Match events in slices, between which the event loop has its turn."""
    matched = Matched()
    for start in range(0, len(events), MATCH_SLICE_COUNT):
        if start:
            await asyncio.sleep(0)
        matched.add(match(events[start : start + MATCH_SLICE_COUNT], prepared.versions, prepared.answers))
    return matched


async def _leave_out_told(conn: Connection, matched: Matched) -> None:
    events = {(candidate.event["community"], candidate.event["uid"]) for candidate in matched.candidates}
    told = await store.take_read_back(conn, events=events, is_reversal=False)
    matched.candidates, declined = without_told(matched.candidates, told)
    matched.declined += declined


async def on_awards_told(tx: Transaction, facts: list[PointsAwarded]) -> None:
    """Take in awards that were given and that the database has forgotten, and the room that they took under caps.

    Their events are read again, and then give what else there is to give: see Scorer.
    """
    awards = [_told(fact) for fact in facts]
    new = await store.add_awards_as_told(tx.conn, awards=awards)
    numbers: dict[str, set[int]] = {}
    for award, _ in awards:
        numbers.setdefault(award.community, set()).add(award.programme_version)
    uncapped = {
        (community, number, rule["id"])
        for community in sorted(numbers)
        for number, document in (
            await programme_store.load_documents(tx.conn, community=community, numbers=numbers[community])
        ).items()
        for rule in document.get("rules", ())
        if rule.get("daily_cap") is None
    }
    used: dict[CapKey, int] = {}
    for award, _ in awards:
        rule = (award.community, award.programme_version, award.rule_id)
        # A version that is gone may have had a cap: too little room is better than too much.
        if award.award_id in new and award.points > 0 and rule not in uncapped:
            key = CapKey(award.community, award.member_id, award.rule_id, award.day or award.event_time.date())
            used[key] = used.get(key, 0) + award.points
    if used:
        await add_to_caps(tx.conn, points=used)


def _told(fact: PointsAwarded) -> RecordedAward:
    data = fact["data"]
    award = Award(
        community=fact["community"],
        award_id=data["award_id"],
        member_id=data["member_id"],
        points=data["points"],
        rule_id=data["rule_id"],
        beneficiary=data["slot"],
        programme_id=data["programme_id"],
        programme_version=data["programme_version"],
        event_uid=data["event_uid"],
        event_type=data["event_type"],
        event_time=data["event_time"].astimezone(UTC),
        received_at=data["received_at"].astimezone(UTC),
        reverses=data.get("amends"),
        day=data.get("day"),
        week=data.get("week"),
        traceparent=None,
    )
    return RecordedAward(award, fact["time"])


READ_BACK = (ReadBack((POINTS,), POINTS_AWARDED.adapter, on_awards_told),)


async def _record(tx: Transaction, awards: list[Award]) -> None:
    """Append awards and publish them, in their order."""
    if not awards:
        return
    await store.add_awards(tx.conn, awards=awards, recorded_at=tx.now)
    for award in awards:
        tx.tell(
            POINTS,
            POINTS_AWARDED,
            fact_id=award.award_id,
            community=award.community,
            subject=award.member_id,
            data=_award_data(award),
            traceparent=award.traceparent,
        )
    reversed_points = [award.points for award in awards if award.reverses is not None]
    awarded_points = sum(award.points for award in awards) - sum(reversed_points)
    for kind, count, points in (
        ("award", len(awards) - len(reversed_points), awarded_points),
        ("reversal", len(reversed_points), -sum(reversed_points)),
    ):
        AWARDS_MADE.labels(kind).inc(count)
        AWARDED_POINTS.labels(kind).inc(points)


def _award_data(award: Award) -> AwardData:
    data: AwardData = {
        "award_id": award.award_id,
        "member_id": award.member_id,
        "points": award.points,
        "rule_id": award.rule_id,
        "slot": award.beneficiary,
        "programme_id": award.programme_id,
        "programme_version": award.programme_version,
        "event_uid": award.event_uid,
        "event_type": award.event_type,
        "event_time": award.event_time,
        "received_at": award.received_at,
    }
    if award.reverses is not None:
        data["amends"] = award.reverses
        data["revision"] = 1
        data["cause"] = "retracted"
        data["total"] = 0
    if award.day is not None:
        data["day"] = award.day
    if award.week is not None:
        data["week"] = award.week
    return data


def _count(
    events: Sequence[AcceptedEvent], fresh: int, without_version: int, declined: Sequence[Declined]
) -> None:
    retractions = sum(event["type"] == RETRACTED_TYPE for event in events)
    restorations = sum(event["type"] == RESTORED_TYPE for event in events)
    for outcome, count in (
        ("scored", fresh - without_version),
        ("without_programme", without_version),
        ("duplicate", len(events) - retractions - restorations - fresh),
        ("retraction", retractions),
        ("restoration", restorations),
    ):
        if count:
            EVENTS_SCORED.labels(outcome).inc(count)
    for reason, count in Counter(rule.reason for rule in declined).items():
        RULES_DECLINED.labels(reason).inc(count)
