"""Checking the ledger: on demand for one community, and by a timer for all."""

from services.rewards import settings
from services.rewards.ledger.store.check import Findings, check_ledger
from services.rewards.metrics import LEDGER_CHECKED, LEDGER_DIFFERENCES
from shared.transaction import Transaction


async def check_all(tx: Transaction) -> None:
    """Timer: check every community's ledger and show the number of differences as a metric."""
    # The transaction has done nothing yet, so it can still ask to see one moment throughout.
    await tx.conn.execute("set transaction isolation level repeatable read")
    findings: Findings = await check_ledger(tx.conn, None, settings.current().ledger_check_seconds)
    LEDGER_DIFFERENCES.set(findings.differences)
    LEDGER_CHECKED.set(tx.now.timestamp())
