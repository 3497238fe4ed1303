"""Noting what is on file of a payee, and that it holds no more."""

from typing import Any
from uuid import uuid4

from services.rewards.payouts.attestations import store
from services.rewards.payouts.attestations.domain import (
    Attestation,
    Attested,
    TooManyAttestationsError,
    UnknownAttestationError,
)
from services.rewards.payouts.attestations.handlers import told
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.store import lock_runs
from services.rewards.settings import Settings
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.followed_communities import load_calendar
from shared.transaction import Transaction


async def attest(
    tx: Transaction[Settings], said: Attested, *, community: str, member_id: str, by: Actor
) -> Attestation:
    """Note what somebody attests of a member; return it. What stands already, said again, is the answer.

    The next run looks anew at who waits for it. Whoever notes it has a hand in what is paid then. Raises
    AboutYourselfError, and TooManyAttestationsError when as many hold of the member as may.
    """
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=[member_id])
    # Whoever approves a run has this lock, too: a hand in it is seen, or comes after and does not count for it.
    await lock_runs(tx.conn, community)
    most = tx.settings.payee_attestations_per_member_max_count
    calendar = await load_calendar(tx.conn, community=community)
    holding = await store.load_holding(
        tx.conn, community=community, member_id=member_id, day=calendar.day_of(tx.now), limit=most
    )
    for known in holding:
        if known.said == said:
            tx.did(_did("note", known))
            return known
    if len(holding) >= most:
        raise TooManyAttestationsError(most)
    noted_at = await store.load_moment(tx.conn, community=community)
    attestation = Attestation(community, str(uuid4()), member_id, said, noted_at, by)
    await store.add_attestation(tx.conn, attestation)
    told.tell(tx, attestation)
    tx.did(_did("note", attestation))
    return attestation


async def withdraw(tx: Transaction, *, community: str, attestation_id: str, by: Actor) -> Attestation:
    """Say that an attestation holds no more; again changes nothing. Return it.

    A payout that is not in a bank file yet waits then, where its policy asks for it. Raises
    UnknownAttestationError, and AboutYourselfError.
    """
    found = await _find(tx, community=community, attestation_id=attestation_id)
    members = [found.member_id]
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=members)
    await lock_runs(tx.conn, community)
    found = await _find(tx, community=community, attestation_id=attestation_id)
    after = found if found.withdrawn_at is not None else found.withdrawn(by=by, now=tx.now)
    if after is not found:
        await store.set_withdrawn(tx.conn, after)
        told.tell(tx, after)
    tx.did(_did("withdraw", after, before=found))
    return after


async def _find(tx: Transaction, *, community: str, attestation_id: str) -> Attestation:
    found = await store.find_attestation(tx.conn, community=community, attestation_id=attestation_id)
    if found is None:
        raise UnknownAttestationError
    return found


def _did(verb: str, after: Attestation, *, before: Attestation | None = None) -> Did:
    # No word of which form it is, or of an age: that is about somebody, and the audit is kept.
    said: dict[str, Any] = {
        "kind": after.said.kind.value,
        "valid_until": after.said.valid_until.isoformat() if after.said.valid_until else None,
        "country": after.said.country,
        "holds": after.withdrawn_at is None,
    }
    was = None if before is None else {"holds": before.withdrawn_at is None}
    return Did(
        f"payee_attestation.{verb}",
        "payee_attestation",
        after.attestation_id,
        after.member_id,
        before=was,
        after=said,
    )
