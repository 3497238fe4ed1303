"""What is told of wallets: to whoever follows them, and to their owners when one gets low."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.wallets.domain.decisions import Decision
from services.rewards.wallets.domain.wallets import Move, Wallet
from shared.access_keys import load_own
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    WALLET_CHANGED,
    WALLET_DECISION_CHANGED,
    WALLET_MOVED,
    MessageRequestedData,
    WalletData,
    WalletDecisionData,
    WalletMoveData,
)
from shared.currencies import decimal_amount
from shared.topics import MESSAGES, WALLETS
from shared.transaction import Transaction

POINTS = "PTS"


async def tell_wallet(tx: Transaction, wallet: Wallet, *, available: int) -> None:
    """Tell how a wallet is now; its owners are written to when it got low."""
    data: WalletData = {
        "wallet_id": wallet.wallet_id,
        "root_id": wallet.root_id,
        "revision": wallet.revision,
        "depth": wallet.depth,
        "purpose": wallet.purpose.value,
        "title": wallet.title,
        "currency": wallet.currency,
        "state": wallet.state.value,
        "is_low": wallet.is_low,
        "available": available,
        "owner_person_ids": list(wallet.owner_person_ids),
        "created_at": wallet.created_at,
        "by": wallet.changed_by.credential,
    }
    if wallet.changed_by.person_id is not None:
        data["person_id"] = wallet.changed_by.person_id
    if wallet.parent_id is not None:
        data["parent_id"] = wallet.parent_id
    if wallet.campaign_id is not None:
        data["campaign_id"] = wallet.campaign_id
    if wallet.low_amount is not None:
        data["low_amount"] = wallet.low_amount
    # All of a tree on one key: what one wallet gives another is told in the order in which it was booked.
    tx.tell(
        WALLETS,
        WALLET_CHANGED,
        fact_id=wallet.fact_id,
        community=wallet.community,
        subject=wallet.root_id,
        data=data,
    )
    if wallet.is_low:
        await _write_to_owners(tx, wallet, available=available)


async def _write_to_owners(tx: Transaction, wallet: Wallet, *, available: int) -> None:
    """Once for each time that it gets low: to each person who owns it and is a member, under one of their ids."""
    for person_id in wallet.owner_person_ids:
        members = sorted(await load_own(tx.conn, community=wallet.community, person_id=person_id))
        if not members:
            continue
        request_id = derived_id(f"{wallet.fact_id}|{person_id}")
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": "wallet_low",
            "member_id": members[0],
            "values": {"title": wallet.title, "amount": amount_text(available, wallet.currency)},
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=wallet.community,
            subject=members[0],
            data=data,
        )


def amount_text(amount: int, currency: str) -> str:
    """Points or money as a message says it: 1200 PTS, 95.00 EUR."""
    return f"{amount if currency == POINTS else decimal_amount(amount, currency)} {currency}"


def tell_moves(
    tx: Transaction, moves: Sequence[Move], *, wallets: Mapping[str, Wallet], until: Mapping[str, datetime]
) -> None:
    """Tell what moved in wallets."""
    for move in moves:
        wallet = wallets[move.wallet_id]
        data: WalletMoveData = {
            "move_id": move.move_id,
            "kind": move.kind.value,
            "wallet_id": move.wallet_id,
            "amount": move.amount,
            "currency": wallet.currency,
            "transfer_id": move.transfer_id,
            "by": move.moved_by.credential,
        }
        if move.moved_by.person_id is not None:
            data["person_id"] = move.moved_by.person_id
        if move.to_wallet_id is not None:
            data["to_wallet_id"] = move.to_wallet_id
        if move.reservation_id is not None and move.used_for is not None:
            data["reservation_id"] = move.reservation_id
            data["used_for"] = move.used_for.value
            if move.reservation_id in until:
                data["expires_at"] = until[move.reservation_id]
        if move.decision_id is not None:
            data["decision_id"] = move.decision_id
        tx.tell(
            WALLETS,
            WALLET_MOVED,
            fact_id=move.move_id,
            community=wallet.community,
            subject=wallet.root_id,
            data=data,
        )


def tell_decision(tx: Transaction, decision: Decision, *, root_id: str) -> None:
    """Tell what somebody proposed of a wallet, or decided."""
    proposal = decision.proposal
    data: WalletDecisionData = {
        "decision_id": decision.decision_id,
        "wallet_id": decision.wallet_id,
        "kind": proposal.kind.value,
        "state": decision.state.value,
        "reason": proposal.reason,
        "proposed_at": decision.proposed_at,
        "proposed_by": decision.proposed_by.credential,
    }
    if decision.proposed_by.person_id is not None:
        data["proposed_by_person"] = decision.proposed_by.person_id
    if decision.decided_by is not None and decision.decided_at is not None:
        data["decided_at"] = decision.decided_at
        data["by"] = decision.decided_by.credential
        if decision.decided_by.person_id is not None:
            data["person_id"] = decision.decided_by.person_id
    if proposal.to_wallet_id is not None:
        data["to_wallet_id"] = proposal.to_wallet_id
    if proposal.amount is not None:
        data["amount"] = proposal.amount
    if proposal.spends is not None:
        data["spends"] = proposal.spends.value
    if proposal.reward_id is not None:
        data["reward_id"] = proposal.reward_id
    if proposal.unit_cost is not None:
        data["unit_cost"] = proposal.unit_cost
    tx.tell(
        WALLETS,
        WALLET_DECISION_CHANGED,
        fact_id=decision.fact_id,
        community=decision.community,
        subject=root_id,
        data=data,
    )
