"""One function per message type: load, let the domain decide, store, and say what follows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from services.recognition import store
from services.recognition.domain.leaderboard import board_points
from services.recognition.domain.member import Grant, Member, holder_changes
from services.recognition.domain.thresholds import NO_PROGRAMME
from services.recognition.metrics import AWARDS, GRANTS, REEVALUATED_MEMBERS
from shared.contracts.facts import MemberIdentified, PointsAwarded, ProgrammePublished
from shared.contracts.programme import Recognition
from shared.telemetry import observe_ages
from shared.topics import RECOGNITION, record_key
from shared.transaction import Invalid, Transaction

#: Members brought in line with a new programme version in one transaction.
REEVALUATION_BATCH_COUNT = 2_000
REEVALUATE_EVERY_SECONDS = 1.0


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Add awards to their members' totals, and grant or take back what that crosses."""
    communities = {award["community"] for award in awards}
    await store.hold_programmes(tx.conn, communities)
    # An award that comes twice in one batch counts once.
    new = {(award["data"]["award_id"], award["community"]): award for award in awards}
    for applied in await store.add_new_awards(tx.conn, sorted(new)):
        del new[applied]
    if not new:
        return
    programmes = await store.load_programmes(tx.conn, communities)
    members = await store.load_members(
        tx.conn, sorted({(community, award["data"]["member_id"]) for (_, community), award in new.items()})
    )
    grants: list[Grant] = []
    for (_, community), award in new.items():
        data = award["data"]
        who = (community, data["member_id"])
        thresholds, effective_from = programmes.get(community) or (NO_PROGRAMME, data["event_time"])
        member = members.get(who)
        if member is None:
            member = members[who] = Member(*who)
        if member.version != thresholds.version:
            caught_up = member.follow(thresholds, effective_from)
            grants += caught_up
            _publish(tx, caught_up, None)
        granted = member.apply(data, thresholds)
        if granted:
            grants += granted
            _publish(tx, granted, award.get("traceparent"))
    await store.store_members(tx.conn, members.values())
    await store.add_board_points(tx.conn, board_points(new.values()))
    await _store_grants(tx, grants)
    AWARDS.inc(len(new))
    if grants:
        causes = {grant.award_id for grant in grants}
        observe_ages(
            "grant", (one["data"]["received_at"] for (id_, _), one in new.items() if id_ in causes), tx.now
        )


async def on_members(tx: Transaction, members: list[MemberIdentified]) -> None:
    """Remember the newest name of each member."""
    names: dict[tuple[str, str], tuple[int, str | None]] = {}
    for one in members:
        key, data = (one["community"], one["data"]["member_id"]), one["data"]
        if key not in names or names[key][0] < data["revision"]:
            names[key] = (data["revision"], data.get("name"))
    await store.store_names(tx.conn, names)


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember each version's recognition section, and put those that are due in force."""
    for index, fact in enumerate(programmes):
        data = fact["data"]
        section = data["document"].get("recognition", {})
        try:
            Recognition.model_validate(section)
        except ValidationError as error:
            raise Invalid(f"programme {data['programme_id']} {data['version']}: {error}", index) from error
        await store.add_programme(
            tx.conn,
            fact["community"],
            data["programme_id"],
            version=data["version"],
            effective_from=data["effective_from"],
            recognition=orjson.dumps(section).decode(),
        )
    await store.put_due_programmes_in_force(tx.conn, tx.now)


async def reevaluate(tx: Transaction) -> None:
    """Bring the next members in line with the version in force; a timer calls this until none is left.

    In bounded batches, so that a new version of a large community neither holds one long transaction nor
    fills memory and the outbox. A member with a new award in the meantime is brought in line by that.
    """
    await store.put_due_programmes_in_force(tx.conn, tx.now)
    page = await store.load_stale_members(tx.conn, REEVALUATION_BATCH_COUNT)
    if page is None:
        return
    community, members = page
    thresholds, effective_from = (await store.load_programmes(tx.conn, [community]))[community]
    stale = [one for one in members if one.version != thresholds.version]
    grants = [grant for one in stale for grant in one.follow(thresholds, effective_from)]
    _publish(tx, grants, None)
    await store.store_members(tx.conn, stale)
    await _store_grants(tx, grants)
    whole = len(members) == REEVALUATION_BATCH_COUNT
    await store.store_evaluated(tx.conn, community, members[-1].member_id if whole else None)
    REEVALUATED_MEMBERS.inc(len(stale))


async def _store_grants(tx: Transaction, grants: Sequence[Grant]) -> None:
    if not grants:
        return
    # Last of the transaction: the numbers of holders are rows that workers share.
    await store.add_grants(tx.conn, grants, holder_changes(grants), tx.now)
    for kind in ("badge", "level"):
        given = sum(1 for one in grants if one.kind == kind and not one.reverses)
        taken = sum(1 for one in grants if one.kind == kind and one.reverses)
        GRANTS.labels(kind, "granted").inc(given)
        GRANTS.labels(kind, "taken_back").inc(taken)


def _publish(tx: Transaction, grants: Sequence[Grant], traceparent: str | None) -> None:
    for grant in grants:
        tx.publish(
            RECOGNITION, record_key(grant.community, grant.member_id), grant_fact(grant, tx.now, traceparent)
        )


def grant_fact(grant: Grant, now: datetime, traceparent: str | None) -> dict[str, Any]:
    """The fact (shared.contracts.facts.RecognitionGranted) that says what was granted or taken back."""
    fact: dict[str, Any] = {
        "specversion": "1.0",
        "id": grant.grant_id,
        "source": "/plaudit/recognition",
        "type": "recognition.granted.v1",
        "time": now,
        "community": grant.community,
        "data": {
            "grant_id": grant.grant_id,
            "member_id": grant.member_id,
            "kind": grant.kind,
            "name": grant.name,
            "title": grant.title,
            "award_id": grant.award_id,
            "event_time": grant.event_time,
        },
    }
    if grant.reverses is not None:
        fact["data"]["reverses"] = grant.reverses
    if traceparent is not None:
        fact["traceparent"] = traceparent
    return fact
