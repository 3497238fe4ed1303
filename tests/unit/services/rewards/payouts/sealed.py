"""A run of one payout, as its seals have it."""

from datetime import UTC, datetime

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.domain import Payout, PayoutState, Traced
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.domain.terms import PayoutTerms
from services.rewards.payouts.seals.domain import Seal, SealedTerms, SealStep

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RUN_ID = "cc76e54b-a83e-524f-bd29-1d4866a616bb"
TERMS = SealedTerms(
    community="python",
    run_id=RUN_ID,
    created_by="maker",
    programme_id="demo",
    programme_version=1,
    payer=BankAccount("Example", "DE89370400440532013000", "COBADEFFXXX"),
    currency="EUR",
    points=100,
    minor=50,
    minimum_points=500,
    execution_days=1,
)
PAYOUT = Payout(
    community="python",
    payout_id="30ea876d-a627-5976-8151-d3f1d3282e41",
    run_id=RUN_ID,
    member_id="1524a1e9-532f-5b33-80be-9ee9f9bc415f",
    state=PayoutState.RESERVED,
    points=1_200,
    amount_minor=600,
    currency="EUR",
    end_to_end_id="30ea876da62759768151d3f1d3282e41",
    payee=BankAccount("Zoë Müller", "NL91ABNA0417164300", None),
    reason=None,
    created_at=NOW,
    changed_at=NOW,
)


RUN = Run(
    community=TERMS.community,
    run_id=TERMS.run_id,
    state=RunState.OPEN,
    programme_id=TERMS.programme_id,
    programme_version=TERMS.programme_version,
    terms=PayoutTerms(TERMS.currency, TERMS.points, TERMS.minor, TERMS.minimum_points),
    payer=TERMS.payer,
    execution_days=TERMS.execution_days,
    complete=True,
    created_at=NOW,
    created_by=TERMS.created_by,
)


def traced(payout: Payout, *more: PayoutState) -> Traced:
    before = (PayoutState.ACCRUED, PayoutState.ELIGIBLE, PayoutState.APPROVED, PayoutState.RESERVED)
    return Traced(payout, {*before, *more})


def sealed(step: SealStep, value: str) -> Seal:
    return Seal("python", RUN_ID, step, value, NOW, "k")
