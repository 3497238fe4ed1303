"""Taking in again what was told: runs, the lots that were used, states of payouts and redemptions, then seals.

The points have to be there first: these steps follow the awards (see ReadBack.after_inputs).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.rewards.fulfilment.domain import FulfilmentState
from services.rewards.fulfilment.handlers import advance, begin, end, load
from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots import store as lots_store
from services.rewards.lots.domain.lots import LotUse, Use
from services.rewards.lots.domain.steps import Movement
from services.rewards.lots.handlers.told import Told, carry_out_as_told
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Change, Payout, PayoutState, WrongStateError
from services.rewards.payouts.handlers import tell_lots as tell_payout_lots
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.receivers.store import set_receiver_read_back
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import Seal
from services.rewards.providers.handlers.intents import intend_again
from services.rewards.redemptions import store as redemption_store
from services.rewards.redemptions.domain import STEPS as REDEMPTION_STEPS
from services.rewards.redemptions.domain import Redemption, RedemptionState
from services.rewards.redemptions.handlers.telling import tell_lots as tell_redemption_lots
from services.rewards.refunds import store as refund_store
from services.rewards.refunds.domain import NotRefundableError, RefundState, refund_movement, refunded
from services.rewards.restoring import domain, store
from services.rewards.restoring.domain import NotToldError, Placed
from services.rewards.vouchers.domain import GivenCode
from services.rewards.vouchers.store import put_given
from shared.contracts.facts import (
    PAYOUT_CHANGED,
    PAYOUT_LOTS,
    PAYOUT_RUN_CHANGED,
    REDEMPTION_CHANGED,
    REDEMPTION_LOTS,
    REDEMPTION_LOTS_GIVEN_BACK,
    PayoutChanged,
    PayoutLots,
    PayoutRunChanged,
    RedemptionChanged,
    RedemptionFact,
    RedemptionLots,
    RedemptionLotsGivenBack,
)
from shared.own_facts import CannotTakeInError, ReadBack, note_not_rebuilt
from shared.topics import PAYOUTS, REDEMPTIONS
from shared.transaction import Transaction


async def on_runs(tx: Transaction, facts: list[PayoutRunChanged]) -> None:
    """Make runs again, with the seals that they had, and bring them to where they were."""
    for index, fact in enumerate(facts):
        community, data = fact["community"], fact["data"]
        run = await run_store.lock_run(tx.conn, community=community, run_id=data["run_id"])
        if run is None:
            run = domain.run_of(fact)
            await run_store.add_run(tx.conn, run)
        try:
            changed = domain.run_after(run, fact)
        except NotToldError as error:
            raise CannotTakeInError(str(error), index) from error
        if changed is not None:
            await run_store.set_state(tx.conn, changed)
        if "seal" in data:
            step = domain.SEALED_AT[RunState(data["state"])]
            seal = Seal(community, run.run_id, step, data["seal"], fact["time"], data["by"])
            await seal_store.add_seal_as_told(tx.conn, seal)


async def on_lots(tx: Transaction, facts: list[PayoutLots | RedemptionLots | RedemptionLotsGivenBack]) -> None:
    """Note which lots payouts and redemptions used, and what of them went back."""
    uses: list[tuple[Use, LotUse]] = []
    back: list[tuple[datetime, list[tuple[Use, LotUse]]]] = []
    for fact in facts:
        used_by = fact["data"]["payout_id"] if fact["type"] == "payout.lots.v1" else fact["data"]["redemption_id"]
        use = Use(Owner(fact["community"], ""), used_by, 0)
        lots = [LotUse(lot["award_id"], lot["points"], lot.get("owed", 0)) for lot in fact["data"]["lots"]]
        if fact["type"] == "redemption.lots_given_back.v1":
            use = use._replace(refund_id=fact["data"].get("refund_id"))
            back.append((fact["time"], [(use, lot) for lot in lots]))
        else:
            uses += [(use, lot) for lot in lots]
    await lots_store.add_uses(tx.conn, uses, even_again=True)
    for at, given in back:
        await lots_store.add_given_back(tx.conn, given, at=at, even_again=True)


async def on_states(tx: Transaction, facts: list[PayoutChanged | RedemptionChanged]) -> None:
    """Bring payouts and redemptions to the states that were told, with all that each step books."""
    for placed in domain.rounds(facts):
        await _one_of_each_member(tx, placed)


async def _one_of_each_member(tx: Transaction, placed: Sequence[Placed]) -> None:
    payouts = await _payout_steps(tx, [entry for entry in placed if entry.fact["type"] == "payout.changed.v1"])
    redemptions = await _redemption_steps(
        tx, [entry for entry in placed if entry.fact["type"] == "redemption.changed.v1"]
    )
    unnamed = await carry_out_as_told(
        tx,
        [
            *(Told(change.movement(), fact["time"]) for change, fact in payouts),
            *(Told(made, changed.changed_at) for changed, movements in redemptions for made in movements),
        ],
    )
    # What used lots and never told which tells it now.
    for change, _ in payouts:
        lots = unnamed.get(change.payout.payout_id, ())
        tell_payout_lots(
            tx, change.payout, lots=lots, before=await _parts_told(tx, change.payout.payout_id, lots=lots)
        )
    for redemption, _ in redemptions:
        lots = unnamed.get(redemption.redemption_id, ())
        before = await _parts_told(tx, redemption.redemption_id, lots=lots)
        tell_redemption_lots(tx, redemption, lots=lots, before=before)


async def _parts_told(tx: Transaction, used_by: str, *, lots: Sequence[LotUse]) -> int:
    return await store.count_parts_told(tx.conn, used_by=used_by, besides=len(lots)) if lots else 0


async def _payout_steps(tx: Transaction, placed: Sequence[Placed]) -> list[tuple[Change, Any]]:
    """The steps of payouts that the database does not know; new ones are added."""
    facts: list[tuple[int, Any]] = [(entry.place, entry.fact) for entry in placed]
    keys = [(fact["community"], fact["data"]["payout_id"]) for _, fact in facts]
    known = await payout_store.load_known(tx.conn, keys)
    reached = {
        payout.payout_id: states for payout, states in await payout_store.load_traced(tx.conn, [*known.values()])
    }
    new: list[Payout] = []
    steps: list[tuple[Change, Any]] = []
    for index, fact in facts:
        told = domain.payout_of(fact)
        payout = known.get(told.payout_id)
        if payout is None:
            if told.state is not PayoutState.ACCRUED:
                raise CannotTakeInError(f"payout {told.payout_id} was never made", index)
            new.append(told)
        elif told.state not in reached[told.payout_id]:
            if told.state is PayoutState.APPROVED and told.points < payout.points:
                payout = payout.reduced_to(told.points, told.amount_minor)
                await payout_store.reduce_payout(tx.conn, payout)
            if (payout.points, payout.amount_minor, payout.member_id) != (
                told.points,
                told.amount_minor,
                told.member_id,
            ):
                raise CannotTakeInError(f"payout {told.payout_id} was told with other points or money", index)
            change = Change(payout, told.state, told.reason)
            try:
                change.movement()
            except WrongStateError as error:
                raise CannotTakeInError(f"payout {told.payout_id}: {error}", index) from error
            steps.append((change, fact))
    await payout_store.add_payouts(tx.conn, new)
    await payout_store.add_parts(tx.conn, new)
    by_id = {fact["data"]["payout_id"]: fact for _, fact in facts}
    for payout in new:
        by = domain.actor_of(by_id[payout.payout_id])
        await payout_store.add_changes(tx.conn, [Change(payout, payout.state)], now=payout.changed_at, by=by)
    for change, fact in steps:
        at, by, outcome = fact["time"], domain.actor_of(fact), domain.agreed(fact)
        await payout_store.set_states(tx.conn, [change], now=at)
        await payout_store.add_changes(tx.conn, [change], now=at, by=by, outcome=outcome)
    return steps


async def _redemption_steps(tx: Transaction, placed: Sequence[Placed]) -> list[tuple[Redemption, list[Movement]]]:
    """The steps of redemptions that the database does not know, with what each moves; new ones are added."""
    facts: list[tuple[int, Any]] = [(entry.place, entry.fact) for entry in placed]
    keys = [(fact["community"], fact["data"]["redemption_id"]) for _, fact in facts]
    known = await redemption_store.load_known(tx.conn, keys)
    steps: list[tuple[Redemption, list[Movement]]] = []
    for index, fact in facts:
        told = domain.redemption_of(fact)
        redemption = known.get(told.redemption_id)
        if redemption is None:
            if told.state is not RedemptionState.RESERVED:
                raise CannotTakeInError(f"redemption {told.redemption_id} was never made", index)
            await redemption_store.add_redemption(tx.conn, told)
            await _goods_again(tx, told)
            steps.append((told, told.movements(None)))
        elif "refund" in fact["data"]:
            steps += await _refunded(tx, redemption, fact=fact, index=index)
        elif told.state is RedemptionState.CONFIRMED and redemption.state in GONE_FURTHER:
            continue  # it was refunded since, which is known
        elif told.state not in (RedemptionState.RESERVED, redemption.state):
            if REDEMPTION_STEPS.find(redemption.state, told.state) is None:
                raise CannotTakeInError(
                    f"redemption {told.redemption_id} is {redemption.state}, and was told to be {told.state}",
                    index,
                )
            if told.points > redemption.points:
                raise CannotTakeInError(f"redemption {told.redemption_id} was told with more points", index)
            ended = redemption.spending(told.points).becoming(told.state, by=told.changed_by, now=told.changed_at)
            await redemption_store.set_states(tx.conn, [ended])
            await _goods_ended(tx, ended)
            await _code_given(tx, fact)
            steps.append((ended, ended.movements(redemption.state)))
    return steps


async def _refunded(
    tx: Transaction, redemption: Redemption, *, fact: RedemptionChanged, index: int
) -> list[tuple[Redemption, list[Movement]]]:
    """The step by which a redemption was refunded, if the database does not know it."""
    refund = domain.refund_of(fact)
    community, refund_id = redemption.community, refund.refund_id
    known = await refund_store.find_refund(tx.conn, community=community, refund_id=refund_id)
    if known is not None and known.state is RefundState.DONE:
        return []
    try:
        after = refunded(redemption, refund, now=fact["time"])
    except NotRefundableError as error:
        raise CannotTakeInError(f"redemption {redemption.redemption_id}: {error}", index) from error
    await redemption_store.set_refunded(tx.conn, after)
    await refund_store.put_told(tx.conn, redemption, refund=refund, at=fact["time"])
    if after.is_returned:
        await _goods_ended(tx, after)
    return [(after, [refund_movement(redemption, refund)])]


async def _goods_again(tx: Transaction, redemption: Redemption) -> None:
    """Have somebody see to goods that the backup lacks: who had them in hand, and where they go, is said again."""
    if redemption.fulfilled_by is None:
        return
    await begin(
        tx,
        community=redemption.community,
        redemption_id=redemption.redemption_id,
        fulfilled_by=redemption.fulfilled_by,
        by=redemption.changed_by,
    )
    if redemption.card is None:
        return
    # A provider may have been asked: its member does not give it up before that is known.
    going = await load(tx, community=redemption.community, redemption_id=redemption.redemption_id)
    for state in (FulfilmentState.ORDERED, FulfilmentState.UNKNOWN):
        going = going.becoming(state, by=redemption.changed_by, now=tx.now)
        await advance(tx, [going])
    await intend_again(
        tx, community=redemption.community, redemption_id=redemption.redemption_id, card=redemption.card
    )


async def _goods_ended(tx: Transaction, redemption: Redemption) -> None:
    """Goods ended as their redemption did, wherever the backup has them."""
    await end(
        tx,
        [(redemption.community, redemption.redemption_id)],
        fulfilled=redemption.state is RedemptionState.CONFIRMED,
        by=redemption.changed_by,
    )


async def _code_given(tx: Transaction, fact: RedemptionChanged) -> None:
    """Whose a voucher's code is stays so, also of one that the backup lacks: it is known by its hash."""
    data = fact["data"]
    if "code" not in data:
        return
    code = GivenCode(data["code"]["code_id"], data["code"]["key_id"], bytes.fromhex(data["code"]["hash"]))
    known = await put_given(
        tx.conn,
        code,
        community=fact["community"],
        reward_id=data["reward_id"],
        redemption_id=data["redemption_id"],
        given_at=fact["time"],
    )
    if not known:
        await note_not_rebuilt(
            tx,
            community=fact["community"],
            subject=f"redemption {data['redemption_id']}",
            reason="the backup lacks its code; once the same table is imported again, or its provider asked, "
            "its owner sees it",
        )


