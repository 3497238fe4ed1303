"""Who owes points, with the age of it; and the timer that keeps the list short."""

from datetime import datetime, timedelta

from services.rewards.debts import store
from services.rewards.debts.domain import Booked, Debt, DebtPlace, aged
from services.rewards.metrics import DEBTS, DEBTS_OVERDUE
from services.rewards.settings import Settings
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction


async def page_of_debts(
    conn: Connection, *, community: str, now: datetime, after: DebtPlace | None, limit: int, entries_max: int
) -> list[Debt]:
    """Debts by their ages in the community's days, beginning after a place.

    `entries_max` entries of each are looked at: what is older than those is as old as the last of them, at least.
    """
    owing = await store.page_of_owing(conn, community=community, after=after, limit=limit)
    entries = await store.load_newest_entries(
        conn, community=community, account_ids=[one.account_id for one in owing], limit=entries_max
    )
    calendar = await load_calendar(conn, community=community)
    today = calendar.day_of(now)
    debts = []
    for account_id, member_id, points in owing:
        booked = [Booked(calendar.day_of(at), amount) for at, amount in entries.get(account_id, ())]
        debts.append(Debt(account_id, member_id, points, *aged(points, booked, today)))
    return debts


async def tidy_debts(tx: Transaction[Settings]) -> None:
    """Timer: take out of the list who owes nothing any more, and count who does, and for too long."""
    DEBTS.set(await store.delete_paid(tx.conn))
    before = tx.now - timedelta(days=tx.settings.debt_overdue_days)
    DEBTS_OVERDUE.set(await store.count_noted_before(tx.conn, before=before))
