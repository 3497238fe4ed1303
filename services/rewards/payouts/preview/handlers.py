"""Computing what a run would pay, as making it does; nothing is kept, and nothing is reserved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.handlers.young import payable_of
from services.rewards.payouts.domain import Actor, Payout
from services.rewards.payouts.findings import store as finding_store
from services.rewards.payouts.holds import store as hold_store
from services.rewards.payouts.holds.handlers.barring import load_barred_now
from services.rewards.payouts.payees.store import load_addressed
from services.rewards.payouts.policies.handlers import load_in_force
from services.rewards.payouts.preview.store import load_usable
from services.rewards.payouts.runs.domain.rails import NOT_MADE, Rail, why_not_made
from services.rewards.payouts.runs.domain.runs import (
    PayableMember,
    Plan,
    Run,
    accrued,
    fitting_in_file,
    why_held,
)
from services.rewards.payouts.runs.domain.terms import Owing
from services.rewards.payouts.runs.handlers.computing import load_unreached
from services.rewards.payouts.runs.handlers.rails import load_wanted, load_why_not_by
from services.rewards.payouts.runs.handlers.terms import opened
from services.rewards.payouts.runs.store import plans as plan_store
from services.rewards.payouts.sanctions.handlers import load_why_not_whole
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.settings import Settings
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Previewed:
    """A run that nobody made: what it would pay, what would wait and why (`reasons` by payout), who would not fit.

    `stopped` is why it would not go on; `currencies` are all that the programme pays in.
    """

    run: Run
    currencies: Sequence[str]
    paid: Sequence[Payout]
    held: Sequence[Payout]
    reasons: Mapping[str, str]
    stopped: str | None
    left_payable: int
    left_held: int


@dataclass(frozen=True, slots=True)
class PreviewedRail:
    """What a run by a rail would pay, or why none could be made."""

    rail: Rail
    would: Previewed | None
    not_made: str | None = None


async def preview(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    by: Actor,
    now: datetime,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> Previewed:
    """What a run would pay, by bank or a provider, in a currency or the price's. Raises what `opened` does."""
    run, currencies, elsewhere = await opened(
        conn,
        community=community,
        idempotency_key="preview",
        execution_days=settings.payout_execution_days,
        by=by,
        now=now,
        provider=provider,
        currency=currency,
    )
    policy = await load_in_force(conn, community=community, currency=run.terms.currency, now=now)
    refused = [
        *await load_unreached(conn, run),
        *await hold_store.load_held_members(conn, community=community),
        *await finding_store.load_found_members(conn, community=community),
    ]
    most = settings.payouts_per_run_max_count
    plan = await plan_store.load_plan(conn, run, now=now, most=most, refused=refused, elsewhere=elsewhere)
    payouts, over = fitting_in_file(run, await _payouts(conn, run, plan=plan, now=now), taken_minor=0)
    over_payable = sum(payout.is_addressed for payout in over)
    barred = await load_barred_now(conn, payouts, community=community, policy=policy, settings=settings, now=now)
    addressed = await load_addressed(
        conn, community=community, member_ids=[payout.member_id for payout in payouts], provider=provider
    )
    reasons = {
        payout.payout_id: reason
        for payout in payouts
        if (reason := why_held(payout, addressed.get(payout.member_id), barred.get(payout.payout_id))) is not None
    }
    stopped = await load_why_not_whole(conn, community=community)
    return Previewed(
        run=run,
        currencies=currencies,
        paid=[payout for payout in payouts if payout.payout_id not in reasons],
        held=[payout for payout in payouts if payout.payout_id in reasons],
        reasons=reasons,
        stopped=stopped or await load_why_not_by(conn, Rail(provider, run.terms.currency), community=community),
        left_payable=plan.left_payable + over_payable,
        left_held=plan.left_held + len(over) - over_payable,
    )


async def preview_rails(
    conn: Connection, settings: Settings, *, community: str, by: Actor, now: datetime
) -> list[PreviewedRail]:
    """The same by each rail by which somebody is to be paid, that of who chose nothing first.

    A rail of which no run can be made says why, and leaves the others. Raises NoPayableTermsError where the
    programme says nothing of payouts.
    """
    found = []
    for rail in await load_wanted(conn, community=community, now=now):
        try:
            would = await preview(
                conn, settings, community=community, by=by, now=now, provider=rail.provider, currency=rail.currency
            )
        except NOT_MADE as error:
            found.append(PreviewedRail(rail, None, why_not_made(error)))
        else:
            found.append(PreviewedRail(rail, would))
    return found


async def _payouts(conn: Connection, run: Run, *, plan: Plan, now: datetime) -> list[Payout]:
    """The payouts that the run would have, in the order in which it takes them."""
    community, member_ids = run.community, plan.member_ids
    usable = await load_usable(conn, community=community, member_ids=member_ids, now=now)
    owners = {Owner(community, member_id): points for member_id, points in usable.items()}
    payable = await payable_of(conn, owners, earned_until=run.earned_until)
    usable |= {owner.member_id: points for owner, points in payable.items()}
    claims = await plan_store.load_claims(conn, run, member_ids=member_ids)
    addressed = await load_addressed(conn, community=community, member_ids=member_ids, provider=run.provider)
    payouts = []
    for member_id in (one for one in member_ids if one in usable):
        points = usable[member_id]
        claim = claims.get(member_id)
        owing = Owing(points, claim.owed, claim.parts) if claim else Owing(points)
        payout = accrued(run, PayableMember(member_id, owing), addressed.get(member_id), now=now)
        if payout is not None:
            payouts.append(payout)
    return payouts
