"""A run's bank file, and what the bank says of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.rewards.bank_messages.pain001.domain import BankFileError, CreditTransfer, credit_transfer_file
from services.rewards.payouts.domain import (
    Change,
    Payout,
    PayoutState,
    WrongStateError,
    changes_to,
    states_open_to,
)
from services.rewards.payouts.runs.domain.runs import Run, RunRefusedError
from services.rewards.payouts.seals.domain import Filed


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

    def told(self, execution_date: date) -> Filed:
        """What the world is told of it."""
        return Filed(self.message_id, self.sha256, self.payment_count, self.control_sum_minor, execution_date)


def bank_file(run: Run, payouts: Sequence[Payout], *, by: str, now: datetime, execution_date: date) -> BankFile:
    """The file that asks the payer's bank to make these payouts.

    Raises RunRefusedError when there are none, and BankFileError when no bank would accept the file.
    """
    if not payouts:
        raise RunRefusedError("No payout of this run is reserved, so there is nothing to pay")
    transfers = [_credit_transfer(payout) for payout in payouts]
    content = credit_transfer_file(
        transfers,
        message_id=message_id(run.run_id),
        payer=run.payer,
        created_at=now,
        execution_date=execution_date,
    )
    return BankFile(
        community=run.community,
        run_id=run.run_id,
        message_id=message_id(run.run_id),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        payment_count=len(transfers),
        control_sum_minor=sum(transfer.amount_minor for transfer in transfers),
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

    def changes(self, payouts: Sequence[Payout]) -> list[Change]:
        """What it changes of the run's payouts; those that are there already stay as they are.

        Raises RunRefusedError when it names one that is not of the run, and WrongStateError when one that it
        names cannot become that.
        """
        missing = set(self.payout_ids or ()) - {payout.payout_id for payout in payouts}
        if missing:
            raise RunRefusedError(f"Payout {min(missing)} is not one of this run")
        changing = [payout for payout in payouts if payout.state != self.outcome]
        able = states_open_to(self.outcome)
        for payout in changing:
            if payout.state not in able:
                raise WrongStateError(payout.state, self.outcome)
        return changes_to(self.outcome, changing, self.reason)


def message_id(run_id: str) -> str:
    """ISO 20022's MsgId of a run's bank file, which has one forever: banks refuse the second of an id."""
    return run_id.replace("-", "")
