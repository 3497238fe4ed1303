"""Importing a bank's messages, noting what they say of payouts, and what a person decides of the rest."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.metrics import BANK_LINES_OPEN, BANK_LINES_WAIT_SECONDS
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, PayoutState, UnknownPayoutError, states_open_to
from services.rewards.payouts.outcomes import store as outcome_store
from services.rewards.payouts.outcomes.domain import Outcome, OutcomeRefusedError, needs_two
from services.rewards.payouts.outcomes.handlers import note_outcome
from services.rewards.payouts.runs.domain.bank import BankReport, ReportRefusedError
from services.rewards.payouts.runs.domain.runs import RunRefusedError, UnknownRunError
from services.rewards.payouts.runs.handlers.checks import lock_run
from services.rewards.reconciliation.domain.likeness import likened, may_resemble
from services.rewards.reconciliation.domain.lines import (
    BankMessage,
    Line,
    LineState,
    Read,
    Says,
    UnknownLineError,
    message_key,
    read,
)
from services.rewards.reconciliation.domain.matching import by_person, matched, once_each, outcome_of, run_named
from services.rewards.reconciliation.store import likeness as likeness_store
from services.rewards.reconciliation.store import lines as store
from services.rewards.settings import Settings
from shared.audit import Did
from shared.bank_messages.counting import Counted
from shared.postgres import Connection
from shared.service.spec import Begin
from shared.transaction import Transaction

NOTED_EVERY_SECONDS = 1.0
#: Lines whose payouts are noted in one transaction.
AT_ONCE_COUNT = 100
#: Payouts of a run that one outcome names.
OUTCOME_MAX_COUNT = 500
#: Lines of a file that payouts are looked for which they resemble, and payouts that are looked at, by each trait.
LIKENED_MAX_COUNT = 500
FILED_MAX_COUNT = 2_000


def read_file(content: bytes, *, community: str) -> tuple[str, str, Read]:
    """Read a file: its hash, its key in the community, and its lines. Raises MessageError when it is not right."""
    sha256 = hashlib.sha256(content).hexdigest()
    key = message_key(community, sha256)
    return sha256, key, read(content, key)


async def import_message(
    tx: Transaction[Settings], found: Read, *, community: str, key: str, sha256: str, by: Actor
) -> tuple[BankMessage, bool]:
    """Keep the lines of a file, each with what it is about; whether the file is new. Imported again does nothing.

    Nothing is noted of payouts yet: that follows by itself, from the lines that are kept.
    """
    await store.lock_messages(tx.conn, community=community)
    before = await store.find_message(tx.conn, community=community, message_key=key)
    if before is not None:
        tx.did_nothing()
        return before, False
    message = BankMessage(community, key, found.name, found.message_id, sha256, tx.now, by)
    lines, same = await _counted(tx.conn, found.lines, community=community)
    lines = await _matched(tx.conn, lines, community=community)
    await store.add_message(tx.conn, message)
    await store.add_lines(tx.conn, lines, message=message)
    await store.set_again(tx.conn, same, community=community)
    after = {"name": message.name, "sha256": sha256, "lines": len(lines)}
    tx.did(Did("bank_message.import", "bank_message", key, after=after))
    return message, True


async def _counted(
    conn: Connection, lines: Sequence[Line], *, community: str
) -> tuple[list[Line], dict[str, str]]:
    """The lines, those marked that another message has, and lines of before that one of these replaces."""
    before = await store.load_like(conn, lines, community=community)
    # Beside the loop: of a file of 40,000 bookings that are alike it takes a second.
    return await asyncio.to_thread(_told_apart, lines, before)


def _told_apart(lines: Sequence[Line], before: Sequence[tuple[str, Line]]) -> tuple[list[Line], dict[str, str]]:
    counted = Counted()
    numbers: dict[int, str] = {}
    for _, of_message in groupby(before, key=lambda pair: pair[0]):
        _take(counted, [line for _, line in of_message], numbers)
    known = set(numbers)
    _take(counted, lines, numbers)
    same = {
        numbers[number]: numbers[other] for number in numbers if (other := counted.same_as(number)) is not None
    }
    of_before = {numbers[number] for number in known}
    entries = {line.line_id: line.entry for line in lines}
    firsts = {entries[line_id]: other for line_id, other in same.items() if line_id not in of_before}
    marked = [
        replace(line, state=LineState.AGAIN, same_as=firsts[line.entry]) if line.entry in firsts else line
        for line in lines
    ]
    return marked, {one: other for one, other in same.items() if one in of_before and other not in of_before}


def _take(counted: Counted, lines: Sequence[Line], numbers: dict[int, str]) -> None:
    """Count the entries of one message; each is known by the first of its lines."""
    firsts = {line.entry: line for line in reversed(lines) if line.told is not None}
    told = [line for line in firsts.values() if line.told is not None]
    told.sort(key=lambda line: line.entry or 0)
    for number, line in zip(counted.add(line.told for line in told if line.told), told, strict=True):
        numbers[number] = line.line_id


async def _matched(conn: Connection, lines: Sequence[Line], *, community: str) -> list[Line]:
    payout_ids = sorted({line.named for line in lines if line.named})
    run_ids = sorted({named for line in lines if (named := run_named(line))})
    payouts = await payout_store.load_named(conn, payout_ids, community=community)
    runs = await store.load_filed_runs(conn, run_ids, community=community)
    said = await store.load_said(conn, payout_ids, community=community)
    found = once_each(matched(lines, payouts, runs), said)
    # What nobody could match: a file of somebody else's business has many, and each costs a look at what was paid.
    looked_at = sorted(filter(may_resemble, found), key=lambda line: line.state is not LineState.UNMATCHED)
    del looked_at[LIKENED_MAX_COUNT:]
    filed = await likeness_store.load_filed(conn, looked_at, community=community, limit=FILED_MAX_COUNT)
    alike = {line.line_id: line for line in await asyncio.to_thread(likened, looked_at, filed)}
    return [alike.get(line.line_id, line) for line in found]


async def note_matched(begin: Begin, until: float) -> None:
    """Errand: note of payouts what lines say of them, in the order of the files. None begins after `until`."""
    async with begin() as tx:
        await store.settle_proposed(tx.conn)
    begun: set[str] = set()  # lines of whole runs of which a piece is noted
    while time.monotonic() < until:
        async with begin() as tx:
            found = await store.lock_next(tx.conn, limit=AT_ONCE_COUNT)
            if found is None:
                return
            message, lines = found
            await _note_or_refuse(tx, lines, message=message, begun=begun)
            begun.add(lines[0].line_id)


async def _note_or_refuse(
    tx: Transaction[Settings], lines: list[Line], *, message: BankMessage, begun: set[str]
) -> None:
    """Note what lines say; what cannot be so is left to a person, and stops nothing else."""
    try:
        async with tx.conn.transaction():
            done = await _note(tx, lines, message=message, begun=begun)
    except ReportRefusedError as error:
        whys = dict(error.refused.values())
        done = [_refused(line, whys[line.payout_id]) for line in lines if line.payout_id in whys]
    except (RunRefusedError, UnknownRunError, AlteredError, OutcomeRefusedError) as error:
        done = [_refused(line, str(error)) for line in lines]
    await store.set_noted(tx.conn, done, community=message.community)


def _refused(line: Line, why: str) -> Line:
    return replace(line, state=LineState.REFUSED, why=why)


async def _note(
    tx: Transaction[Settings], lines: list[Line], *, message: BankMessage, begun: set[str]
) -> list[Line]:
    """The lines that are done then. They are of one run, and say the same."""
    first = lines[0]
    if first.run_id is None or first.says is None:
        raise LookupError(f"line {first.line_id} is matched with nothing")
    await lock_run(tx, community=message.community, run_id=first.run_id)
    by = first.decided_by or message.imported_by
    waiting = await outcome_store.load_waiting(tx.conn, community=message.community, run_id=first.run_id)
    if first.payout_id is None:
        is_first = first.line_id not in begun
        return await _note_whole(tx, first, message=message, waiting=waiting, by=by, is_first=is_first)
    payouts = await payout_store.load_named(
        tx.conn, [line.payout_id for line in lines if line.payout_id], community=message.community
    )
    by_state = {id_: outcome_of(first.says, payout.state) for id_, payout in payouts.items()}
    done = [
        replace(line, state=LineState.NOTED, why=None)
        for line in lines
        if by_state.get(line.payout_id or "") is None
    ]
    outcome = next((one for one in by_state.values() if one is not None), None)
    if outcome is None:
        return done
    named = [line for line in lines if by_state.get(line.payout_id or "") is outcome]
    done += [found for line in named if (found := _waits(line, outcome, waiting))]
    left = [line for line in named if line.line_id not in {one.line_id for one in done} and line.payout_id]
    if left:
        report = BankReport(outcome, first.reason, sorted({line.payout_id for line in left if line.payout_id}))
        noted = await note_outcome(tx, report, community=message.community, run_id=first.run_id, by=by)
        done += [_noted(line, noted.outcome) for line in left]
    return done


def _waits(line: Line, outcome: PayoutState, waiting: Sequence[Outcome]) -> Line | None:
    """A line whose payout waits for another person already: for the same, or for something else."""
    other = next((one for one in waiting if line.payout_id in one.payout_ids), None)
    if other is None or not needs_two(outcome):
        return None
    if other.outcome is outcome:
        return _noted(line, other)
    return _refused(line, f"it waits in outcome {other.outcome_id}, which says that it is {other.outcome}")


def _noted(line: Line, outcome: Outcome | None) -> Line:
    if outcome is None:
        return replace(line, state=LineState.NOTED, why=None)
    return replace(line, state=LineState.PROPOSED, outcome_id=outcome.outcome_id, why=None)


async def _note_whole(
    tx: Transaction[Settings],
    line: Line,
    *,
    message: BankMessage,
    waiting: Sequence[Outcome],
    by: Actor,
    is_first: bool,
) -> list[Line]:
    """Note a piece of what is said of a whole run; its line is done once nothing is left."""
    outcome = PayoutState.FAILED if line.says is Says.FAILED else PayoutState(line.says or "")
    run_id = line.run_id or ""
    if not needs_two(outcome):
        report = BankReport(outcome, line.reason)
        noted = await note_outcome(
            tx, report, community=message.community, run_id=run_id, by=by, is_first=is_first
        )
        return [_noted(line, None)] if noted.is_complete else []
    named = {payout_id for one in waiting for payout_id in one.payout_ids}
    payouts = await payout_store.load_payouts(tx.conn, community=message.community, run_id=run_id)
    left = [
        one.payout_id for one in payouts if one.state in states_open_to(outcome) and one.payout_id not in named
    ]
    if not left:
        same = [one for one in waiting if one.outcome is outcome]
        return [_noted(line, same[-1] if same else None)]
    report = BankReport(outcome, line.reason, left[:OUTCOME_MAX_COUNT])
    noted = await note_outcome(tx, report, community=message.community, run_id=run_id, by=by)
    return [_noted(line, noted.outcome)] if len(left) <= OUTCOME_MAX_COUNT else []


async def match_line(
    tx: Transaction[Settings], *, community: str, line_id: str, payout_id: str, is_confirmed: bool, by: Actor
) -> Line:
    """Say which payout a line is about, that nobody knew; what it says of it is noted then.

    Raises UnknownLineError, UnknownPayoutError, LineRefusedError when it does not wait for a person, and
    AmountDiffersError when the payout is of another amount, unless that is confirmed.
    """
    line = await _waiting_line(tx.conn, community=community, line_id=line_id)
    payouts = await payout_store.load_named(tx.conn, [payout_id], community=community)
    if payout_id not in payouts:
        raise UnknownPayoutError(payout_id)
    decided = replace(
        by_person(line, payouts[payout_id], is_confirmed=is_confirmed), decided_at=tx.now, decided_by=by
    )
    await store.set_line(tx.conn, decided, community=community)
    after = {"state": decided.state, "payout_id": payout_id, "says": decided.says}
    tx.did(Did("bank_line.match", "bank_line", line_id, before={"state": line.state}, after=after))
    return decided


async def set_aside(tx: Transaction[Settings], *, community: str, line_id: str, reason: str, by: Actor) -> Line:
    """Say that a line is about no payout. Raises UnknownLineError, and LineRefusedError when it does not wait."""
    line = await _waiting_line(tx.conn, community=community, line_id=line_id)
    decided = replace(line, state=LineState.SET_ASIDE, why=reason, decided_at=tx.now, decided_by=by)
    await store.set_line(tx.conn, decided, community=community)
    after = {"state": decided.state, "reason": reason}
    tx.did(Did("bank_line.set_aside", "bank_line", line_id, before={"state": line.state}, after=after))
    return decided


async def _waiting_line(conn: Connection, *, community: str, line_id: str) -> Line:
    found = await store.lock_line(conn, community=community, line_id=line_id)
    if found is None:
        raise UnknownLineError(line_id)
    found[1].check_waits()
    return found[1]


async def count_open(tx: Transaction[Settings]) -> None:
    """Timer: show how many lines wait for a person, and how long the oldest has."""
    count, since = await store.count_open(tx.conn)
    BANK_LINES_OPEN.set(count)
    BANK_LINES_WAIT_SECONDS.set(0 if since is None else (tx.now - since).total_seconds())
