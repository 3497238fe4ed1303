"""Steps that were made and told before, and that the database has forgotten: booked again as they were told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Entry, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, LotUse, Use
from services.rewards.lots.domain.steps import Lots, Movement
from services.rewards.lots.handlers.uses import give_back, take_back
from shared.transaction import Transaction


class Told(NamedTuple):
    """A step that was made at a moment."""

    movement: Movement
    at: datetime


async def carry_out_as_told(tx: Transaction, steps: Sequence[Told]) -> dict[str, list[LotUse]]:
    """Book steps again, at most one of a member; return the lots that they use and that nobody had named.

    Lots are used as they were told. Points that are not available any more are lacking: they were given out.
    """
    # All members in one order before the first is changed.
    await ledger_store.lock_members(tx.conn, {one.movement.use.owner for one in steps})
    # 1. Lots are used, and those of them that still wait had matured by then …
    taking = [one for one in steps if one.movement.step.lots is Lots.USE]
    maturities, unnamed = await _take(tx, taking)
    await take_back(tx, [one.movement.use for one in steps if one.movement.step.lots is Lots.TAKE_BACK])
    # 2. … the points go where the steps say …
    booked = [(_transfer(one), one.movement.entries()) for one in steps]
    transfers = [transfer for transfer, entries in booked if entries]
    lines = [entry for _, entries in booked for entry in entries]
    for transfer, moved in maturities:
        transfers.append(transfer)
        lines += moved
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now)
    # 3. … and lots are restored once their points are available again.
    await give_back(tx, [one.movement for one in steps])
    return unnamed


def _transfer(one: Told) -> Transfer:
    return one.movement.transfer(one.at)


async def _take(
    tx: Transaction, steps: Sequence[Told]
) -> tuple[list[tuple[Transfer, tuple[Entry, Entry]]], dict[str, list[LotUse]]]:
    """Use lots as they were told; return which matured by that, and the uses that nobody had told."""
    if not steps:
        return [], {}
    uses = [one.movement.use for one in steps]
    available = await ledger_store.lock_members(tx.conn, [use.owner for use in uses])
    told = await store.load_told_uses(tx.conn, uses)
    books = await _books(tx, uses, told=told)
    maturities: list[tuple[Transfer, tuple[Entry, Entry]]] = []
    unnamed: dict[str, list[LotUse]] = {}
    changed = []
    for one in steps:
        use = one.movement.use
        book = LotBook(available[use.owner], books[use.used_by].values())
        taken = book.take_as_told(told.get(use.used_by, ()), use.points)
        for award_id, points, _ in taken.matured:
            made = transfer_id(award_id, "maturity")
            source, target = member_account(use.owner, "pending"), member_account(use.owner, "available")
            transfer = Transfer(use.owner.community, made, "maturity", award_id, one.at)
            maturities.append((transfer, (Entry(made, source, -points), Entry(made, target, points))))
        if taken.unnamed:
            unnamed[use.used_by] = taken.unnamed
        changed += [(use.owner, book.lots[award]) for award in sorted(book.changed)]
    await store.add_uses(
        tx.conn, [(use, lot) for use in uses for lot in unnamed.get(use.used_by, ())], even_again=True
    )
    await store.set_remaining(tx.conn, changed)
    return maturities, unnamed


async def _books(
    tx: Transaction, uses: Sequence[Use], *, told: Mapping[str, Sequence[LotUse]]
) -> dict[str, dict[str, Lot]]:
    """The lots that each use may take from: those that were named, and the oldest."""
    named_keys = {AwardKey(use.owner.community, lot.award_id) for use in uses for lot in told.get(use.used_by, ())}
    named = await store.load_lots(tx.conn, sorted(named_keys))
    needs = [(use.owner, use.points + sum(lot.remaining for lot in named.get(use.owner, ()))) for use in uses]
    oldest = await store.load_oldest(tx.conn, needs)
    return {
        use.used_by: {lot.award_id: lot for lot in (*oldest.get(use.owner, ()), *named.get(use.owner, ()))}
        for use in uses
    }
