"""Steps that were made and told before, and that the database has forgotten: booked again as they were told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, LotUse
from services.rewards.lots.domain.steps import GIVING_BACK, Lots, Movement
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.lots.handlers.uses import give_back, held_of, take_back
from shared.transaction import Transaction


class Told(NamedTuple):
    """A step that was made at a moment."""

    movement: Movement
    at: datetime


async def carry_out_as_told(tx: Transaction, steps: Sequence[Told]) -> dict[str, list[LotUse]]:
    """Book steps again, at most one of a member; return the lots that they use and that nobody had named.

    Lots are used as they were told, whoever holds them now. Points that are not available any more are lacking:
    they were given out.
    """
    # All members in one order before the first is changed.
    holders = await lock_holders(tx, {past.movement.use.owner for past in steps})
    back = [past.movement for past in steps if past.movement.step.lots in (*GIVING_BACK, Lots.TAKE_BACK)]
    held = await held_of(tx, back)
    taking = [past for past in steps if past.movement.step.lots is Lots.USE]
    told = await store.load_told_uses(tx.conn, [past.movement.use for past in taking])
    others = {holder for of_use in held.values() for holder in of_use}
    others |= (await _load_named(tx, taking, told=told)).keys()
    await ledger_store.lock_members(tx.conn, {*holders, *holders.values(), *others}, now=tx.now)
    # 1. Lots are used, and those of them that still wait had matured by then …
    taken = await _take(tx, taking, holders=holders, told=told)
    held |= taken.held
    await take_back(tx, [past.movement for past in steps if past.movement.step.lots is Lots.TAKE_BACK])
    # 2. … the points go where the steps say …
    booked = [
        (past.movement.transfer(past.at), past.movement.entries(held.get(past.movement.use.used_by)))
        for past in steps
    ]
    transfers = [transfer for transfer, entries in booked if entries]
    lines = [entry for _, entries in booked for entry in entries]
    for transfer, moved in taken.maturities:
        transfers.append(transfer)
        lines += moved
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now)
    # 3. … and lots are restored once their points are available again.
    times = {past.movement.use.used_by: past.at for past in steps}
    await give_back(tx, [past.movement for past in steps], times=times)
    return taken.unnamed


class _Taken(NamedTuple):
    """What matured by uses, which lots nobody had named, and how many points each holder's lots gave."""

    maturities: list[tuple[Transfer, tuple[Entry, Entry]]]
    unnamed: dict[str, list[LotUse]]
    held: dict[str, dict[Owner, int]]


async def _take(
    tx: Transaction,
    steps: Sequence[Told],
    *,
    holders: Mapping[Owner, Owner],
    told: Mapping[str, Sequence[LotUse]],
) -> _Taken:
    """Use lots as they were told."""
    taken = _Taken([], {}, {})
    if not steps:
        return taken
    lots = await _load_lots(tx, steps, holders=holders, told=told)
    changed: dict[AwardKey, tuple[Owner, Lot]] = {}
    for past in steps:
        use = past.movement.use
        holder, named = holders[use.owner], {lot.award_id for lot in told.get(use.used_by, ())}
        mine = {
            key.award_id: (of, lot)
            for key, (of, lot) in lots.items()
            if key.community == use.owner.community and (of == holder or key.award_id in named)
        }
        before = {award_id: lot.remaining - lot.lacking for award_id, (_, lot) in mine.items()}
        book = LotBook(0, [lot for _, lot in mine.values()])
        found = book.take_as_told(told.get(use.used_by, ()), use.points)
        for award_id, points, _ in found.matured:
            made = transfer_id(award_id, "maturity")
            source, target = (member_account(mine[award_id][0], kind) for kind in ("pending", "available"))
            transfer = Transfer(use.owner.community, made, "maturity", award_id, past.at)
            taken.maturities.append((transfer, (Entry(made, source, -points), Entry(made, target, points))))
        if found.unnamed:
            taken.unnamed[use.used_by] = found.unnamed
        # What no lot gave, since none is known yet, the holder owes.
        gave = {holder: use.points}
        for award_id in book.changed:
            of, lot = mine[award_id]
            gone = before[award_id] - (lot.remaining - lot.lacking)
            gave[holder] -= gone
            gave[of] = gave.get(of, 0) + gone
            changed[AwardKey(of.community, award_id)] = (of, lot)
        taken.held[use.used_by] = {of: points for of, points in gave.items() if points}
    unnamed = [
        (past.movement.use, lot) for past in steps for lot in taken.unnamed.get(past.movement.use.used_by, ())
    ]
    await store.add_uses(tx.conn, unnamed, even_again=True)
    await store.set_remaining(tx.conn, list(changed.values()))
    return taken


async def _load_named(
    tx: Transaction, steps: Sequence[Told], *, told: Mapping[str, Sequence[LotUse]]
) -> dict[Owner, list[Lot]]:
    """The lots that were named, by who holds them."""
    uses = [past.movement.use for past in steps]
    keys = {AwardKey(use.owner.community, lot.award_id) for use in uses for lot in told.get(use.used_by, ())}
    return await store.load_lots(tx.conn, sorted(keys))


async def _load_lots(
    tx: Transaction,
    steps: Sequence[Told],
    *,
    holders: Mapping[Owner, Owner],
    told: Mapping[str, Sequence[LotUse]],
) -> dict[AwardKey, tuple[Owner, Lot]]:
    """The lots that the uses may take from, each once, with who holds them: those named, and those used first."""
    named = await _load_named(tx, steps, told=told)
    needs: dict[Owner, int] = {}
    for past in steps:
        holder = holders[past.movement.use.owner]
        needs.setdefault(holder, sum(lot.remaining for lot in named.get(holder, ())))
        needs[holder] += past.movement.use.points
    first = await store.load_to_use(tx.conn, list(needs.items()))
    return {
        AwardKey(holder.community, lot.award_id): (holder, lot)
        for lots in (first, named)
        for holder, held in lots.items()
        for lot in held
    }
