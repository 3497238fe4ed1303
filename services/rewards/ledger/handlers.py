"""Checking the ledger of every community, by a timer."""

from services.rewards.ledger.store.check import check_ledger, see_one_moment
from services.rewards.metrics import LEDGER_CHECKED, LEDGER_DIFFERENCES
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def check_all(tx: Transaction[Settings]) -> None:
    """Timer: check every community's ledger and show the number of differences as a metric."""
    await see_one_moment(tx.conn)
    findings = await check_ledger(tx.conn, community=None, timeout_seconds=tx.settings.ledger_check_seconds)
    LEDGER_DIFFERENCES.set(findings.differences)
    LEDGER_CHECKED.set(tx.now.timestamp())
