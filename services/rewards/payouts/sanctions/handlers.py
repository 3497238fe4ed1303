"""Loading a sanctions list, and putting it in force by another person."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    as_told,
    decide_as_told,
    propose_approval,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import lock_entries
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.sanctions import store
from services.rewards.payouts.sanctions.domain import (
    SanctionsEntry,
    SanctionsKey,
    SanctionsList,
    UnknownSanctionsListError,
)
from services.rewards.settings import Settings
from shared.audit import Did
from shared.contracts.facts import SANCTIONS_LIST_CHANGED, SanctionsListChanged, SanctionsListData
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.SANCTIONS_LIST


async def propose_list(
    tx: Transaction[Settings],
    entries: Sequence[SanctionsEntry],
    *,
    keys: Sequence[SanctionsKey],
    community: str,
    key: str,
    title: str,
    sha256: str,
    by: Author,
) -> SanctionsList:
    """Load a list; it is in force once another person approves it. Raises TooManyWaitingError."""
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    list_id = derived_id(f"{community}|sanctions list|{key}")
    known = await store.find_list(tx.conn, community=community, list_id=list_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is loaded once.
        tx.did(_entry("propose", known, before=known))
        return known
    most = tx.settings.sanctions_lists_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    loaded = SanctionsList(community, list_id, title, sha256, len(entries), approval)
    await store.add_list(tx.conn, loaded, entries=entries, keys=keys)
    _tell(tx, loaded)
    tx.did(_entry("propose", loaded))
    return loaded


async def approve_list(tx: Transaction[Settings], *, community: str, list_id: str, by: Author) -> SanctionsList:
    """Put a list in force that another person loaded, in place of the one before; again changes nothing.

    Raises UnknownSanctionsListError, SamePersonError, and DecidedError when it was withdrawn or who loaded it may
    not do so any more.
    """
    before = await _lock(tx, community=community, list_id=list_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=list_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        await store.delete_keys_of_others(tx.conn, after)
        await store.delete_entries_before(
            tx.conn, community=community, kept_count=tx.settings.sanctions_lists_kept_count
        )
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_list(tx: Transaction, *, community: str, list_id: str, by: Author) -> SanctionsList:
    """Have a list never come into force, and forget its entries; again changes nothing.

    Raises UnknownSanctionsListError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, list_id=list_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=list_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        await store.delete_entries(tx.conn, after)
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def load_list(conn: Connection, *, community: str, list_id: str) -> SanctionsList:
    """A list. Raises UnknownSanctionsListError when there is none."""
    found = await store.find_list(conn, community=community, list_id=list_id)
    if found is None:
        raise UnknownSanctionsListError
    return found


async def _lock(tx: Transaction, *, community: str, list_id: str) -> SanctionsList:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await load_list(tx.conn, community=community, list_id=list_id)


def _entry(verb: str, after: SanctionsList, *, before: SanctionsList | None = None) -> Did:
    said: dict[str, Any] = {"state": after.approval.state}
    if verb == "propose":
        said |= {"sha256": after.sha256, "entries_count": after.entries_count}
    was = None if before is None else {"state": before.approval.state}
    return Did(f"sanctions_list.{verb}", "sanctions_list", after.list_id, before=was, after=said)


def _tell(tx: Transaction, loaded: SanctionsList) -> None:
    data: SanctionsListData = {
        "list_id": loaded.list_id,
        "title": loaded.title,
        "sha256": loaded.sha256,
        "entries_count": loaded.entries_count,
        **told(loaded.approval),
    }
    tx.tell(
        PAYOUTS,
        SANCTIONS_LIST_CHANGED,
        fact_id=derived_id(f"{loaded.community}|sanctions list|{loaded.list_id}|{loaded.approval.state}"),
        community=loaded.community,
        subject=loaded.list_id,
        data=data,
    )


async def on_lists_told(tx: Transaction, facts: list[SanctionsListChanged]) -> None:
    """Take in the lists that the database has forgotten, and what was decided of them.

    Names are told to nobody. A forgotten list that is in force has none then: nothing is paid before it is loaded
    again (`load_why_not_whole`).
    """
    communities: set[str] = set()
    for fact in facts:
        community, data = fact["community"], fact["data"]
        approval = await as_told(tx, data, subject=_SUBJECT, community=community)
        known = await store.find_list(tx.conn, community=community, list_id=data["list_id"])
        if known is None:
            waiting = _list_told(community, data, replace(approval, state=ApprovalState.PROPOSED))
            await store.add_list(tx.conn, waiting, entries=(), keys=())
        before = None if known is None else known.approval
        await decide_as_told(tx, approval, known=before, community=community, entry_id=data["list_id"])
        communities.add(community)
        if approval.state is ApprovalState.WITHDRAWN:
            await store.delete_entries(tx.conn, _list_told(community, data, approval))
    for community in sorted(communities):
        # Lists come in any order, and keys of the one in force alone are needed.
        in_force = await store.find_list_in_force(tx.conn, community=community)
        if in_force is not None:
            await store.delete_keys_of_others(tx.conn, in_force)


async def load_why_not_whole(conn: Connection, *, community: str) -> str | None:
    """Why nobody's name can be compared with the list in force: a restore forgot its names. None where it can."""
    in_force = await store.find_list_in_force(conn, community=community)
    if in_force is None or await store.has_entries(conn, in_force):
        return None
    return f"the names of the sanctions list in force ({in_force.title}) were lost: load its file again"


def _list_told(community: str, data: SanctionsListData, approval: Approval) -> SanctionsList:
    return SanctionsList(
        community, data["list_id"], data["title"], data["sha256"], data["entries_count"], approval
    )


READ_BACK = (ReadBack((PAYOUTS,), SANCTIONS_LIST_CHANGED.adapter, on_lists_told, (SANCTIONS_LIST_CHANGED.name,)),)
