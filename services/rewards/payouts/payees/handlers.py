"""Members' bank details, and the payouts that waited for them."""

from collections.abc import Sequence
from typing import NamedTuple

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Payout, PayoutState, changes_to
from services.rewards.payouts.handlers import change
from services.rewards.payouts.links.handlers import relink
from services.rewards.payouts.payees import store
from services.rewards.payouts.payees.domain import Payee, UnconfirmedBankDetailsError, newest_about
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealedRun, SealStep, seal_of
from services.rewards.payouts.seals.handlers import seal
from shared.audit import Did
from shared.transaction import Transaction


async def put_payee(tx: Transaction, payee: Payee, *, confirmed: Sequence[str] = ()) -> Payee:
    """Set a member's bank details; what an open run held for the lack of them becomes eligible. Return them.

    The same details again, by whomever, are no change: who set them stays who set them. Those that a bank sent
    money back from are set again only when `confirmed` has `confirm_account`, which makes them new ones.

    Raises UnconfirmedBankDetailsError when it has not, and AlteredError when that run does not fit its seal:
    adding to it would seal what nobody computed.
    """
    by = payee.changed_by
    # Read before anything is locked: a list of 20,000 takes a second, and others give their details meanwhile.
    waiting = await payout_store.load_held_of_member(tx.conn, community=payee.community, member_id=payee.member_id)
    lists = {payout.run_id: await _prepared(tx, payout, payee=payee) for payout in waiting}
    await payout_store.lock_runs(tx.conn, payee.community)
    known = await store.find_payee(tx.conn, community=payee.community, member_id=payee.member_id)
    tx.did(_did(known, payee, confirmed=confirmed))
    if known is not None and known.account == payee.account and known.refusal is None:
        payee = known
    else:
        refusals = await store.load_refusals(tx.conn, community=payee.community, member_ids=[payee.member_id])
        refusal = newest_about(payee.account, refusals.get(payee.member_id, ()))
        if refusal is not None and "confirm_account" not in confirmed:
            raise UnconfirmedBankDetailsError("confirm_account", refusal.words)
        payee = await store.add_payee(tx.conn, payee)
        ibans = {payee.account.iban, *([known.account.iban] if known else [])}
        await relink(tx, community=payee.community, ibans=ibans)
    held = await payout_store.load_held_of_member(tx.conn, community=payee.community, member_id=payee.member_id)
    for payout in held:
        await _let_be_paid(tx, payout, payee=payee, by=by, prepared=lists.get(payout.run_id))
    return payee


def _did(before: Payee | None, payee: Payee, *, confirmed: Sequence[str]) -> Did:
    """What an entry says of bank details: the account's number is masked there, and the holder left out."""
    return Did(
        "payee.set",
        "payee",
        payee.member_id,
        payee.member_id,
        before={"iban": before.account.iban} if before else None,
        after={
            "iban": payee.account.iban,
            "iban_changed": before is None or before.account.iban != payee.account.iban,
            "name_changed": before is None or before.account.name != payee.account.name,
            "bic_changed": before is None or before.account.bic != payee.account.bic,
            **({"confirmed": confirmed} if confirmed else {}),
        },
    )


class _Prepared(NamedTuple):
    """A run as it is, why it does not fit its seal, and the seal of its list with one more payout."""

    sealed: SealedRun
    reason: str | None
    payouts: Sequence[Payout]
    value: str


async def _prepared(tx: Transaction, payout: Payout, *, payee: Payee) -> _Prepared:
    payouts = await payout_store.load_payouts(tx.conn, community=payout.community, run_id=payout.run_id)
    sealed = await seal_store.load_sealed_run(tx.conn, payouts, community=payout.community, run_id=payout.run_id)
    listed = [*sealed.listed(SealStep.COMPUTED), payout.paid_to(payee.account)]
    return _Prepared(sealed, sealed.why_not(SealStep.COMPUTED), listed, seal_of(sealed.terms, listed))


async def _let_be_paid(
    tx: Transaction, payout: Payout, *, payee: Payee, by: Actor, prepared: _Prepared | None
) -> None:
    newest = await seal_store.load_newest(tx.conn, community=payout.community, run_ids=[payout.run_id])
    known = {seal.value for seal in prepared.sealed.seals.values()} if prepared else set()
    is_as_it_was = {seal.value for seal in newest.values()} <= known
    if prepared is None or not is_as_it_was or prepared.reason is not None:
        prepared = await _prepared(tx, payout, payee=payee)  # somebody was at the list meanwhile, or altered it
    # 1. Is the list that this is added to still the one that was computed?
    if prepared.reason is not None:
        raise alarm(AlteredError(f"payout run {payout.run_id}", prepared.reason))
    # 2. Add to it …
    if not await payout_store.set_payee(tx.conn, payout, revision=payee.revision):
        return  # it is held for another reason, and has its bank details
    await change(tx, changes_to(PayoutState.ELIGIBLE, [payout]), by=by)
    # 3. … and seal it again.
    if prepared.sealed.is_sealed:
        await seal(
            tx,
            prepared.sealed,
            payouts=prepared.payouts,
            step=SealStep.COMPUTED,
            by=by,
            value=prepared.value,
        )
