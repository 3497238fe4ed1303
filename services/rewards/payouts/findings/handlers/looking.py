"""Looking at payouts by a policy and a sanctions list, and noting what was found."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from services.rewards.metrics import PAYOUT_FINDINGS, PAYOUT_FINDINGS_WAIT_SECONDS
from services.rewards.payouts.attestations.domain import OnFile
from services.rewards.payouts.attestations.store import load_on_file
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings import store
from services.rewards.payouts.findings.domain import Beside, Check, Finding, Found, findings_of, listed_of
from services.rewards.payouts.findings.handlers.addressees import (
    Addressees,
    load_addressees,
    load_payers,
    load_sharing,
)
from services.rewards.payouts.policies.domain import PayoutPolicy
from services.rewards.payouts.sanctions.domain import ListedNames
from services.rewards.payouts.sanctions.store import load_listed, lock_list_to_look, set_looked
from services.rewards.payouts.store import lock_runs
from services.rewards.settings import Settings
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction


class _OfAccounts(TypedDict):
    community: str
    settings: Settings


async def look(
    conn: Connection,
    payouts: Sequence[Payout],
    *,
    community: str,
    policy: PayoutPolicy | None,
    settings: Settings,
    now: datetime,
) -> Found:
    """What the checks of a policy for their currency, and the sanctions list in force, find of payouts.

    These are of one community and currency, and need not be there yet. Where there is a policy or a list, one
    whose account no key opens waits until one does.
    """
    to = await load_addressees(conn, payouts, community=community, settings=settings)
    found: list[Finding] = []
    if policy is not None:
        found += await _by_policy(conn, payouts, to=to, policy=policy, settings=settings, now=now)
    listed = await load_listed(conn, {one.name for one in to.paid_to.values()}, community=community)
    if listed is not None:
        found += _by_list(payouts, to, listed=listed, now=now)
    unopened = () if policy is None and listed is None else to.unopened
    return Found.of(await _cleared(conn, found, payouts=payouts), unopened=unopened)


async def _by_policy(
    conn: Connection,
    payouts: Sequence[Payout],
    *,
    to: Addressees,
    policy: PayoutPolicy,
    settings: Settings,
    now: datetime,
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
        of_accounts: _OfAccounts = {"community": policy.community, "settings": settings}
        sharing = await load_sharing(conn, payouts, addressees=to, **of_accounts)
        paying = await load_payers(conn, payouts, addressees=to, **of_accounts)
    found: list[Finding] = []
    for payout in payouts:
        beside = Beside(
            to.paid_to.get(payout.payout_id),
            others.get(payout.payout_id, 0),
            sharing.get(payout.payout_id, 0),
            payout.payout_id in paying,
            on_file.get(payout.payout_id, OnFile()),
        )
        found += findings_of(payout, policy, beside=beside, year=year, now=now)
    return found


def _by_list(payouts: Sequence[Payout], to: Addressees, *, listed: ListedNames, now: datetime) -> list[Finding]:
    return [
        finding
        for payout in payouts
        for finding in listed_of(payout, listed, paid_to=to.paid_to.get(payout.payout_id), now=now)
    ]


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
    to = await load_addressees(tx.conn, payouts, community=loaded.community, settings=tx.settings)
    names = {one.name for one in to.paid_to.values()}
    listed = await load_listed(tx.conn, names, community=loaded.community)
    found = [] if listed is None else _by_list(payouts, to, listed=listed, now=tx.now)
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
