"""What is checked when an entry is proposed, approved or withdrawn, in one order; and how that is told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from services.rewards.approvals import store
from services.rewards.approvals.domain import (
    Approval,
    ApprovalState,
    Author,
    DecidedError,
    Subject,
    TooManyWaitingError,
    proposed,
)
from shared.access_keys import Scope, find_person
from shared.access_keys.standing import load_standings
from shared.contracts.facts import DecisionOfTwo
from shared.postgres import Connection
from shared.transaction import Transaction

Entry = TypeVar("Entry")


class HasApproval(Protocol):
    """An entry of any kind, as its store finds it."""

    @property
    def approval(self) -> Approval: ...


async def propose_approval(
    tx: Transaction, subject: Subject, *, community: str, by: Author, waiting_max_count: int
) -> Approval:
    """The approval of a new entry; its kind is locked in the community.

    Raises TooManyWaitingError when as many wait as may.
    """
    if await store.count_waiting(tx.conn, subject=subject, community=community) >= waiting_max_count:
        raise TooManyWaitingError(subject, str(waiting_max_count))
    return proposed(subject, by=by, now=tx.now)


async def approve_approval(
    tx: Transaction, before: Approval, *, community: str, entry_id: str, by: Author
) -> Approval:
    """Keep that another person puts an entry in force, which is locked; `before` itself when that was done.

    Raises SamePersonError, and DecidedError when it was withdrawn or who proposed it may not do so any more.
    """
    after = before.approved(by=by, now=tx.now)
    if after is not before:
        proposer = before.proposed_by
        (standing,) = await load_standings(
            tx.conn, [(proposer.person_id, proposer.credential)], community=community
        )
        reason = standing.why_not_in_person(Scope.PAYOUTS_WRITE)
        if reason is not None:
            raise DecidedError(before.subject, f"who proposed it may not do so any more: {reason}")
        await store.set_approval(tx.conn, after, community=community, entry_id=entry_id)
    return after


async def withdraw_approval(
    tx: Transaction, before: Approval, *, community: str, entry_id: str, by: Author
) -> Approval:
    """Keep that an entry, which is locked, never comes into force; `before` itself when that was done.

    Raises DecidedError when it was approved.
    """
    after = before.withdrawn(by=by, now=tx.now)
    if after is not before:
        await store.set_approval(tx.conn, after, community=community, entry_id=entry_id)
    return after


def told(approval: Approval) -> DecisionOfTwo:
    """An approval as facts say it: names of people are told to nobody."""
    said: DecisionOfTwo = {
        "state": approval.state.value,
        "proposed_at": approval.proposed_at,
        "proposed_by": approval.proposed_by.credential,
    }
    if approval.proposed_by.person_id is not None:
        said["proposed_by_person"] = approval.proposed_by.person_id
    if approval.decided_at is not None and approval.decided_by is not None:
        said["decided_at"] = approval.decided_at
        said["by"] = approval.decided_by.credential
        if approval.decided_by.person_id is not None:
            said["person_id"] = approval.decided_by.person_id
    return said


async def take_in(
    tx: Transaction,
    facts: Sequence[Any],
    *,
    subject: Subject,
    id_field: str,
    find: Callable[..., Awaitable[HasApproval | None]],
    entry_of: Callable[[str, Any, Approval], Entry],
    add: Callable[[Connection, Entry], Awaitable[None]],
) -> None:
    """Take in the entries of a kind that the database has forgotten, and what facts say was decided of them.

    `id_field` names an entry in the facts' data and to `find`; `entry_of` makes one of its community, the data and
    an approval that waits.
    """
    for fact in facts:
        community, data = fact["community"], fact["data"]
        entry_id = data[id_field]
        approval = await as_told(tx, data, subject=subject, community=community)
        known = await find(tx.conn, community=community, **{id_field: entry_id})
        if known is None:
            waiting = replace(approval, state=ApprovalState.PROPOSED)
            await add(tx.conn, entry_of(community, data, waiting))
        before = None if known is None else known.approval
        await decide_as_told(tx, approval, known=before, community=community, entry_id=entry_id)


async def as_told(tx: Transaction, said: DecisionOfTwo, *, subject: Subject, community: str) -> Approval:
    """The approval that a fact says; people have the names that they have now, or their credential's."""
    decided_at, decided_by = said.get("decided_at"), None
    if decided_at is not None:
        decided_by = await author_as_told(
            tx, said.get("person_id"), credential=said.get("by", ""), community=community
        )
    return Approval(
        subject=subject,
        state=ApprovalState(said["state"]),
        proposed_at=said["proposed_at"],
        proposed_by=await author_as_told(
            tx, said.get("proposed_by_person"), credential=said["proposed_by"], community=community
        ),
        decided_at=decided_at,
        decided_by=decided_by,
    )


async def decide_as_told(
    tx: Transaction, approval: Approval, *, known: Approval | None, community: str, entry_id: str
) -> None:
    """Have an entry be what a fact says was decided of it; `known` is what the database knew (None: no entry).

    An entry of which it knows more stays as it is.
    """
    is_waiting = known is None or known.state is ApprovalState.PROPOSED
    if is_waiting and approval.state is not ApprovalState.PROPOSED:
        await store.set_approval(tx.conn, approval, community=community, entry_id=entry_id)


async def author_as_told(tx: Transaction, person_id: str | None, *, credential: str, community: str) -> Author:
    """Who did what a fact says, by the name that they have now, or their credential's."""
    person = await find_person(tx.conn, community=community, person_id=person_id) if person_id else None
    return Author(person_id, person.name if person else credential, credential)
