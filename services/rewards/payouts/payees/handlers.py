"""Members' bank details, and the payouts that waited for them."""

from collections.abc import Sequence

from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Payout
from services.rewards.payouts.holds import store as hold_store
from services.rewards.payouts.holds.handlers.barring import load_barred_of
from services.rewards.payouts.holds.handlers.lists import PreparedList, compared, let_be_paid, prepare
from services.rewards.payouts.links.handlers import relink
from services.rewards.payouts.payees import store
from services.rewards.payouts.payees.domain import Payee, UnconfirmedBankDetailsError, newest_about
from services.rewards.settings import Settings
from shared.audit import Did
from shared.transaction import Transaction


async def put_payee(tx: Transaction[Settings], payee: Payee, *, confirmed: Sequence[str] = ()) -> Payee:
    """Set a member's bank details; what an open run held for the lack of them becomes eligible. Return them.

    The same details again, by whomever, are no change: who set them stays who set them. Those that a bank sent
    money back from are set again only when `confirmed` has `confirm_account`, which makes them new ones.

    Raises UnconfirmedBankDetailsError when it has not, and AlteredError when that run does not fit its seal:
    adding to it would seal what nobody computed.
    """
    by = payee.changed_by
    # Read before anything is locked: a list of 20,000 takes a second, and others give their details meanwhile.
    waiting = await payout_store.load_held_of_member(tx.conn, community=payee.community, member_id=payee.member_id)
    lists = {payout.run_id: await prepare(tx, payout.paid_to(payee.account)) for payout in waiting}
    await payout_store.lock_runs(tx.conn, payee.community)
    known = await store.find_payee(tx.conn, community=payee.community, member_id=payee.member_id)
    tx.did(_did(known, payee, confirmed=confirmed))
    if known is not None and _is_same(known, payee):
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


def _is_same(known: Payee, payee: Payee) -> bool:
    """Whether details are set again as they are, and nothing speaks against them."""
    return known.account == payee.account and known.currency == payee.currency and known.refusal is None


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
            "reference_changed": (before.account.reference if before else None) != payee.account.reference,
            "currency": payee.currency,
            **({"confirmed": confirmed} if confirmed else {}),
        },
    )


async def _let_be_paid(
    tx: Transaction[Settings], payout: Payout, *, payee: Payee, by: Actor, prepared: PreparedList | None
) -> None:
    unpaid = payee.why_not_paid(payout.currency)
    if unpaid is not None:
        await hold_store.set_reason(tx.conn, payout, reason=unpaid)
        return
    # 1. Is the list that this is added to still the one that was computed?
    paid = payout.paid_to(payee.account)
    prepared = await compared(tx, paid, prepared=prepared)
    # 2. Add to it, unless finance or a check keeps it back …
    if not await payout_store.set_payee(tx.conn, payout, revision=payee.revision):
        return  # it is held for another reason, and has its bank details
    barred = await load_barred_of(tx, [paid], community=payout.community)
    if payout.payout_id in barred:
        await hold_store.set_reason(tx.conn, payout, reason=barred[payout.payout_id])
        return
    # 3. … and seal it again.
    await let_be_paid(tx, payout, prepared=prepared, by=by)
