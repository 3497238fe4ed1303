"""A run's bank file, and what the bank says of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

import orjson

from services.rewards.bank_messages.pain001.domain import (
    SCHEMA,
    BankFileError,
    CreditTransfer,
    credit_transfer_file,
)
from services.rewards.payouts.domain import (
    STEPS,
    Change,
    Payout,
    PayoutState,
    Traced,
    WrongStateError,
    changes_to,
    states_open_to,
)
from services.rewards.payouts.runs.domain.runs import Run, RunRefusedError
from services.rewards.payouts.seals.domain import Filed

#: What the list of a run by a provider says of itself.
LIST_SCHEMA: Final = "plaudit-payout-list"


class NotToldYetError(Exception):
    """A bank file is kept back until the broker has every fact of its run; the message says what is missing."""

    def __init__(self, run_id: str, reason: str) -> None:
        super().__init__(reason)
        self.run_id = run_id


class NoBankFileError(Exception):
    """A run has no bank file, or there is no such run."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"run {run_id} has no bank file")
        self.run_id = run_id


@dataclass(frozen=True, slots=True)
class BankFile:
    """A run's bank file, as it is given to the bank. `sha256` is of its content, in hex."""

    community: str
    run_id: str
    message_id: str
    content: bytes
    sha256: str
    payment_count: int
    control_sum_minor: int
    created_at: datetime
    created_by: str

    @property
    def is_list(self) -> bool:
        """Whether it is the list of what a provider pays, and no bank's."""
        return self.content.startswith(b"{")

    @property
    def schema_name(self) -> str:
        """What it is written in."""
        return LIST_SCHEMA if self.is_list else SCHEMA

    def told(self, execution_date: date) -> Filed:
        """What the world is told of it."""
        return Filed(self.message_id, self.sha256, self.payment_count, self.control_sum_minor, execution_date)


def bank_file(run: Run, payouts: Sequence[Payout], *, by: str, now: datetime, execution_date: date) -> BankFile:
    """The file that asks the payer's bank to make these payouts; of a run by a provider the list of them.

    Raises RunRefusedError when there are none, and BankFileError when no bank would accept the file.
    """
    if not payouts:
        raise RunRefusedError("No payout of this run is reserved, so there is nothing to pay")
    if run.provider is not None:
        return _filed(run, payouts, payout_list(run, payouts, execution_date=execution_date), by=by, now=now)
    transfers = [_credit_transfer(payout) for payout in payouts]
    content = credit_transfer_file(
        transfers,
        message_id=message_id(run.run_id),
        payer=run.payer,
        currency=run.terms.currency,
        created_at=now,
        execution_date=execution_date,
        ordering=run.ordering,
    )
    return _filed(run, payouts, content, by=by, now=now)


def payout_list(run: Run, payouts: Sequence[Payout], *, execution_date: date) -> bytes:
    """What a provider is to pay, in the order of ids: what is sealed in place of a bank file. No account is in it.

    Raises BankFileError where a payout has none.
    """
    for payout in payouts:
        if payout.receiver_id is None:
            raise BankFileError(f"payout {payout.payout_id} has no account at {run.provider}")
    content = {
        "schema": LIST_SCHEMA,
        "run_id": run.run_id,
        "provider": run.provider,
        "date": execution_date.isoformat(),
        "payouts": [
            {
                "payout_id": payout.payout_id,
                "receiver_id": payout.receiver_id,
                "amount_minor": payout.amount_minor,
                "currency": payout.currency,
            }
            for payout in sorted(payouts, key=lambda payout: payout.payout_id)
        ],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _filed(run: Run, payouts: Sequence[Payout], content: bytes, *, by: str, now: datetime) -> BankFile:
    return BankFile(
        community=run.community,
        run_id=run.run_id,
        message_id=message_id(run.run_id),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        payment_count=len(payouts),
        control_sum_minor=sum(payout.amount_minor for payout in payouts),
        created_at=now,
        created_by=by,
    )


def _credit_transfer(payout: Payout) -> CreditTransfer:
    if payout.payee is None:
        raise BankFileError(f"payout {payout.payout_id} has no bank details")
    return CreditTransfer(
        payout.end_to_end_id,
        payout.amount_minor,
        payout.payee,
        f"{payout.points} points, payout {payout.end_to_end_id}",
    )


class Refused(NamedTuple):
    """A payout that a report names, and why it cannot be what the report says."""

    payout_id: str
    reason: str


class ReportRefusedError(Exception):
    """A report names payouts that cannot be what it says: `refused`, each with its place in the list."""

    def __init__(self, refused: Mapping[int, Refused]) -> None:
        super().__init__("; ".join(f"payout {payout_id}: {reason}" for payout_id, reason in refused.values()))
        self.refused = refused


class ReportedChanges(NamedTuple):
    """What a report changes of a run's payouts, and which of them it leaves: they are there, or were, already."""

    changes: Sequence[Change]
    unchanged: Sequence[Payout]


@dataclass(frozen=True, slots=True)
class BankReport:
    """What the bank said of a run's payouts: of `payout_ids`, or of all that can become that."""

    outcome: PayoutState
    reason: str | None = None
    payout_ids: Sequence[str] | None = None

    @property
    def states(self) -> Sequence[PayoutState]:
        """In which states the payouts are that it is about."""
        return states_open_to(self.outcome) if self.payout_ids is None else tuple(PayoutState)

    def changes(self, payouts: Sequence[Traced]) -> ReportedChanges:
        """What it changes of the run's payouts; those that are there, or have been, stay as they are.

        Raises ReportRefusedError, which names each payout that is not of the run or cannot become that.
        """
        known = {traced.payout.payout_id: traced for traced in payouts}
        changing: list[Payout] = []
        unchanged: list[Payout] = []
        refused: dict[int, Refused] = {}
        for place, payout_id in enumerate(self.payout_ids if self.payout_ids is not None else known):
            traced = known.get(payout_id)
            if traced is None:
                refused[place] = Refused(payout_id, "it is not one of this run")
            elif has_been(traced, self.outcome):
                unchanged.append(traced.payout)
            elif STEPS.find(traced.payout.state, self.outcome) is None:
                reason = str(WrongStateError(traced.payout.state, self.outcome))
                refused[place] = Refused(payout_id, reason)
            elif traced.payout not in changing:
                changing.append(traced.payout)
        if refused:
            raise ReportRefusedError(refused)
        return ReportedChanges(changes_to(self.outcome, changing, self.reason), unchanged)

    def check_were_filed(self, filed: Sequence[Payout]) -> None:
        """Check that what is corrected was ever given to the bank. Raises ReportRefusedError when it was not."""
        known = {payout.payout_id for payout in filed}
        refused = {
            place: Refused(payout_id, "it was never in the bank's file")
            for place, payout_id in enumerate(self.payout_ids or ())
            if payout_id not in known
        }
        if self.outcome is PayoutState.CORRECTED and refused:
            raise ReportRefusedError(refused)


def has_been(traced: Traced, outcome: PayoutState) -> bool:
    """Whether a payout is, or was, what a bank says of it: what was settled had been sent.

    One that is corrected is at its end: nothing that was said of it before is so any more.
    """
    state = traced.payout.state
    if state is outcome:
        return True
    if outcome is PayoutState.SENT and state in (PayoutState.SETTLED, PayoutState.REVERSED):
        return True
    return state is not PayoutState.CORRECTED and outcome in traced.reached


def message_id(run_id: str) -> str:
    """ISO 20022's MsgId of a run's bank file, which has one forever: banks refuse the second of an id."""
    return run_id.replace("-", "")
