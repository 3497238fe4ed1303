"""One function per message type: load, let the domain decide, store, and say what follows."""

from services.recognition.leaderboards import store as leaderboards_store
from services.recognition.leaderboards.domain import board_points
from services.recognition.metrics import AWARDS, REEVALUATED_MEMBERS
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import NO_PROGRAMME, Grant
from services.recognition.thresholds.handlers import publish_grants, store_grants
from services.recognition.totals import store
from services.recognition.totals.domain import Member
from shared.contracts.facts import MemberIdentified, PointsAwarded
from shared.telemetry import observe_ages
from shared.transaction import Transaction

#: Members brought in line with a new programme version in one transaction.
REEVALUATION_BATCH_COUNT = 2_000
REEVALUATE_EVERY_SECONDS = 1.0


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Add awards to their members' totals, and grant or take back what that crosses."""
    communities = {award["community"] for award in awards}
    await thresholds_store.hold_programmes(tx.conn, communities)
    # An award that comes twice in one batch counts once.
    new = {(award["data"]["award_id"], award["community"]): award for award in awards}
    for applied in await store.add_new_awards(tx.conn, sorted(new)):
        del new[applied]
    if not new:
        return
    programmes = await thresholds_store.load_programmes(tx.conn, communities)
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
            publish_grants(tx, caught_up, None)
        granted = member.apply(data, thresholds)
        if granted:
            grants += granted
            publish_grants(tx, granted, award.get("traceparent"))
    await store.store_members(tx.conn, members.values())
    await leaderboards_store.add_board_points(tx.conn, board_points(new.values()))
    await store_grants(tx, grants)
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


async def reevaluate(tx: Transaction) -> None:
    """Bring the next members in line with the version in force; a timer calls this until none is left.

    In bounded batches, so that a new version of a large community neither holds one long transaction nor
    fills memory and the outbox. A member with a new award in the meantime is brought in line by that.
    """
    await thresholds_store.put_due_programmes_in_force(tx.conn, tx.now)
    page = await store.load_stale_members(tx.conn, REEVALUATION_BATCH_COUNT)
    if page is None:
        return
    community, members = page
    thresholds, effective_from = (await thresholds_store.load_programmes(tx.conn, [community]))[community]
    stale = [one for one in members if one.version != thresholds.version]
    grants = [grant for one in stale for grant in one.follow(thresholds, effective_from)]
    publish_grants(tx, grants, None)
    await store.store_members(tx.conn, stale)
    await store_grants(tx, grants)
    whole = len(members) == REEVALUATION_BATCH_COUNT
    await thresholds_store.store_evaluated(tx.conn, community, members[-1].member_id if whole else None)
    REEVALUATED_MEMBERS.inc(len(stale))
