"""Making and changing wallets, and what two people decide of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from services.rewards.metrics import WALLET_DECISIONS_WAITING, WALLETS_LOW
from services.rewards.settings import Settings
from services.rewards.wallets.domain.decisions import (
    Assignment,
    Decision,
    DecisionKind,
    DecisionState,
    Proposal,
    Spends,
    UnknownDecisionError,
    check_proposal,
)
from services.rewards.wallets.domain.wallets import (
    Funds,
    MoveKind,
    Purpose,
    UnknownWalletError,
    Wallet,
    WalletActor,
    WalletRefusedError,
    WalletState,
)
from services.rewards.wallets.handlers.limits import assign_campaign, limit_campaigns
from services.rewards.wallets.handlers.moving import carry_out_moves, note_low
from services.rewards.wallets.handlers.telling import tell_decision, tell_wallet
from services.rewards.wallets.store import decisions as decision_store
from services.rewards.wallets.store import wallets as store
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class WalletTerms:
    """What a wallet that somebody makes is for; `parent_id` allots to it, None begins a tree."""

    title: str
    currency: str
    purpose: Purpose
    campaign_id: str | None
    parent_id: str | None
    low_amount: int | None
    owner_person_ids: tuple[str, ...]


async def make_wallet(tx: Transaction[Settings], terms: WalletTerms, *, community: str, by: WalletActor) -> Wallet:
    """Make an empty wallet.

    Raises UnknownWalletError when there is no such parent, and WalletRefusedError when that is closed or of
    another currency, the tree would be too deep, or the community has as many wallets as it may.
    """
    await store.lock_wallet_tree(tx.conn, community=community)
    settings = tx.settings
    if await store.count_wallets(tx.conn, community=community) >= settings.wallets_max_count:
        raise WalletRefusedError(f"A community has at most {settings.wallets_max_count} wallets")
    parent = None
    if terms.parent_id is not None:
        parent = await store.find_wallet(tx.conn, community=community, wallet_id=terms.parent_id)
        if parent is None:
            raise UnknownWalletError(terms.parent_id)
        parent.check_takes(terms.currency, depth_max=settings.wallets_depth_max_count)
    if terms.campaign_id is not None and terms.purpose is not Purpose.CAMPAIGN:
        raise WalletRefusedError("Only a wallet for a campaign names one")
    wallet_id = str(uuid4())
    wallet = Wallet(
        community=community,
        wallet_id=wallet_id,
        parent_id=terms.parent_id,
        root_id=parent.root_id if parent else wallet_id,
        depth=parent.depth + 1 if parent else 1,
        purpose=terms.purpose,
        campaign_id=terms.campaign_id,
        title=terms.title,
        currency=terms.currency,
        state=WalletState.OPEN,
        low_amount=terms.low_amount,
        is_low=False,
        owner_person_ids=terms.owner_person_ids,
        revision=1,
        created_at=tx.now,
        changed_at=tx.now,
        changed_by=by,
    )
    await store.put_wallet(tx.conn, wallet)
    await tell_wallet(tx, wallet, available=0)
    tx.did(Did("wallet.make", "wallet", wallet_id, after=_said(wallet)))
    return wallet


async def change_wallet(
    tx: Transaction,
    *,
    community: str,
    wallet_id: str,
    title: str,
    low_amount: int | None,
    owner_person_ids: tuple[str, ...],
    by: WalletActor,
) -> Wallet:
    """Call a wallet otherwise, or have others told of when it is low.

    Raises UnknownWalletError, and WalletRefusedError when it is closed.
    """
    wallet = await _lock_open_or_frozen(tx, community=community, wallet_id=wallet_id)
    changed = wallet.changed(
        by=by, now=tx.now, title=title, low_amount=low_amount, owner_person_ids=owner_person_ids
    )
    funds = (await store.load_funds(tx.conn, [wallet]))[wallet_id]
    await store.put_wallet(tx.conn, changed)
    await tell_wallet(tx, changed, available=funds.available)
    await note_low(tx, [changed])
    tx.did(Did("wallet.change", "wallet", wallet_id, before=_said(wallet), after=_said(changed)))
    return changed


async def freeze(tx: Transaction, *, community: str, wallet_id: str, reason: str, by: WalletActor) -> Wallet:
    """Have nothing spent from a wallet until two people open it again; what is set aside may still be spent.

    Raises UnknownWalletError, and WalletRefusedError when it is not open.
    """
    wallet = await _lock_open_or_frozen(tx, community=community, wallet_id=wallet_id)
    if wallet.state is WalletState.FROZEN:
        raise WalletRefusedError(f"The wallet {wallet.title!r} is frozen already")
    frozen = await _become(tx, wallet, state=WalletState.FROZEN, by=by)
    after = {"state": frozen.state.value, "reason": reason}
    tx.did(Did("wallet.freeze", "wallet", wallet_id, before={"state": wallet.state.value}, after=after))
    return frozen


async def propose(
    tx: Transaction[Settings], proposal: Proposal, *, community: str, wallet_id: str, by: WalletActor
) -> Decision:
    """Propose what is to be done with a wallet; nothing is before another person confirms it.

    Raises UnknownWalletError, and WalletRefusedError when it does not fit or too many wait.
    """
    await store.lock_wallet_tree(tx.conn, community=community)
    wallet, to_wallet = await _find_both(tx, proposal, community=community, wallet_id=wallet_id)
    check_proposal(proposal, wallet, to_wallet)
    waiting = await decision_store.count_decisions_waiting(tx.conn, community=community)
    if waiting >= tx.settings.wallet_decisions_waiting_max_count:
        raise WalletRefusedError(f"{waiting} wait for another person already: have some of them decided")
    decision = Decision(
        community=community,
        decision_id=str(uuid4()),
        wallet_id=wallet_id,
        proposal=proposal,
        state=DecisionState.PROPOSED,
        proposed_at=tx.now,
        proposed_by=by,
    )
    await decision_store.add_decision(tx.conn, decision)
    tell_decision(tx, decision, root_id=wallet.root_id)
    tx.did(_did("propose", decision, before=None))
    return decision


async def confirm(tx: Transaction, *, community: str, decision_id: str, by: WalletActor) -> Decision:
    """Do with a wallet what somebody else proposed.

    Raises UnknownDecisionError, WalletFourEyesError when `by` proposed it, WalletExceededError when less is in the
    wallet, and WalletRefusedError when it does not wait or fit any more, or who proposed it may not any more.
    """
    decision = await _lock_decision(tx, community=community, decision_id=decision_id)
    decided = decision.decided(DecisionState.CONFIRMED, by=by, now=tx.now)
    decision.check_another(by)
    (standing,) = await load_standings(tx.conn, [decision.proposed_by], community=community)
    reason = standing.why_not(Scope.PAYOUTS_WRITE)
    if reason is not None:
        raise WalletRefusedError(f"Who proposed it may not do so any more: {reason}; withdraw it")
    await store.lock_wallet_tree(tx.conn, community=community)
    wallet, to_wallet = await _find_both(tx, decision.proposal, community=community, wallet_id=decision.wallet_id)
    ids = {wallet.wallet_id, *([to_wallet.wallet_id] if to_wallet else [])}
    if decision.proposal.kind is DecisionKind.CLOSE and wallet.parent_id is not None:
        ids.add(wallet.parent_id)
    locked = await store.lock_wallets(tx.conn, {(community, one) for one in ids})
    wallets = {wallet.wallet_id: wallet for wallet in locked.values()}
    check_proposal(
        decision.proposal, wallets[wallet.wallet_id], wallets[to_wallet.wallet_id] if to_wallet else None
    )
    await _carry_out(tx, decided, wallets=wallets, by=by)
    await decision_store.set_decision(tx.conn, decided)
    tell_decision(tx, decided, root_id=wallet.root_id)
    tx.did(_did("confirm", decided, before=DecisionState.PROPOSED))
    return decided


async def withdraw(tx: Transaction, *, community: str, decision_id: str, by: WalletActor) -> Decision:
    """Have a proposal come to nothing.

    Raises UnknownDecisionError, and WalletRefusedError when it does not wait any more.
    """
    decision = await _lock_decision(tx, community=community, decision_id=decision_id)
    decided = decision.decided(DecisionState.WITHDRAWN, by=by, now=tx.now)
    wallet = await store.find_wallet(tx.conn, community=community, wallet_id=decision.wallet_id)
    await decision_store.set_decision(tx.conn, decided)
    tell_decision(tx, decided, root_id=wallet.root_id if wallet else decision.wallet_id)
    tx.did(_did("withdraw", decided, before=DecisionState.PROPOSED))
    return decided


async def _carry_out(tx: Transaction, decision: Decision, *, wallets: dict[str, Wallet], by: WalletActor) -> None:
    wallet, proposal = wallets[decision.wallet_id], decision.proposal
    match proposal.kind:
        case DecisionKind.FUND | DecisionKind.WITHDRAW | DecisionKind.TRANSFER:
            await _move(tx, decision, kind=MoveKind(proposal.kind.value), wallets=wallets, by=by)
        case DecisionKind.ASSIGN | DecisionKind.UNASSIGN:
            await assign(tx, decision, wallet=wallet)
            if proposal.spends is Spends.CAMPAIGN:
                await assign_campaign(tx, wallet, is_over=proposal.kind is DecisionKind.UNASSIGN)
        case DecisionKind.THAW:
            await _become(tx, wallet, state=WalletState.OPEN, by=by)
        case DecisionKind.CLOSE:
            await _close(tx, decision, wallets=wallets, by=by)


async def _move(
    tx: Transaction, decision: Decision, *, kind: MoveKind, wallets: dict[str, Wallet], by: WalletActor
) -> None:
    wallet, amount = wallets[decision.wallet_id], decision.proposal.amount or 0
    if kind is not MoveKind.FUND:
        wallet.check_holds((await store.load_funds(tx.conn, [wallet]))[wallet.wallet_id], amount)
    made = decision.move(kind, amount, to_wallet_id=decision.proposal.to_wallet_id, by=by, now=tx.now)
    await carry_out_moves(tx, [made], wallets=wallets)


async def assign(tx: Transaction, decision: Decision, *, wallet: Wallet) -> None:
    """Have something paid from a wallet from now on, or not any more."""
    proposal = decision.proposal
    if proposal.spends is None:
        return
    if proposal.kind is DecisionKind.ASSIGN:
        await decision_store.put_assignment(
            tx.conn,
            Assignment(
                decision.community,
                proposal.spends,
                proposal.reward_id or "",
                wallet.currency if proposal.spends is Spends.PAYOUTS else "",
                decision.wallet_id,
                proposal.unit_cost,
                wallet.campaign_id or "" if proposal.spends is Spends.CAMPAIGN else "",
            ),
        )
        return
    await decision_store.delete_assignments(
        tx.conn,
        community=decision.community,
        wallet_id=decision.wallet_id,
        spends=proposal.spends,
        reward_id=proposal.reward_id,
    )


async def _close(tx: Transaction, decision: Decision, *, wallets: dict[str, Wallet], by: WalletActor) -> None:
    """What is left goes to the wallet that allots to it, or out; nothing is paid from it any more."""
    wallet = wallets[decision.wallet_id]
    below = [
        one.title
        for one in await store.load_wallets(tx.conn, community=wallet.community)
        if one.parent_id == wallet.wallet_id and one.state is not WalletState.CLOSED
    ]
    if below:
        raise WalletRefusedError(f"Close first what it allots to: {', '.join(sorted(below))}")
    funds = (await store.load_funds(tx.conn, [wallet]))[wallet.wallet_id]
    if funds.reserved:
        raise WalletRefusedError(
            f"{funds.reserved} {wallet.currency} of it are set aside: they are spent or freed first"
        )
    if funds.available:
        kind = MoveKind.WITHDRAW if wallet.parent_id is None else MoveKind.TRANSFER
        made = decision.move(kind, funds.available, to_wallet_id=wallet.parent_id, by=by, now=tx.now)
        await carry_out_moves(tx, [made], wallets=wallets)
        wallet = (await store.lock_wallets(tx.conn, {(wallet.community, wallet.wallet_id)}))[
            wallet.community, wallet.wallet_id
        ]
    await decision_store.delete_assignments(tx.conn, community=wallet.community, wallet_id=wallet.wallet_id)
    await assign_campaign(tx, wallet, is_over=True)
    await _become(tx, wallet, state=WalletState.CLOSED, by=by)


async def _become(tx: Transaction, wallet: Wallet, *, state: WalletState, by: WalletActor) -> Wallet:
    is_low = wallet.is_low and state is not WalletState.CLOSED
    changed = wallet.changed(by=by, now=tx.now, state=state, is_low=is_low)
    await store.put_wallet(tx.conn, changed)
    funds = (await store.load_funds(tx.conn, [changed])).get(wallet.wallet_id, Funds())
    await tell_wallet(tx, changed, available=funds.available)
    await limit_campaigns(tx, [changed])
    return changed


async def _lock_open_or_frozen(tx: Transaction, *, community: str, wallet_id: str) -> Wallet:
    locked = await store.lock_wallets(tx.conn, {(community, wallet_id)})
    if (community, wallet_id) not in locked:
        raise UnknownWalletError(wallet_id)
    wallet = locked[community, wallet_id]
    if wallet.state is WalletState.CLOSED:
        raise WalletRefusedError(f"The wallet {wallet.title!r} is closed and stays so")
    return wallet


async def _lock_decision(tx: Transaction, *, community: str, decision_id: str) -> Decision:
    decision = await decision_store.lock_decision(tx.conn, community=community, decision_id=decision_id)
    if decision is None:
        raise UnknownDecisionError(decision_id)
    return decision


async def _find_both(
    tx: Transaction, proposal: Proposal, *, community: str, wallet_id: str
) -> tuple[Wallet, Wallet | None]:
    found: list[Wallet | None] = []
    for wanted in (wallet_id, proposal.to_wallet_id):
        wallet = (
            None if wanted is None else await store.find_wallet(tx.conn, community=community, wallet_id=wanted)
        )
        if wanted is not None and wallet is None:
            raise UnknownWalletError(wanted)
        found.append(wallet)
    first, second = found
    if first is None:
        raise UnknownWalletError(wallet_id)
    return first, second


def _said(wallet: Wallet) -> dict[str, Any]:
    return {
        "title": wallet.title,
        "currency": wallet.currency,
        "purpose": wallet.purpose.value,
        "state": wallet.state.value,
        "low_amount": wallet.low_amount,
        "owners": list(wallet.owner_person_ids),
    }


def _did(verb: str, decision: Decision, *, before: DecisionState | None) -> Did:
    proposal = decision.proposal
    after: dict[str, Any] = {
        "state": decision.state.value,
        "wallet_id": decision.wallet_id,
        "kind": proposal.kind.value,
    }
    more: Sequence[tuple[str, Any]] = (
        ("amount", proposal.amount),
        ("to_wallet_id", proposal.to_wallet_id),
        ("spends", proposal.spends),
        ("reward_id", proposal.reward_id),
        ("unit_cost", proposal.unit_cost),
    )
    after |= {name: value for name, value in more if value is not None}
    return Did(
        f"wallet_decision.{verb}",
        "wallet_decision",
        decision.decision_id,
        before=None if before is None else {"state": before.value},
        after=after,
    )


async def count_wallets(tx: Transaction[Settings]) -> None:
    """Timer: count wallets that are low, and decisions that wait."""
    WALLETS_LOW.set(await store.count_low(tx.conn))
    WALLET_DECISIONS_WAITING.set(await decision_store.count_decisions_waiting(tx.conn, community=None))
