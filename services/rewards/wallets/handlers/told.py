"""What was told of wallets and a restored database has forgotten, taken in again: wallets, moves, then decisions.

All wallets of a tree are told on one key: a move comes after the one that brought what it moves.
"""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.rewards.ledger.store import entries as ledger_store
from services.rewards.wallets.domain.campaigns import CampaignKey
from services.rewards.wallets.domain.decisions import Decision, DecisionKind, DecisionState, Proposal, Spends
from services.rewards.wallets.domain.reservations import Reservation
from services.rewards.wallets.domain.wallets import (
    Move,
    MoveKind,
    Purpose,
    UsedFor,
    Wallet,
    WalletActor,
    WalletState,
)
from services.rewards.wallets.handlers.deciding import assign
from services.rewards.wallets.store import campaigns as campaign_store
from services.rewards.wallets.store import decisions as decision_store
from services.rewards.wallets.store import wallets as store
from shared.contracts.facts import (
    WALLET_CAMPAIGN_CHANGED,
    WALLET_CHANGED,
    WALLET_DECISION_CHANGED,
    WALLET_MOVED,
    WalletCampaignChanged,
    WalletChanged,
    WalletDecisionChanged,
    WalletMoved,
)
from shared.own_facts import CannotTakeInError, ReadBack
from shared.topics import WALLETS
from shared.transaction import Transaction


async def on_wallets_told(tx: Transaction, facts: list[WalletChanged]) -> None:
    """Make wallets again, each as its newest revision says; those that allot before those that they allot to."""
    for fact in sorted(facts, key=lambda fact: fact["data"]["depth"]):
        await store.put_wallet(tx.conn, _wallet(fact))


async def on_moves_told(tx: Transaction, facts: list[WalletMoved]) -> None:
    """Book what moved in wallets again, in order; what is known stays."""
    for index, fact in enumerate(facts):
        move = _move(fact)
        ids = {one for one in (move.wallet_id, move.to_wallet_id) if one is not None}
        locked = await store.lock_wallets(tx.conn, {(move.community, one) for one in ids})
        wallets = {wallet.wallet_id: wallet for wallet in locked.values()}
        if ids - wallets.keys():
            raise CannotTakeInError(f"something moved in wallet {move.wallet_id}, which was never made", index)
        if not await store.add_moves(tx.conn, [move]):
            continue
        if move.reservation_id is not None and move.used_for is not None:
            await _keep_reservation(tx, move, fact=fact, index=index)
        await ledger_store.post(tx.conn, [move.transfer(fact["time"])], entries=move.entries(wallets), now=tx.now)
        if move.used_for is UsedFor.CAMPAIGN:
            await _paid_again(tx, move, wallet=wallets[move.wallet_id])


async def _keep_reservation(tx: Transaction, move: Move, *, fact: WalletMoved, index: int) -> None:
    if move.reservation_id is None or move.used_for is None:
        return
    if move.kind is MoveKind.RESERVE:
        until = fact["data"].get("expires_at")
        made = Reservation(
            move.community,
            move.reservation_id,
            move.wallet_id,
            move.used_for,
            move.amount,
            move.moved_at,
            until,
        )
        await store.put_reservation(tx.conn, made)
        return
    known = await store.load_reservations(tx.conn, [(move.community, move.reservation_id)])
    if not known:
        raise CannotTakeInError(f"nothing was set aside under {move.reservation_id}", index)
    await store.put_reservation(tx.conn, known[0].moved(move.kind, move.amount))


async def _paid_again(tx: Transaction, move: Move, *, wallet: Wallet) -> None:
    """Count what a wallet paid of its campaign, or got back: it is not paid twice."""
    points = {MoveKind.POST: move.amount, MoveKind.REFUND: -move.amount}.get(move.kind)
    if points is None or wallet.campaign_id is None:
        return
    key = CampaignKey(move.community, wallet.campaign_id)
    campaign = (await campaign_store.lock_campaigns(tx.conn, [key]))[key]
    await campaign_store.put_campaigns(tx.conn, [campaign.paid(points)])


async def on_campaigns_told(tx: Transaction, facts: list[WalletCampaignChanged]) -> None:
    """Take in which wallet pays a campaign, and what that may come to; what it awarded is read again."""
    for fact in facts:
        data = fact["data"]
        key = CampaignKey(fact["community"], data["campaign_id"])
        known = (await campaign_store.lock_campaigns(tx.conn, [key]))[key]
        if data["revision"] > known.revision:
            told = replace(
                known,
                wallet_id=data.get("wallet_id"),
                free_points=data["free_points"],
                limit_points=data.get("limit_points"),
                revision=data["revision"],
            )
            await campaign_store.put_campaigns(tx.conn, [told])


