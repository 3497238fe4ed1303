"""Telling the world of write-offs, and taking in what was told of debts and a restored database has forgotten.

By then awards, redemptions and payouts are as they were: what members lacked is lacking again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.handlers import as_told, decide_as_told, told
from services.rewards.ledger.domain.entries import Owner, Transfer
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store as lots_store
from services.rewards.lots.domain.lots import AwardKey, LotBook, LotUse, lots_parts
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.lots.handlers.uses import changed_lots
from services.rewards.write_offs import store
from services.rewards.write_offs.domain import (
    WriteOff,
    kept_transfer,
    lots_fact_id,
    written_off_entries,
)
from shared.contracts.facts import (
    CLAWBACK_BOOKED,
    WRITE_OFF_CHANGED,
    WRITE_OFF_LOTS,
    ClawbackBooked,
    WriteOffChanged,
    WriteOffData,
    WriteOffLots,
    WriteOffLotsData,
)
from shared.own_facts import CannotTakeInError, ReadBack
from shared.topics import DEBTS
from shared.transaction import Transaction


def tell(tx: Transaction, write_off: WriteOff, *, uses: Sequence[LotUse] = ()) -> None:
    """Tell how a write-off is now, and of which lots it was booked; why is told to nobody."""
    said: dict[str, Any] = {
        "write_off_id": write_off.write_off_id,
        "member_id": write_off.member_id,
        "points": write_off.points,
        **told(write_off.approval),
    }
    if write_off.reverses is not None:
        said["reverses"] = write_off.reverses
    if write_off.booked_points is not None:
        said["booked_points"] = write_off.booked_points
    data: WriteOffData = said  # type: ignore[assignment]
    tx.tell(
        DEBTS,
        WRITE_OFF_CHANGED,
        fact_id=write_off.fact_id,
        community=write_off.community,
        subject=write_off.member_id,
        data=data,
    )
    for part, parts, some in lots_parts(uses):
        lots: WriteOffLotsData = {
            "write_off_id": write_off.write_off_id,
            "part": part,
            "parts": parts,
            "lots": [use.told() for use in some],
        }
        tx.tell(
            DEBTS,
            WRITE_OFF_LOTS,
            fact_id=lots_fact_id(write_off, part),
            community=write_off.community,
            subject=write_off.member_id,
            data=lots,
        )


async def on_write_offs_told(tx: Transaction, facts: list[WriteOffChanged]) -> None:
    """Take in the write-offs that the database has forgotten, and what was decided of them."""
    for fact in facts:
        community, data = fact["community"], fact["data"]
        key = {"community": community, "write_off_id": data["write_off_id"]}
        approval = await as_told(tx, data, subject=Subject.DEBT_WRITE_OFF, community=community)
        known = await store.find_write_off(tx.conn, **key)
        if known is None:
            write_off = WriteOff(
                community,
                data["write_off_id"],
                data["member_id"],
                data["points"],
                reason="",
                reverses=data.get("reverses"),
                approval=replace(approval, state=ApprovalState.PROPOSED),
            )
            await store.add_write_off(tx.conn, write_off)
        before = None if known is None else known.approval
        await decide_as_told(tx, approval, known=before, community=community, entry_id=data["write_off_id"])
        if data.get("booked_points") is not None and (known is None or known.booked_points is None):
            await store.set_booked_points(tx.conn, **key, points=data["booked_points"])


async def on_lots_told(tx: Transaction, facts: list[WriteOffLots]) -> None:
    """Note of which lots write-offs were booked."""
    for index, fact in enumerate(facts):
        key = {"community": fact["community"], "write_off_id": fact["data"]["write_off_id"]}
        if await store.find_write_off(tx.conn, **key) is None:
            raise CannotTakeInError(f"write-off {key['write_off_id']} was never proposed", index)
        uses = [LotUse(lot["award_id"], lot["points"]) for lot in fact["data"]["lots"]]
        await store.add_uses(tx.conn, **key, uses=uses)


async def on_booked_told(tx: Transaction, facts: list[WriteOffChanged | ClawbackBooked]) -> None:
    """Book again what members were let off or owed again, in the order in which it was told; what is known stays.

    Where something made it good since, that came first now: there is less to book, and as much is available.
    """
    for fact in facts:
        if fact["type"] == "debt.clawback_booked.v1":
            await _keep_again(tx, fact)
        elif fact["data"].get("booked_points") is not None:
            await _book_again(tx, fact)


async def _keep_again(tx: Transaction, fact: ClawbackBooked) -> None:
    """Let a member keep what of an award they kept, where its points were used only after it was taken back."""
    community, data = fact["community"], fact["data"]
    kept = await store.find_kept(tx.conn, community=community, transfer_id=data["transfer_id"])
    if kept >= data["kept_points"]:
        return
    transfer = kept_transfer(community, data["transfer_id"], award_id=data["award_id"], at=fact["time"])
    await _book(
        tx, transfer, uses=[LotUse(data["award_id"], data["kept_points"] - kept)], member_id=data["member_id"]
    )


async def _book_again(tx: Transaction, fact: WriteOffChanged) -> None:
    key = {"community": fact["community"], "write_off_id": fact["data"]["write_off_id"]}
    write_off = await store.find_write_off(tx.conn, **key)
    if write_off is None:
        return
    await _book(
        tx,
        write_off.transfer(),
        uses=await store.load_uses(tx.conn, **key),
        member_id=write_off.member_id,
        is_owed_again=write_off.reverses is not None,
    )


async def _book(
    tx: Transaction, transfer: Transfer, *, uses: Sequence[LotUse], member_id: str, is_owed_again: bool = False
) -> None:
    """Book of lots what was told, unless it is: as much as they lack, or (`is_owed_again`) was written off."""
    if await ledger_store.load_booked(tx.conn, transfer_ids=[transfer.transfer_id]):
        return
    keys = [AwardKey(transfer.community, use.award_id) for use in uses]
    owners = {Owner(transfer.community, member_id), *await lots_store.load_lots(tx.conn, keys)}
    holders = await lock_holders(tx, owners)
    available = await ledger_store.lock_members(tx.conn, {*owners, *holders.values()}, now=tx.now)
    points: dict[Owner, int] = {}
    for holder, lots in sorted((await lots_store.load_lots(tx.conn, keys)).items()):
        book = LotBook(available[holder], lots)
        mine = [use for use in uses if use.award_id in book.lots]
        if is_owed_again:
            booked = book.undo_write_off(mine)
        else:
            booked = sum(book.write_off(use.award_id, use.points) for use in mine)
        await lots_store.set_remaining(tx.conn, changed_lots({holder: book}))
        if booked:
            points[holder] = booked
    if points:
        entries = written_off_entries(transfer, points, is_owed_again=is_owed_again)
        await ledger_store.post(tx.conn, [transfer], entries=entries, now=tx.now)


_OWN: TypeAdapter[Any] = TypeAdapter(
    Annotated[WriteOffChanged | WriteOffLots | ClawbackBooked, Discriminator("type")]
)
#: In this order: lots need their write-offs, and what is booked needs both.
READ_BACK = (
    ReadBack((DEBTS,), _OWN, on_write_offs_told, (WRITE_OFF_CHANGED.name,), after_inputs=True),
    ReadBack((DEBTS,), _OWN, on_lots_told, (WRITE_OFF_LOTS.name,), after_inputs=True),
    ReadBack((DEBTS,), _OWN, on_booked_told, (WRITE_OFF_CHANGED.name, CLAWBACK_BOOKED.name), after_inputs=True),
)