async def on_sealed(tx: Transaction, facts: list[PayoutRunChanged]) -> None:
    """Hold runs against the seals that were told of them, and write their bank files again."""
    filed = {fact["data"]["run_id"]: fact for fact in facts if fact["data"]["state"] == "filed"}
    for community, run_id in sorted({(fact["community"], fact["data"]["run_id"]) for fact in facts}):
        run = await run_store.find_run(tx.conn, community=community, run_id=run_id)
        if run is None:
            continue
        has_file = await file_store.find_file(tx.conn, community=community, run_id=run_id) is not None
        if run.state is RunState.FILED and not has_file and run_id not in filed:
            continue  # the fact that says what its file was is taken in after these
        await _seal_again(tx, run, filed=None if has_file else filed.get(run_id))


async def _seal_again(tx: Transaction, run: Run, *, filed: PayoutRunChanged | None) -> None:
    key = {"community": run.community, "run_id": run.run_id}
    payouts = await payout_store.load_payouts(tx.conn, **key)
    sealed = await seal_store.load_sealed_run(tx.conn, payouts, **key)
    payees = await payee_store.load_addressed(
        tx.conn,
        community=run.community,
        member_ids=[payout.member_id for payout in payouts],
        provider=run.provider,
    )
    # 1. Would the list be the one that was sealed, with the bank details that there are?
    rebuilt = replace(sealed, payouts=domain.with_payees(sealed.payouts, payees))
    file = None
    if filed is not None and "file" in filed["data"]:
        by = filed["data"]["by"]
        file = domain.rebuilt_file(run, rebuilt, filed["data"]["file"], by=by, at=filed["time"])
    reason = domain.why_not_sealed(run, rebuilt, file)
    if reason is not None:
        await seal_store.give_up_seals(tx.conn, **key)
        await note_not_rebuilt(tx, community=run.community, subject=f"payout run {run.run_id}", reason=reason)
        return
    # 2. It is: whom each payout went to, and the file that says so.
    lost = {payout.payout_id for payout in payouts if not payout.is_addressed}
    for payout, _ in rebuilt.payouts:
        if payout.payout_id in lost and payout.is_addressed:
            read_back = set_receiver_read_back if run.provider else payout_store.set_payee_read_back
            await read_back(tx.conn, payout, revision=payees[payout.member_id].revision)
    if file is not None:
        await file_store.add_file(tx.conn, file)


#: Reached by refunds from what was confirmed.
GONE_FURTHER = (RedemptionState.PARTLY_REFUNDED, RedemptionState.REFUNDED)
_OWN: TypeAdapter[Any] = TypeAdapter(
    Annotated[PayoutRunChanged | PayoutChanged | PayoutLots | RedemptionFact, Discriminator("type")]
)
_BOTH = (PAYOUTS, REDEMPTIONS)
_RUNS = (PAYOUT_RUN_CHANGED.name,)
#: In this order: payouts need their runs, and the lots that they used; seals need all of it.
READ_BACK = (
    ReadBack((PAYOUTS,), _OWN, on_runs, _RUNS, after_inputs=True),
    ReadBack(
        _BOTH,
        _OWN,
        on_lots,
        (PAYOUT_LOTS.name, REDEMPTION_LOTS.name, REDEMPTION_LOTS_GIVEN_BACK.name),
        after_inputs=True,
    ),
    ReadBack(_BOTH, _OWN, on_states, (PAYOUT_CHANGED.name, REDEMPTION_CHANGED.name), after_inputs=True),
    ReadBack((PAYOUTS,), _OWN, on_sealed, _RUNS, after_inputs=True),
)
