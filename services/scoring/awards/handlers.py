"""What scoring does with each event, inside a transaction that somebody else opened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.scoring.awards import store
from services.scoring.awards.domain.activities import marks, settle
from services.scoring.awards.domain.awards import Award, award, cap_keys, reversal
from services.scoring.limits.store import lock_caps, set_caps
from services.scoring.metrics import AWARDS_MADE, EVENTS_SCORED, POINTS_AWARDED, RULES_DECLINED
from services.scoring.programmes import store as programmes
from services.scoring.programmes.handlers import SOURCE
from services.scoring.rules.domain.matching import Declined, Version, compile_version, match
from services.scoring.rules.store import add_declined
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.programme import Programme
from shared.postgres import Connection
from shared.telemetry import observe_ages
from shared.topics import POINTS, record_key
from shared.transaction import Invalid, Transaction


@dataclass(slots=True)
class Scorer:
    """Scores events, with the compiled versions of each community in memory.

    Memory is believed only as far as the community's head row, read in the same transaction, says.
    """

    versions: dict[str, tuple[Version, ...]] = field(default_factory=dict)

    async def on_activities(self, tx: Transaction, events: list[Any]) -> None:
        """Award what the rules give for new events, and take back what retracted ones earned."""
        for index, event in enumerate(events):
            if event["type"] == RETRACTED_TYPE and "targetuid" not in event:
                raise Invalid("a retraction without targetuid", index)
        # 1. The versions; no other can appear until this commits.
        versions = await self._current(tx.conn, sorted({event["community"] for event in events}))
        # 2. Which events are new, and which retractions?
        settled = settle(events, await store.set_marks(tx.conn, marks(events)))
        # 3. What the rules have for them, and what fits under the caps.
        matched = match(settled.fresh, versions)
        keys = cap_keys(matched.candidates)
        made = award(matched.candidates, await lock_caps(tx.conn, keys) if keys else {}, settled.retracted)
        if made.usage:
            await set_caps(tx.conn, made.usage)
        # 4. The facts and the messages about them.
        await _record(tx, made.awards)
        if settled.taken_back:
            taken_back = await store.awards_of_events(tx.conn, settled.taken_back)
            await _record(
                tx,
                [reversal(one, settled.taken_back[one.community, one.event_uid]) for one in taken_back],
            )
        declined = matched.declined + made.declined
        if declined:
            await add_declined(tx.conn, declined)
        _count(events, len(settled.fresh), matched.without_version, declined)
        observe_ages("award", (event["receivedat"] for event in settled.fresh), tx.now)

    async def _current(self, conn: Connection, communities: Sequence[str]) -> dict[str, Sequence[Version]]:
        heads = await programmes.share_heads(conn, communities)
        for community, newest in heads.items():
            known = self.versions.get(community, ())
            if newest != (known[-1].number if known else 0):
                rows = await programmes.versions(conn, community)
                self.versions[community] = tuple(_compiled(row) for row in rows)
        return {community: self.versions.get(community, ()) for community in communities}


def _compiled(row: Record) -> Version:
    programme = Programme.model_validate(orjson.loads(row["document"]))
    return compile_version(programme, row["version"], row["effective_from"])


async def _record(tx: Transaction, awards: list[Award]) -> None:
    """Append awards and publish them, in their order."""
    if not awards:
        return
    await store.add_awards(tx.conn, awards, tx.now)
    for one in awards:
        tx.publish(POINTS, record_key(one.community, one.member_id), _award_fact(one, tx.now))
    reversed_points = [one.points for one in awards if one.reverses is not None]
    for kind, count, points in (
        ("award", len(awards) - len(reversed_points), sum(one.points for one in awards) - sum(reversed_points)),
        ("reversal", len(reversed_points), -sum(reversed_points)),
    ):
        AWARDS_MADE.labels(kind).inc(count)
        POINTS_AWARDED.labels(kind).inc(points)


def _award_fact(one: Award, now: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {
        "award_id": one.award_id,
        "member_id": one.member_id,
        "points": one.points,
        "rule_id": one.rule_id,
        "slot": one.slot,
        "programme_id": one.programme_id,
        "programme_version": one.programme_version,
        "event_uid": one.event_uid,
        "event_type": one.event_type,
        "event_time": one.event_time,
        "received_at": one.received_at,
    }
    if one.reverses is not None:
        data["reverses"] = one.reverses
    fact: dict[str, Any] = {
        "specversion": "1.0",
        "id": one.award_id,
        "source": SOURCE,
        "type": "points.awarded.v1",
        "time": now,
        "community": one.community,
        "data": data,
    }
    if one.traceparent is not None:
        fact["traceparent"] = one.traceparent
    return fact


def _count(events: Sequence[Any], fresh: int, without_version: int, declined: Sequence[Declined]) -> None:
    retractions = sum(event["type"] == RETRACTED_TYPE for event in events)
    for outcome, count in (
        ("scored", fresh - without_version),
        ("without_programme", without_version),
        ("duplicate", len(events) - retractions - fresh),
        ("retraction", retractions),
    ):
        if count:
            EVENTS_SCORED.labels(outcome).inc(count)
    for reason, count in Counter(one.reason for one in declined).items():
        RULES_DECLINED.labels(reason).inc(count)
