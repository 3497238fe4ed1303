"""What changed since the last run that was paid: who pays, by which rate, and to which accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.domain.runs import Run
from shared.contracts.fields import Uuid


class TermChange(NamedTuple):
    """A term of a run that is not as it was in the last one, with both in words."""

    term: str
    before: str
    after: str


class ChangedPayeePlace(NamedTuple):
    """Where a page of changed bank details ended."""

    payout_id: Uuid


@dataclass(frozen=True, slots=True)
class ChangedPayee:
    """A payout to an account that its member was not paid to the last time; `before` is None for the first."""

    payout_id: str
    member_id: str
    before: BankAccount | None
    after: BankAccount
    changed_at: datetime | None
    changed_by: Actor | None

    @property
    def place(self) -> ChangedPayeePlace:
        """Where it stands among those of its run."""
        return ChangedPayeePlace(self.payout_id)


def term_changes(run: Run, last: Run) -> list[TermChange]:
    """What a run is paid by that the last one was not."""
    return [
        TermChange(term, before, after)
        for (term, before), (_, after) in zip(_terms(last), _terms(run), strict=True)
        if before != after
    ]


def _terms(run: Run) -> Iterator[tuple[str, str]]:
    yield "payer.name", run.payer.name
    yield "payer.iban", run.payer.iban
    yield "payer.bic", run.payer.bic or ""
    yield "currency", run.terms.currency
    yield "points", str(run.terms.points)
    yield "minor", str(run.terms.minor)
    yield "minimum_points", str(run.terms.minimum_points)
    yield "minimum_minor", str(run.terms.minimum_minor)
    yield "holding_days", str(run.terms.holding_days)
    exchange = run.terms.exchange
    yield "exchange", f"{exchange.price_currency} {exchange.rate_text}" if exchange else ""
    yield "execution_days", str(run.execution_days)
    ordering = run.ordering
    yield "payer.address", ordering.address.in_a_line if ordering.address else ""
    yield "batch_booking", str(ordering.batch_booking).lower()
    yield "purpose", ordering.purpose or ""
    yield "instant", str(ordering.instant).lower()
    yield "file_max_count", str(ordering.file_max_count or "")
    yield "file_max_minor", str(ordering.file_max_minor or "")
