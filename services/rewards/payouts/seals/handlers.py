"""Sealing lists of payouts, telling the world of runs, and what it was told."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Literal, cast

import orjson

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.domain import Actor, Payout
from services.rewards.payouts.seals import store
from services.rewards.payouts.seals.domain import Filed, Seal, SealedRun, SealedTerms, SealStep, seal_of
from shared.contracts.facts import PAYOUT_RUN_CHANGED, ExchangeData, OrderingData, PayingOut, PayoutRunData
from shared.told import ToldReader
from shared.topics import PAYOUTS, record_key
from shared.transaction import Transaction

Told = Literal["computing", "open", "approving", "approved", "filing", "filed", "cancelling", "cancelled"]
#: What a run is once a list of it was sealed at a step.
RUN_STATES: dict[SealStep, Told] = {
    SealStep.COMPUTED: "open",
    SealStep.APPROVING: "approving",
    SealStep.APPROVED: "approved",
    SealStep.FILED: "filed",
}


async def seal(
    tx: Transaction,
    run: SealedRun,
    *,
    payouts: Sequence[Payout],
    step: SealStep,
    by: Actor,
    filed: Filed | None = None,
    value: str | None = None,
) -> None:
    """Seal the payouts of a run's step, with the bank file once it is written, and tell the world.

    `value` is the seal where it was computed before anything was locked.
    """
    terms = run.terms
    value = value or seal_of(terms, payouts, file_sha256=filed.sha256 if filed else None)
    await store.add_seal(tx.conn, Seal(terms.community, terms.run_id, step, value, tx.now, by.credential))
    data = _data(tx, run, state=RUN_STATES[step], by=by)
    data["seal"] = value
    if filed is not None:
        data["file"] = {
            "message_id": filed.message_id,
            "sha256": filed.sha256,
            "payment_count": filed.payment_count,
            "control_sum_minor": filed.control_sum_minor,
            "execution_date": filed.execution_date.isoformat(),
        }
    _tell(tx, terms, data=data)


#: What was told of so many runs is remembered: it never changes.
REMEMBERED_MAX_COUNT = 10_000
_REMEMBERED: dict[tuple[str, str], Mapping[SealStep, str]] = {}
_STEPS = {RUN_STATES[step]: step for step in (SealStep.APPROVED, SealStep.FILED)}


async def load_told(reader: ToldReader, run: SealedRun) -> Mapping[SealStep, str]:
    """The seals that were told first of a run's approval and file, as far as there are any.

    Looks from when the rows say that the run was made. Raises KafkaError when the broker is away.
    """
    community, run_id = run.terms.community, run.terms.run_id
    known = _REMEMBERED.get((community, run_id))
    if known is not None or not run.seals:
        return known or {}
    told: dict[SealStep, str] = {}
    since = min([seal.sealed_at for seal in run.seals.values()] + ([run.created_at] if run.created_at else []))
    async with aclosing(reader.values(PAYOUTS, record_key(community, run_id), since=since)) as values:
        async for value in values:
            try:
                fact = orjson.loads(value)
                if fact["type"] == PAYOUT_RUN_CHANGED.name and fact["data"]["run_id"] == run_id:
                    step = _STEPS.get(fact["data"]["state"])
                    if step is not None:
                        told.setdefault(step, fact["data"]["seal"])
            except (ValueError, KeyError, TypeError):
                continue  # it is no fact of ours
            if told.keys() >= run.seals.keys() & set(_STEPS.values()):
                break
    if len(told) == len(_STEPS):
        if len(_REMEMBERED) >= REMEMBERED_MAX_COUNT:
            _REMEMBERED.clear()
        _REMEMBERED[community, run_id] = told
    return told


def tell_state(tx: Transaction, run: SealedRun, *, state: Told, by: Actor) -> None:
    """Tell the world that a run reached a state in which nothing more of it is sealed."""
    _tell(tx, run.terms, data=_data(tx, run, state=state, by=by))


def _data(tx: Transaction, run: SealedRun, *, state: Told, by: Actor) -> PayoutRunData:
    terms = run.terms
    data: PayoutRunData = {
        "run_id": terms.run_id,
        "state": state,
        "programme_id": terms.programme_id,
        "programme_version": terms.programme_version,
        "currency": terms.currency,
        "points": terms.points,
        "minor": terms.minor,
        "minimum_points": terms.minimum_points,
        "payer": {"name": terms.payer.name, "iban": terms.payer.iban, "bic": terms.payer.bic or ""},
        "execution_days": terms.execution_days,
        "complete": run.complete,
        "created_at": run.created_at or tx.now,
        "created_by": terms.created_by,
        "by": by.credential,
    }
    if terms.policy_id is not None:
        data["policy_id"] = terms.policy_id
        data["minimum_minor"] = terms.minimum_minor
        data["holding_days"] = terms.holding_days
    if terms.ordering.said:
        data["ordering"] = cast(OrderingData, terms.ordering.said)
    if terms.provider is not None:
        data["provider"] = cast(PayingOut, terms.provider)
    if terms.exchange is not None:
        data["exchange"] = cast(ExchangeData, terms.exchange.said)
    if run.created_by_person is not None:
        data["created_by_person"] = run.created_by_person
    if by.person_id is not None:
        data["person_id"] = by.person_id
    return data


def _tell(tx: Transaction, terms: SealedTerms, *, data: PayoutRunData) -> None:
    tx.tell(
        PAYOUTS,
        PAYOUT_RUN_CHANGED,
        # A run is open under several seals, one after the other, and reaches every other state once.
        fact_id=derived_id(f"payout_run|{terms.run_id}|{data['state']}|{data.get('seal', '')}"),
        community=terms.community,
        subject=terms.run_id,
        data=data,
    )