async def on_decisions_told(tx: Transaction, facts: list[WalletDecisionChanged]) -> None:
    """Take in decisions again; what is paid from which wallet follows from those that were confirmed, in order."""
    for index, fact in enumerate(facts):
        decision = _decision(fact)
        key = {"community": decision.community, "decision_id": decision.decision_id}
        wallet = await store.find_wallet(tx.conn, community=decision.community, wallet_id=decision.wallet_id)
        if wallet is None:
            raise CannotTakeInError(f"wallet {decision.wallet_id} was never made", index)
        if not await decision_store.add_decision(tx.conn, decision):
            known = await decision_store.lock_decision(tx.conn, **key)
            if known is None or known.state is not DecisionState.PROPOSED or known.state is decision.state:
                continue
            await decision_store.set_decision(tx.conn, decision)
        if decision.state is not DecisionState.CONFIRMED:
            continue
        if decision.proposal.kind is DecisionKind.CLOSE:
            await decision_store.delete_assignments(
                tx.conn, community=decision.community, wallet_id=decision.wallet_id
            )
        await assign(tx, decision, wallet=wallet)


def _wallet(fact: WalletChanged) -> Wallet:
    data = fact["data"]
    return Wallet(
        community=fact["community"],
        wallet_id=data["wallet_id"],
        parent_id=data.get("parent_id"),
        root_id=data["root_id"],
        depth=data["depth"],
        purpose=Purpose(data["purpose"]),
        campaign_id=data.get("campaign_id"),
        title=data["title"],
        currency=data["currency"],
        state=WalletState(data["state"]),
        low_amount=data.get("low_amount"),
        is_low=data["is_low"],
        owner_person_ids=tuple(data["owner_person_ids"]),
        revision=data["revision"],
        created_at=data["created_at"],
        changed_at=fact["time"],
        changed_by=WalletActor(data.get("person_id"), data["by"]),
    )


def _move(fact: WalletMoved) -> Move:
    data = fact["data"]
    return Move(
        community=fact["community"],
        move_id=data["move_id"],
        kind=MoveKind(data["kind"]),
        wallet_id=data["wallet_id"],
        amount=data["amount"],
        moved_at=fact["time"],
        moved_by=WalletActor(data.get("person_id"), data["by"]),
        to_wallet_id=data.get("to_wallet_id"),
        reservation_id=data.get("reservation_id"),
        used_for=UsedFor(data["used_for"]) if "used_for" in data else None,
        decision_id=data.get("decision_id"),
    )


def _decision(fact: WalletDecisionChanged) -> Decision:
    data = fact["data"]
    return Decision(
        community=fact["community"],
        decision_id=data["decision_id"],
        wallet_id=data["wallet_id"],
        proposal=Proposal(
            kind=DecisionKind(data["kind"]),
            reason=data["reason"],
            to_wallet_id=data.get("to_wallet_id"),
            amount=data.get("amount"),
            spends=Spends(data["spends"]) if "spends" in data else None,
            reward_id=data.get("reward_id"),
            unit_cost=data.get("unit_cost"),
        ),
        state=DecisionState(data["state"]),
        proposed_at=data["proposed_at"],
        proposed_by=WalletActor(data.get("proposed_by_person"), data["proposed_by"]),
        decided_at=data.get("decided_at"),
        decided_by=WalletActor(data.get("person_id"), data["by"]) if "by" in data else None,
    )


_OWN: TypeAdapter[Any] = TypeAdapter(
    Annotated[WalletChanged | WalletMoved | WalletDecisionChanged | WalletCampaignChanged, Discriminator("type")]
)
#: In this order: what moves needs its wallets, and so does what was decided.
READ_BACK = (
    ReadBack((WALLETS,), _OWN, on_wallets_told, (WALLET_CHANGED.name,)),
    ReadBack((WALLETS,), _OWN, on_moves_told, (WALLET_MOVED.name,)),
    ReadBack((WALLETS,), _OWN, on_campaigns_told, (WALLET_CAMPAIGN_CHANGED.name,)),
    ReadBack((WALLETS,), _OWN, on_decisions_told, (WALLET_DECISION_CHANGED.name,)),
)
