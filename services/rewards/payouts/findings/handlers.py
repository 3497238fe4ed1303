"""Looking at payouts by a policy, and noting what was found."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.metrics import PAYOUT_FINDINGS, PAYOUT_FINDINGS_WAIT_SECONDS
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings import store
from services.rewards.payouts.findings.domain import Check, Found, findings_of
from services.rewards.payouts.policies.domain import PayoutPolicy
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction


async def look(conn: Connection, payouts: Sequence[Payout], *, policy: PayoutPolicy, now: datetime) -> Found:
    """What the checks of a policy find of payouts of its community and currency, which need not be there yet."""
    calendar = await load_calendar(conn, community=policy.community)
    year = calendar.day_of(now).year
    others: dict[str, int] = {}
    if policy.terms.counts_years:
        others = await store.load_others(conn, payouts, calendar=calendar, now=now)
    return Found.of(
        finding
        for payout in payouts
        for finding in findings_of(
            payout, policy, others_minor=others.get(payout.payout_id, 0), year=year, now=now
        )
    )


async def note(tx: Transaction, found: Found) -> None:
    """Keep what was found of payouts that are there; of each check the newest finding stands."""
    if found.findings:
        await store.put_findings(tx.conn, found.findings)


async def count_findings(tx: Transaction) -> None:
    """Timer: show how many payouts each check keeps back, and for how long the first of them has waited."""
    counts = await store.count_waiting(tx.conn)
    for check in Check:
        if check.stops:
            count, since = counts.get(check, (0, None))
            PAYOUT_FINDINGS.labels(check).set(count)
            PAYOUT_FINDINGS_WAIT_SECONDS.labels(check).set(
                0 if since is None else (tx.now - since).total_seconds()
            )
