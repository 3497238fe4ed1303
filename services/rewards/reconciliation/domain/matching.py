"""Which payouts lines of a bank are about, and what they say of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.rewards.payouts.domain import Payout, PayoutState
from services.rewards.reconciliation.domain.lines import (
    AmountDiffersError,
    FiledRun,
    Line,
    LineRefusedError,
    LineState,
    MatchedBy,
    Says,
    id_in,
)
from shared.bank_messages.statements import BookingKind, Direction
from shared.bank_messages.status_reports import Level, StatusKind


def run_named(line: Line) -> str | None:
    """The id that may be a run's: of a status the message it answers, of a batch the payment information in it."""
    return id_in(line.order_id)


def matched(lines: Sequence[Line], payouts: Mapping[str, Payout], runs: Mapping[str, FiledRun]) -> Sequence[Line]:
    """The lines of a message, each with what it is about: `payouts` and `runs` that they name, by their ids."""
    wholes = {line.order_id for line in lines if line.told is None and _says_of_whole(line, runs)}
    return [
        line if line.state is not LineState.UNMATCHED else _matched(line, payouts, runs, wholes) for line in lines
    ]


def _matched(
    line: Line, payouts: Mapping[str, Payout], runs: Mapping[str, FiledRun], wholes: set[str | None]
) -> Line:
    payout = payouts.get(line.named or "")
    if line.told is None:
        return _status_matched(line, payout, runs, wholes)
    if payout is not None:
        return booking_matched(line, payout, by=_by(line))
    run = runs.get(run_named(line) or "")
    if run is not None and line.told.direction is Direction.DEBIT:
        if (line.amount_minor, line.currency) == (run.total_minor, run.currency):
            return replace(
                line, state=LineState.MATCHED, says=Says.SETTLED, run_id=run.run_id, matched_by=MatchedBy.RUN
            )
        why = f"the run is of {run.total_minor} {run.currency} in minor units, the booking of {line.amount_minor}"
        return replace(line, state=LineState.DIFFERS, run_id=run.run_id, why=why)
    if line.kind == BookingKind.RETURN or line.named or run_named(line):
        return replace(line, why="no payout has its EndToEndId")
    return replace(line, state=LineState.UNRELATED)


def booking_matched(line: Line, payout: Payout, *, by: MatchedBy) -> Line:
    """A booking with its payout: what it says of it, or that it is of another amount."""
    if line.told is None or line.amount_minor is None:
        raise LineRefusedError("The line is no booking")
    matched_ = replace(line, payout_id=payout.payout_id, run_id=payout.run_id, matched_by=by)
    is_back = line.told.direction is Direction.CREDIT
    if line.currency != payout.currency:
        why = f"the payout is in {payout.currency}, the booking in {line.currency}"
    elif is_back and line.amount_minor > payout.amount_minor:
        why = f"more came back than was paid: {line.amount_minor} of {payout.amount_minor} in minor units"
    elif not is_back and line.amount_minor != payout.amount_minor:
        why = f"the payout is of {payout.amount_minor} in minor units, the booking of {line.amount_minor}"
    else:
        says = Says.CAME_BACK if is_back else Says.SETTLED
        return replace(matched_, state=LineState.MATCHED, says=says, why=None)
    return replace(matched_, state=LineState.DIFFERS, why=why)


def once_each(lines: Sequence[Line], said: Collection[tuple[str, Says]]) -> list[Line]:
    """The lines; bookings that say of a payout what one before did, here or in `said`, are to be looked at."""
    known = set(said)
    found = []
    for line in lines:
        if line.told is None or line.state is not LineState.MATCHED or line.payout_id is None or line.says is None:
            found.append(line)
            continue
        says = (line.payout_id, line.says)
        why = "another booking says the same of this payout: was it paid, or did it come back, twice?"
        found.append(replace(line, state=LineState.DIFFERS, why=why) if says in known else line)
        known.add(says)
    return found


def by_person(line: Line, payout: Payout, *, is_confirmed: bool) -> Line:
    """A line with the payout that a person says it is about.

    Raises AmountDiffersError when the payout is of another amount and nobody confirmed it, and LineRefusedError
    for a status that is of a whole order.
    """
    if line.told is None:
        says = _says(line)
        if says is None or line.level != Level.PAYMENT:
            raise LineRefusedError("The line is of a whole order, not of one payment: set it aside")
        named = replace(
            line, payout_id=payout.payout_id, run_id=payout.run_id, matched_by=MatchedBy.PERSON, why=None
        )
        return replace(named, state=LineState.MATCHED, says=says)
    found = booking_matched(line, payout, by=MatchedBy.PERSON)
    if found.state is LineState.MATCHED:
        return found
    if line.currency != payout.currency or not is_confirmed:
        raise AmountDiffersError(found.why or "")
    says = Says.CAME_BACK if line.told.direction is Direction.CREDIT else Says.SETTLED
    return replace(found, state=LineState.MATCHED, says=says, why=None)


def _by(line: Line) -> MatchedBy:
    return MatchedBy.END_TO_END_ID if id_in(line.end_to_end_id) else MatchedBy.REMITTANCE


def _status_matched(
    line: Line, payout: Payout | None, runs: Mapping[str, FiledRun], wholes: set[str | None]
) -> Line:
    says = _says(line)
    if says is None:
        return replace(line, state=LineState.SAID)
    if line.level == Level.PAYMENT:
        if line.order_id in wholes:
            return replace(line, state=LineState.SAID, why="it is said of the whole order")
        if payout is None:
            return replace(line, why="no payout has its EndToEndId")
        named = replace(line, payout_id=payout.payout_id, run_id=payout.run_id)
        return replace(named, state=LineState.MATCHED, says=says, matched_by=MatchedBy.END_TO_END_ID)
    run = runs.get(run_named(line) or "")
    if run is None:
        return replace(line, why="no run has its message id")
    return replace(line, state=LineState.MATCHED, says=says, run_id=run.run_id, matched_by=MatchedBy.RUN)


def _says(line: Line) -> Says | None:
    """What a status says of a payout's money; None for what leaves it where it is."""
    match line.kind:
        case StatusKind.REJECTED:
            return Says.FAILED
        case StatusKind.SETTLED:
            return Says.SETTLED
    return Says.SENT if line.status in {"ACSP", "ACWC"} else None


def _says_of_whole(line: Line, runs: Mapping[str, FiledRun]) -> bool:
    return line.level != Level.PAYMENT and _says(line) is not None and run_named(line) in runs


#: Money came back of these; that it had left is no news, nor that it is back.
_BACK = frozenset({PayoutState.RETURNED, PayoutState.REVERSED})


def outcome_of(says: Says, state: PayoutState) -> PayoutState | None:
    """What a payout in a state becomes by what the bank says; None where it says nothing new.

    Files come in any order: a statement tells that the money left after a notice told that it came back.
    """
    match says:
        case Says.CAME_BACK:
            if state in _BACK:
                return None
            return PayoutState.REVERSED if state is PayoutState.SETTLED else PayoutState.RETURNED
        case Says.FAILED:
            return None if state is PayoutState.FAILED else PayoutState.FAILED
        case Says.SENT:
            return PayoutState.SENT if state is PayoutState.SUBMITTED else None
    return None if state in _BACK else PayoutState.SETTLED
