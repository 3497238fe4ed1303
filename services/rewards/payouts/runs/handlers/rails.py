"""Which rails of a community have somebody to pay: one schedule, and one preview, is of all of them."""

from datetime import datetime

from services.rewards.payouts.runs.domain.rails import NoPayableTermsError, Rail, payable_terms, rails_of, wanted
from services.rewards.payouts.runs.store.plans import load_chosen
from services.rewards.programmes.store import find_in_force
from services.rewards.providers.store.accounts import load_accounts
from shared.postgres import Connection


async def load_rails(conn: Connection, *, community: str, now: datetime) -> list[Rail]:
    """All rails of the programme in force, the one of who chose nothing first.

    Raises NoPayableTermsError where it says nothing of payouts.
    """
    _, payout = payable_terms(await find_in_force(conn, community=community, now=now))
    return rails_of(payout)


async def load_wanted(conn: Connection, *, community: str, now: datetime) -> list[Rail]:
    """Those by which somebody with points wants to be paid. Raises what load_rails does."""
    rails = await load_rails(conn, community=community, now=now)
    return wanted(rails, await load_chosen(conn, community=community))


async def load_why_not_by(conn: Connection, rail: Rail, *, community: str) -> str | None:
    """Why nobody is paid by a rail: the community has no account at the provider. None where it has."""
    if rail.provider is None:
        return None
    accounts = await load_accounts(conn, community=community)
    if any(account.is_connected and account.provider is rail.provider for account in accounts):
        return None
    return f"the community has no account at {rail.provider}: connect one, or have its members choose otherwise"


async def check_payable_by(conn: Connection, rail: Rail, *, community: str) -> None:
    """Check that a rail can pay anybody. Raises NoPayableTermsError where it cannot."""
    reason = await load_why_not_by(conn, rail, community=community)
    if reason is not None:
        raise NoPayableTermsError(reason)
