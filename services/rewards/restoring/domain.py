"""What facts that were told say of runs, payouts and redemptions, and in which order they are taken in again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from services.rewards.bank_messages.domain import BankAccount, ordering_of
from services.rewards.fulfilment.domain import FulfilledBy
from services.rewards.payouts.domain import Actor, Agreed, Part, Payout, PayoutState, Rate, Traced
from services.rewards.payouts.runs.domain.bank import BankFile, bank_file
from services.rewards.payouts.runs.domain.runs import STEPS, Addressed, Run, RunState
from services.rewards.payouts.runs.domain.terms import PayoutTerms
from services.rewards.payouts.seals.domain import FileSums, SealedRun, SealStep
from services.rewards.providers.domain.contract import Card, ProviderName
from services.rewards.rates.domain.exchange import exchange_of
from services.rewards.redemptions.domain import Redemption, RedemptionState
from services.rewards.refunds.domain import Goods, Refunded
from shared.contracts.facts import FileData, PayoutChanged, PayoutRunChanged, RedemptionChanged
from shared.contracts.facts.redemptions import RedemptionCard

#: The step at which a run was sealed that became this.
SEALED_AT = {
    RunState.OPEN: SealStep.COMPUTED,
    RunState.APPROVING: SealStep.APPROVING,
    RunState.APPROVED: SealStep.APPROVED,
    RunState.FILED: SealStep.FILED,
}
_ORDER = (
    RunState.COMPUTING,
    RunState.OPEN,
    RunState.APPROVING,
    RunState.APPROVED,
    RunState.FILING,
    RunState.FILED,
)
_GIVEN_UP = (RunState.CANCELLING, RunState.CANCELLED)

State = PayoutChanged | RedemptionChanged


class NotToldError(Exception):
    """A fact does not follow from what is known; the message says why."""


def run_of(fact: PayoutRunChanged) -> Run:
    """The run as it was made."""
    data = fact["data"]
    payer = data["payer"]
    return Run(
        community=fact["community"],
        run_id=data["run_id"],
        state=RunState.COMPUTING,
        programme_id=data["programme_id"],
        programme_version=data["programme_version"],
        terms=PayoutTerms(
            *(data["currency"], data["points"], data["minor"], data["minimum_points"]),
            minimum_minor=data.get("minimum_minor", 0),
            holding_days=data.get("holding_days", 0),
            policy_id=data.get("policy_id"),
            exchange=exchange_of(data.get("exchange")),
        ),
        payer=BankAccount(payer["name"], payer["iban"], payer["bic"] or None),
        execution_days=data["execution_days"],
        complete=data["complete"],
        created_at=data["created_at"],
        created_by=Actor(data.get("created_by_person"), data["created_by"]),
        ordering=ordering_of(data.get("ordering")),
        provider=ProviderName(data["provider"]) if "provider" in data else None,
    )


def run_after(run: Run, fact: PayoutRunChanged) -> Run | None:
    """The run once a fact about it is taken in; None when it was there already.

    Raises NotToldError when it cannot come from where it is to there.
    """
    wanted = RunState(fact["data"]["state"])
    if wanted == run.state or _is_past(wanted, run.state):
        return None
    if RunState.FILED in (wanted, run.state) and STEPS.find(run.state, wanted) is None:
        raise NotToldError(f"a payout run that is {run.state} cannot become {wanted}")
    if wanted is RunState.FILING:
        return run.being_filed(by=actor_of(fact))
    if wanted in (RunState.APPROVING, RunState.CANCELLING):
        return run.decided(wanted, by=actor_of(fact), now=fact["time"])
    return run.becoming(wanted)


def actor_of(fact: PayoutChanged | PayoutRunChanged) -> Actor:
    """Who did what a fact says."""
    return Actor(fact["data"].get("person_id"), fact["data"]["by"])


def agreed(fact: PayoutChanged) -> Agreed | None:
    """The outcome that a fact came of, where two people decided it."""
    data = fact["data"]
    return Agreed(data["outcome_id"], data.get("proposed_by_person")) if "outcome_id" in data else None


def _is_past(wanted: RunState, state: RunState) -> bool:
    """Whether a run in `state` has been, or may have been, in the wanted one before."""
    if state in _GIVEN_UP:
        return wanted is RunState.CANCELLING or wanted in _ORDER[: _ORDER.index(RunState.FILING)]
    return wanted in _ORDER and _ORDER.index(wanted) < _ORDER.index(state)


def payout_of(fact: PayoutChanged) -> Payout:
    """A payout as it was accrued; whom it went to is on no topic."""
    data = fact["data"]
    return Payout(
        community=fact["community"],
        payout_id=data["payout_id"],
        run_id=data["run_id"],
        member_id=data["member_id"],
        state=PayoutState(data["state"]),
        points=data["points"],
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        end_to_end_id=data["end_to_end_id"],
        payee=None,
        reason=data.get("reason"),
        parts=tuple(
            Part(
                part["points"],
                part["amount_minor"],
                Rate(part["rate_points"], part["rate_minor"], exchange_of(part.get("rate_exchange"))),
                part.get("returned_payout_id"),
            )
            for part in data.get("parts", ())
        ),
        exchange=exchange_of(data.get("exchange")),
        created_at=fact["time"],
        changed_at=fact["time"],
    )


def redemption_of(fact: RedemptionChanged) -> Redemption:
    """A redemption as it was reserved."""
    data = fact["data"]
    return Redemption(
        community=fact["community"],
        redemption_id=data["redemption_id"],
        member_id=data["member_id"],
        reward_id=data["reward_id"],
        title=data["title"],
        points=data["points"],
        state=RedemptionState(data["state"]),
        created_at=fact["time"],
        expires_at=data["expires_at"],
        changed_at=fact["time"],
        changed_by=data["by"],
        reserved_points=data.get("reserved_points"),
        fulfilled_by=FulfilledBy(data["fulfilled_by"]) if "fulfilled_by" in data else None,
        card=_card(data["card"]) if "card" in data else None,
        order_id=data.get("order_id"),
    )


def refund_of(fact: RedemptionChanged) -> Refunded:
    """The refund that a fact tells of."""
    told = fact["data"]["refund"]
    goods = Goods.RETURNED if told["is_returned"] else Goods.KEPT
    return Refunded(told["refund_id"], told["points"], told["number"], goods, fact["data"]["by"])


def _card(told: RedemptionCard) -> Card:
    return Card(ProviderName(told["provider"]), told["product_id"], told["face_minor"], told["currency"])


class Placed(NamedTuple):
    """A fact, and its place in its batch."""

    place: int
    fact: State


def rounds(facts: Sequence[State]) -> Iterator[list[Placed]]:
    """Facts in rounds, each with at most one of a member, so that every member's keep their order."""
    left = [Placed(index, fact) for index, fact in enumerate(facts)]
    while left:
        now: list[Placed] = []
        later: list[Placed] = []
        members: set[tuple[str, str]] = set()
        for placed in left:
            member = (placed.fact["community"], placed.fact["data"]["member_id"])
            (later if member in members else now).append(placed)
            members.add(member)
        yield now
        left = later


