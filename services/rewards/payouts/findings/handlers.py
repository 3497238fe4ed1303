"""Looking at payouts by a policy and a sanctions list, and noting what was found."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.rewards.metrics import PAYOUT_FINDINGS, PAYOUT_FINDINGS_WAIT_SECONDS
from services.rewards.payouts.attestations.domain import OnFile
from services.rewards.payouts.attestations.store import load_on_file
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings import store
from services.rewards.payouts.findings.domain import Beside, Check, Finding, Found, findings_of, listed_of
from services.rewards.payouts.links.store import load_paying
from services.rewards.payouts.policies.domain import PayoutPolicy
from services.rewards.payouts.sanctions.store import load_listed, lock_list_to_look, set_looked
from services.rewards.payouts.store import lock_runs
from services.rewards.settings import Settings
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction


async def look(
    conn: Connection, payouts: Sequence[Payout], *, community: str, policy: PayoutPolicy | None, now: datetime
) -> Found:
    """What the checks of a policy for their currency, and the sanctions list in force, find of payouts.

    These are of one community and currency, and need not be there yet.
    """
    found = [] if policy is None else await _by_policy(conn, payouts, policy=policy, now=now)
    found += await _by_list(conn, payouts, community=community, now=now)
    return Found.of(await _cleared(conn, found, payouts=payouts))


async def _by_policy(
    conn: Connection, payouts: Sequence[Payout], *, policy: PayoutPolicy, now: datetime
) -> list[Finding]:
    calendar = await load_calendar(conn, community=policy.community)
    year = calendar.day_of(now).year
    on_file: dict[str, OnFile] = {}
    if policy.terms.asks_what_is_on_file:
        on_file = await load_on_file(conn, payouts, day=calendar.day_of(now))
    others: dict[str, int] = {}
    sharing: dict[str, int] = {}
    paying: set[str] = set()
    if policy.terms.counts_years:
        others = await store.load_others(conn, payouts, calendar=calendar, now=now)
    if policy.terms.stops_shared_accounts:
        sharing = await store.load_sharing(conn, payouts)
        ibans = {payout.payee.iban for payout in payouts if payout.payee}
        paying = await load_paying(conn, community=policy.community, ibans=ibans)
    found: list[Finding] = []
    for payout in payouts:
        is_payer = payout.payee is not None and payout.payee.iban in paying
        beside = Beside(
            others.get(payout.payout_id, 0),
            sharing.get(payout.payout_id, 0),
            is_payer,
            on_file.get(payout.payout_id, OnFile()),
        )
        found += findings_of(payout, policy, beside=beside, year=year, now=now)
    return found


async def _by_list(conn: Connection, payouts: Sequence[Payout], *, community: str, now: datetime) -> list[Finding]:
    names = {payout.payee.name for payout in payouts if payout.payee}
    listed = await load_listed(conn, names, community=community)
    return [] if listed is None else [one for payout in payouts for one in listed_of(payout, listed, now=now)]


async def _cleared(conn: Connection, found: Sequence[Finding], *, payouts: Sequence[Payout]) -> list[Finding]:
    """The findings, with what two people let pass of them."""
    of_found = {one.payout_id for one in found if one.check.stops}
    if not of_found:
        return list(found)
    some = [payout for payout in payouts if payout.payout_id in of_found]
    cleared = await store.load_cleared(conn, some)
    return [
        replace(one, clearance_id=cleared.get((one.payout_id, one.check, one.basis))) if one.check.stops else one
        for one in found
    ]


async def note(tx: Transaction, found: Found) -> None:
    """Keep what was found of payouts that are there; of each check the newest finding stands."""
    if found.findings:
        await store.put_findings(tx.conn, found.findings)


async def look_by_new_lists(tx: Transaction[Settings]) -> None:
    """Timer: look at the next payouts on their way by a list that came into force; by another the next time.

    What is found keeps a payout back when its run is approved or filed, which look again; it is shown from now on.
    """
    loaded = await lock_list_to_look(tx.conn)
    if loaded is None:
        return
    # Whoever works at payouts has locked runs first.
    await lock_runs(tx.conn, loaded.community)
    most = tx.settings.sanctions_looked_at_once_max_count
    payouts = await store.page_before_the_bank(
        tx.conn, community=loaded.community, after=loaded.looked_after, limit=most
    )
    found = await _by_list(tx.conn, payouts, community=loaded.community, now=tx.now)
    await note(tx, Found.of(await _cleared(tx.conn, found, payouts=payouts)))
    after = payouts[-1].payout_id if payouts else loaded.looked_after
    await set_looked(tx.conn, loaded, after=after, now=tx.now, is_done=len(payouts) < most)


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
