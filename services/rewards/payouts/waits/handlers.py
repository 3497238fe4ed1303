"""Looking at whose points are not paid yet, by the terms and the policy of now."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots import store as lot_store
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.preview.store import load_usable
from services.rewards.payouts.runs.domain.runs import Run
from services.rewards.payouts.runs.domain.terms import Owing
from services.rewards.payouts.runs.handlers.terms import opened
from services.rewards.payouts.runs.store import plans as plan_store
from services.rewards.payouts.waits.domain import Held, Wait, waits_of
from shared.postgres import Connection


async def run_of_now(conn: Connection, *, community: str, by: Actor, now: datetime) -> Run:
    """A run as it would be made now, in the currency of the price; it is not kept. Raises NoPayableTermsError."""
    found = await opened(conn, community=community, idempotency_key="now", execution_days=0, by=by, now=now)
    return found.run


async def load_waits(conn: Connection, run: Run, *, member_ids: Sequence[str]) -> list[Wait]:
    """What waits of members that have points, in their order; of one who has none there is nothing."""
    community, now = run.community, run.created_at
    usable = await load_usable(conn, community=community, member_ids=member_ids, now=now)
    owners = [Owner(community, member_id) for member_id in usable]
    until = run.earned_until
    young = {} if until is None else await lot_store.load_young(conn, owners, earned_until=until)
    claims = await plan_store.load_claims(conn, run, member_ids=list(usable))
    members = [
        Held(member_id, usable[member_id], young.get(Owner(community, member_id)))
        for member_id in member_ids
        if usable.get(member_id, 0) > 0
    ]
    owing = {}
    for member in members:
        claim = claims.get(member.member_id)
        points = max(member.available - (member.young.points if member.young else 0), 0)
        owing[member.member_id] = Owing(points, claim.owed, claim.parts) if claim else Owing(points)
    return waits_of(members, owing, run.terms)