def with_payees(payouts: Iterable[Traced], accounts: Mapping[str, Addressed]) -> list[Traced]:
    """Payouts with the accounts that their members have now, where they lost their own."""
    return [
        Traced(accounts[payout.member_id].put_on(payout), reached)
        if not payout.is_addressed and PayoutState.ELIGIBLE in reached and payout.member_id in accounts
        else Traced(payout, reached)
        for payout, reached in payouts
    ]


def rebuilt_file(run: Run, sealed: SealedRun, told: FileData, *, by: str, at: datetime) -> BankFile | None:
    """The bank file, written again; None when it would not be the same, byte by byte."""
    payouts = sorted(sealed.listed(SealStep.FILED), key=lambda payout: payout.payout_id)
    if not payouts or not all(payout.is_addressed for payout in payouts):
        return None
    execution_date = date.fromisoformat(told["execution_date"])
    file = bank_file(run, payouts, by=by, now=at, execution_date=execution_date)
    return file if file.sha256 == told["sha256"] else None


def why_not_sealed(run: Run, sealed: SealedRun, file: BankFile | None) -> str | None:
    """Why a run that was read back does not fit its seals; None when it does."""
    if not sealed.seals:
        return None
    if run.state is RunState.FILED and file is None and sealed.file is None:
        return "its bank file cannot be written again as it was: bank details that it paid are not known any more"
    with_file = replace(sealed, file=FileSums(file.sha256, file.sha256)) if file else sealed
    for step in SealStep:
        if with_file.why_not(step) is not None:
            return "bank details of its payouts are not known any more, or not as they were"
    return None
