"""What scoring does with each event, inside a transaction that somebody else opened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.scoring.awards import store
from services.scoring.awards.domain.activities import marks, sort_out
from services.scoring.awards.domain.awards import Award, cap_keys, make_awards, reversal
from services.scoring.limits.store import lock_caps, set_caps
from services.scoring.metrics import AWARDED_POINTS, AWARDS_MADE, EVENTS_SCORED, RULES_DECLINED
from services.scoring.programmes import store as programme_store
from services.scoring.rules.domain.matching import CompiledVersion, Declined, compile_version, match
from services.scoring.rules.store import add_declined
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.facts import POINTS_AWARDED, AcceptedEvent, AwardData
from shared.contracts.programme import Programme
from shared.postgres import Connection
from shared.telemetry import observe_ages
from shared.topics import POINTS
from shared.transaction import InvalidMessageError, Transaction


@dataclass(slots=True)
class Scorer:
    """Scores events, with the compiled versions of each community in memory.

    Memory is believed only as far as the community's head row, read in the same transaction, says.
    """

    versions: dict[str, tuple[CompiledVersion, ...]] = field(default_factory=dict)

    async def on_activities(self, tx: Transaction, events: list[AcceptedEvent]) -> None:
        """Award what the rules give for new events, and take back what retracted ones earned."""
        for index, event in enumerate(events):
            if event["type"] == RETRACTED_TYPE and "targetuid" not in event:
                raise InvalidMessageError("a retraction without targetuid", index)
        # 1. The versions; no other can appear until this commits.
        versions = await self._current(tx.conn, sorted({event["community"] for event in events}))
        # 2. Which events are new, and which retractions?
        work = sort_out(events, await store.put_marks(tx.conn, marks=marks(events)))
        # 3. What the rules have for them, and what fits under the caps.
        matched = match(work.fresh, versions)
        keys = cap_keys(matched.candidates)
        used = await lock_caps(tx.conn, keys=keys) if keys else {}
        made = make_awards(matched.candidates, used, work.retracted)
        if made.usage:
            await set_caps(tx.conn, usage=made.usage)
        # 4. The facts and the messages about them.
        await _record(tx, made.awards)
        if work.to_reverse:
            earned = await store.load_awards(tx.conn, events=work.to_reverse)
            await _record(
                tx, [reversal(award, work.to_reverse[award.community, award.event_uid]) for award in earned]
            )
        declined = matched.declined + made.declined
        if declined:
            await add_declined(tx.conn, declined=declined)
        _count(events, len(work.fresh), matched.without_version, declined)
        observe_ages("award", (event["receivedat"] for event in work.fresh), tx.now)

    async def _current(self, conn: Connection, communities: Sequence[str]) -> dict[str, Sequence[CompiledVersion]]:
        heads = await programme_store.lock_heads_for_share(conn, communities=communities)
        for community, newest in heads.items():
            known = self.versions.get(community, ())
            if newest != (known[-1].number if known else 0):
                self.versions[community] = tuple(
                    compile_version(Programme.model_validate(document), version.number, version.effective_from)
                    for version, document in await programme_store.load_documents(conn, community=community)
                )
        return {community: self.versions.get(community, ()) for community in communities}


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
        data["reverses"] = award.reverses
    if award.day is not None:
        data["day"] = award.day
    if award.week is not None:
        data["week"] = award.week
    return data


def _count(
    events: Sequence[AcceptedEvent], fresh: int, without_version: int, declined: Sequence[Declined]
) -> None:
    retractions = sum(event["type"] == RETRACTED_TYPE for event in events)
    for outcome, count in (
        ("scored", fresh - without_version),
        ("without_programme", without_version),
        ("duplicate", len(events) - retractions - fresh),
        ("retraction", retractions),
    ):
        if count:
            EVENTS_SCORED.labels(outcome).inc(count)
    for reason, count in Counter(rule.reason for rule in declined).items():
        RULES_DECLINED.labels(reason).inc(count)
