"""Telling of what is attested, and taking in again what was told of it.

Neither what a form is called nor an age is told: a topic is for ever. A form that a restored database has
forgotten holds again, without its name. An age that it has forgotten is noted again by somebody: until then
payouts wait.
"""

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.attestations import store
from services.rewards.payouts.attestations.domain import Attestation, AttestationKind, Attested
from services.rewards.payouts.domain import Actor
from shared.contracts.facts import (
    PAYEE_ATTESTATION_CHANGED,
    PayeeAttestationChanged,
    PayeeAttestationData,
)
from shared.own_facts import ReadBack, note_not_rebuilt
from shared.topics import PAYOUTS
from shared.transaction import Transaction


def tell(tx: Transaction, attestation: Attestation) -> None:
    """Tell that something is attested of a member, or holds no more."""
    said = attestation.said
    data: PayeeAttestationData = {
        "attestation_id": attestation.attestation_id,
        "member_id": attestation.member_id,
        "kind": said.kind.value,
        "noted_at": attestation.noted_at,
        "noted_by": attestation.noted_by.credential,
    }
    if attestation.noted_by.person_id is not None:
        data["noted_by_person"] = attestation.noted_by.person_id
    if said.received_on is not None:
        data["received_on"] = said.received_on
    if said.valid_until is not None:
        data["valid_until"] = said.valid_until
    if said.country is not None:
        data["country"] = said.country
    state = "noted"
    if attestation.withdrawn_at is not None and attestation.withdrawn_by is not None:
        state = "withdrawn"
        data["withdrawn_at"] = attestation.withdrawn_at
        data["by"] = attestation.withdrawn_by.credential
        if attestation.withdrawn_by.person_id is not None:
            data["person_id"] = attestation.withdrawn_by.person_id
    tx.tell(
        PAYOUTS,
        PAYEE_ATTESTATION_CHANGED,
        fact_id=derived_id(f"payee attestation|{attestation.attestation_id}|{state}"),
        community=attestation.community,
        subject=attestation.member_id,
        data=data,
    )


async def on_attestations_told(tx: Transaction, facts: list[PayeeAttestationChanged]) -> None:
    """Take in what the database has forgotten, and what holds no more of what it knows."""
    for fact in facts:
        told = _of(fact)
        known = await store.find_attestation(tx.conn, community=told.community, attestation_id=told.attestation_id)
        if known is None and told.said.kind is AttestationKind.TAX_FORM:
            await store.add_attestation(tx.conn, told)
        elif known is None:
            if told.withdrawn_at is None:
                await note_not_rebuilt(
                    tx,
                    community=told.community,
                    subject=f"age of member {told.member_id}",
                    reason="no topic says how old anybody is: whoever has seen it notes it again",
                )
            continue
        if told.withdrawn_at is not None:
            await store.set_withdrawn(tx.conn, told)


def _of(fact: PayeeAttestationChanged) -> Attestation:
    data = fact["data"]
    withdrawn_at, kind = data.get("withdrawn_at"), AttestationKind(data["kind"])
    return Attestation(
        community=fact["community"],
        attestation_id=data["attestation_id"],
        member_id=data["member_id"],
        said=Attested(
            kind,
            form="" if kind is AttestationKind.TAX_FORM else None,
            received_on=data.get("received_on"),
            valid_until=data.get("valid_until"),
            country=data.get("country"),
        ),
        noted_at=data["noted_at"],
        noted_by=Actor(data.get("noted_by_person"), data["noted_by"]),
        withdrawn_at=withdrawn_at,
        withdrawn_by=Actor(data.get("person_id"), data.get("by", "")) if withdrawn_at is not None else None,
    )


READ_BACK = (
    ReadBack(
        (PAYOUTS,),
        PAYEE_ATTESTATION_CHANGED.adapter,
        on_attestations_told,
        (PAYEE_ATTESTATION_CHANGED.name,),
        after_inputs=True,
    ),
)
