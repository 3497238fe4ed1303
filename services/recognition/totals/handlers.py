"""Awards change totals, totals change what stands: load, let the domain decide, store, and tell what follows."""

from services.recognition.leaderboards import store as leaderboards_store
from services.recognition.leaderboards.domain import board_points
from services.recognition.metrics import AWARDS, REEVALUATED_MEMBERS
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import NO_PROGRAMME, Grant
from services.recognition.thresholds.handlers import store_grants, tell_grants
from services.recognition.totals import store
from services.recognition.totals.domain import Member
from shared.contracts.facts import PointsAwarded
from shared.telemetry import observe_ages
from shared.transaction import Transaction

#: Members brought in line with a new programme version in one transaction.
REEVALUATION_BATCH_COUNT = 2_000
REEVALUATE_EVERY_SECONDS = 1.0


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Add awards to their members' totals, and grant or take back what that crosses."""
    communities = {award["community"] for award in awards}
    await thresholds_store.lock_programmes_shared(tx.conn, communities=communities)
    # An award that comes twice in one batch counts once.
    new = {(award["data"]["award_id"], award["community"]): award for award in awards}
    for applied in await store.add_awards(tx.conn, keys=sorted(new)):
        del new[applied]
    if not new:
        return
    in_force = await thresholds_store.load_thresholds(tx.conn, communities=communities)
    keys = sorted({(community, award["data"]["member_id"]) for (_, community), award in new.items()})
    members = await store.load_members(tx.conn, keys=keys)
    grants: list[Grant] = []
    for (_, community), award in new.items():
        data = award["data"]
        key = (community, data["member_id"])
        thresholds, effective_from, day = in_force.get(community) or (NO_PROGRAMME, data["event_time"], None)
        member = members.get(key)
        if member is None:
            member = members[key] = Member(*key)
        if member.version != thresholds.version:
            caught_up = member.follow(thresholds, effective_from, day)
            grants += caught_up
            tell_grants(tx, grants=caught_up)
        granted = member.apply(data, thresholds)
        if granted:
            grants += granted
            tell_grants(tx, grants=granted, traceparent=award.get("traceparent"))
    await store.put_members(tx.conn, members=members.values())
    await leaderboards_store.add_points(tx.conn, points=board_points(new.values()))
    await store_grants(tx, grants=grants)
    AWARDS.inc(len(new))
    if grants:
        causes = {grant.award_id for grant in grants}
        received = (award["data"]["received_at"] for (award_id, _), award in new.items() if award_id in causes)
        observe_ages("grant", received, tx.now)


async def reevaluate(tx: Transaction) -> None:
    """Bring the next members in line with the version in force; a timer calls this until none is left.

    In bounded batches, so that a new version of a large community neither holds one long transaction nor
    fills memory and the outbox. A member with a new award in the meantime is brought in line by that.
    """
    await thresholds_store.put_due_in_force(tx.conn, now=tx.now)
    due = await thresholds_store.lock_reevaluation(tx.conn)
    if due is None:
        return
    members = await store.page_of_members(
        tx.conn, community=due.community, after=due.evaluated_up_to, limit_count=REEVALUATION_BATCH_COUNT
    )
    in_force = await thresholds_store.load_thresholds(tx.conn, communities=[due.community])
    thresholds, effective_from, day = in_force[due.community]
    stale = [member for member in members if member.version != thresholds.version]
    grants = [grant for member in stale for grant in member.follow(thresholds, effective_from, day)]
    tell_grants(tx, grants=grants)
    await store.put_members(tx.conn, members=stale)
    is_whole = len(members) == REEVALUATION_BATCH_COUNT
    await thresholds_store.set_evaluated(
        tx.conn, community=due.community, up_to=members[-1].member_id if is_whole else None
    )
    await store_grants(tx, grants=grants)
    REEVALUATED_MEMBERS.inc(len(stale))
