"""People note and decide something on figures, review that, and say what indicators aim at; each is told."""

from dataclasses import replace
from datetime import date
from typing import Final

from services.ingest.communities.handlers import calendars_of
from services.ingest.decisions import domain, store
from services.ingest.decisions.domain import (
    Decide,
    Decision,
    DecisionPlace,
    DecisionsAsked,
    DecisionStep,
    Objective,
    Review,
    Reviewed,
    ShownDecision,
)
from services.ingest.measuring.domain.texts import Sealed
from services.ingest.measuring.handlers.sealing import Sealer, sealer_of
from services.ingest.metrics import DECISIONS_MADE, OBJECTIVES_SET
from services.ingest.settings import Settings
from shared.audit import Did
from shared.calendars import Calendar
from shared.contracts.facts import (
    DECISION_CHANGED,
    DECISION_FACT,
    OBJECTIVE_SET,
    DecisionData,
    DecisionFact,
    ObjectiveData,
)
from shared.contracts.figures import IndicatorName
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import DECISIONS
from shared.transaction import Transaction


async def decide(tx: Transaction[Settings], *, community: str, wanted: Decide, person_id: str | None) -> Decision:
    """Keep what somebody notes or decides on a figure. Raises NotAFigureError and TooManyDecisionsError."""
    await store.lock_deciding(tx.conn, community=community)
    calendar = await _calendar(tx, community=community)
    today = calendar.day_of(tx.now)
    domain.check_wanted(wanted, today=today)
    most = tx.settings.decisions_day_max_count
    if await store.count_made(tx.conn, community=community, since=calendar.start_of(today)) >= most:
        raise domain.TooManyDecisionsError(f"{most} may be noted or decided on a day, and are")
    made = Decision(
        community,
        wanted.decision_id,
        1,
        wanted.kind,
        wanted.figure,
        wanted.about,
        wanted.value,
        wanted.seen_on or today,
        wanted.review_on,
        DecisionStep.STANDS,
        person_id,
        tx.now,
        tx.now,
    )
    await store.put_decision(tx.conn, made)
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is not None:
        content = sealer.seal_bytes(wanted.text.encode(), place=_place(made))
        await store.set_words(tx.conn, community=community, decision_id=made.decision_id, content=content)
    _tell(tx, made)
    after = {"kind": made.kind, "figure": made.figure, "about": made.about, "value": made.value}
    tx.did(Did("decision.make", "decision", made.decision_id, after=after))
    DECISIONS_MADE.labels(made.kind).inc()
    return made


async def review(
    tx: Transaction[Settings], *, community: str, decision_id: str, said: Reviewed, person_id: str | None
) -> Decision:
    """Say what became of a decision: kept, changed or dropped, and when to look again.

    Raises UnknownDecisionError, NoReviewError, NotAFigureError and TooManyDecisionsError.
    """
    found = await _locked(tx, community=community, decision_id=decision_id)
    today = (await _calendar(tx, community=community)).day_of(tx.now)
    domain.check_reviewed(found, said, today=today)
    number = 1 + await store.count_reviews(tx.conn, community=community, decision_id=decision_id)
    if number > domain.REVIEWS_MAX_COUNT:
        raise domain.TooManyDecisionsError(f"a decision is reviewed {domain.REVIEWS_MAX_COUNT} times at most")
    sealer = sealer_of(tx.settings.text_keys)
    content: Sealed | None = None
    if sealer.key_id is not None:
        content = sealer.seal_bytes(said.text.encode(), place=_place(found, number))
    one = Review(number, said.outcome, said.review_on, person_id, None, tx.now, content)
    await store.add_review(tx.conn, community=community, decision_id=decision_id, review=one)
    after = {"outcome": said.outcome.value, "review_on": None if said.review_on is None else str(said.review_on)}
    tx.did(Did("decision.review", "decision", decision_id, before={"state": found.state.value}, after=after))
    DECISIONS_MADE.labels("review").inc()
    return await _go_on(tx, replace(found, state=said.outcome, review_on=said.review_on))


async def withdraw(tx: Transaction[Settings], *, community: str, decision_id: str, reason: str) -> Decision:
    """Take a note or decision back: it counts no more, and what was written of it is gone. Twice is once.

    Raises UnknownDecisionError.
    """
    found = await _locked(tx, community=community, decision_id=decision_id)
    if found.state is DecisionStep.WITHDRAWN:
        tx.did_nothing()
        return found
    await store.delete_review_words(tx.conn, community=community, decision_id=decision_id)
    before = {"state": found.state.value}
    tx.did(Did("decision.withdraw", "decision", decision_id, before=before, after={"reason": reason}))
    DECISIONS_MADE.labels("withdrawal").inc()
    return await _go_on(tx, replace(found, state=DecisionStep.WITHDRAWN, review_on=None))


async def aim(
    tx: Transaction[Settings],
    *,
    community: str,
    indicator: IndicatorName,
    objective: float,
    starts_on: date | None,
    reason: str,
    person_id: str | None,
) -> Objective:
    """Have an indicator aim at something else from a day on, today at the earliest. Said again it is the same.

    Raises NotAFigureError and TooManyDecisionsError.
    """
    await store.lock_deciding(tx.conn, community=community)
    today = (await _calendar(tx, community=community)).day_of(tx.now)
    day = starts_on or today
    domain.check_objective(indicator, objective, starts_on=day, today=today)
    last = await store.find_objective(tx.conn, community=community, indicator=indicator)
    if last is not None and last.objective == objective and last.starts_on <= day:
        tx.did_nothing()
        return last
    if last is not None and last.revision >= domain.OBJECTIVES_MAX_COUNT:
        raise domain.TooManyDecisionsError(f"an objective is set {domain.OBJECTIVES_MAX_COUNT:,} times at most")
    revision = 1 + (0 if last is None else last.revision)
    one = Objective(indicator, revision, objective, day, reason, person_id, None, tx.now)
    await store.add_objective(tx.conn, one, community=community)
    data: ObjectiveData = {
        "indicator": indicator,
        "revision": revision,
        "objective": objective,
        "starts_on": day,
        "set_at": tx.now,
    }
    if person_id is not None:
        data["person_id"] = person_id
    tx.tell(
        DECISIONS,
        OBJECTIVE_SET,
        fact_id=f"{indicator}/{revision}",
        community=community,
        subject=indicator,
        data=data,
    )
    before = None if last is None else {"objective": last.objective}
    after = {"objective": objective, "starts_on": str(day), "reason": reason}
    tx.did(Did("objective.set", "objective", indicator, before=before, after=after))
    OBJECTIVES_SET.inc()
    return await store.find_objective(tx.conn, community=community, indicator=indicator) or one


async def page_of_decisions(
    conn: Connection,
    settings: Settings,
    *,
    asked: DecisionsAsked,
    after: DecisionPlace | None,
    limit_count: int,
    decision_id: str | None = None,
) -> list[ShownDecision]:
    """Notes and decisions, the newest first, with what was written."""
    sealer = sealer_of(settings.text_keys)
    found = await store.page_of_decisions(
        conn, asked=asked, after=after, limit_count=limit_count, decision_id=decision_id
    )
    return [replace(one, text=_opened(sealer, one.content, place=_place(one.decision))) for one in found]


async def load_reviews(conn: Connection, decision: Decision, *, settings: Settings) -> list[Review]:
    """What its reviews came to, oldest first, with what was written."""
    sealer = sealer_of(settings.text_keys)
    found = await store.load_reviews(
        conn,
        community=decision.community,
        decision_id=decision.decision_id,
        limit_count=domain.REVIEWS_MAX_COUNT,
    )
    return [replace(one, text=_opened(sealer, one.content, place=_place(decision, one.number))) for one in found]


async def on_decisions_told(tx: Transaction, facts: list[DecisionFact]) -> None:
    """Remember what a restored database knows nothing of any more; what was written is not told, and is gone."""
    for fact in facts:
        if fact["type"] == "decision.changed.v1":
            await store.put_decision(tx.conn, _told(fact["community"], fact["data"]))
        else:
            said = fact["data"]
            one = Objective(
                said["indicator"],
                said["revision"],
                said["objective"],
                said["starts_on"],
                None,
                said.get("person_id"),
                None,
                said["set_at"],
            )
            await store.add_objective(tx.conn, one, community=fact["community"])


READ_BACK: Final = (ReadBack((DECISIONS,), DECISION_FACT, on_decisions_told),)


async def _calendar(tx: Transaction[Settings], *, community: str) -> Calendar:
    return (await calendars_of(tx, communities={community}))[community]


async def _locked(tx: Transaction[Settings], *, community: str, decision_id: str) -> Decision:
    found = await store.find_decision(tx.conn, community=community, decision_id=decision_id)
    if found is None:
        raise domain.UnknownDecisionError
    return found


async def _go_on(tx: Transaction[Settings], decision: Decision) -> Decision:
    now = replace(decision, revision=decision.revision + 1, changed_at=tx.now)
    await store.put_decision(tx.conn, now)
    _tell(tx, now)
    return now


def _tell(tx: Transaction[Settings], one: Decision) -> None:
    data: DecisionData = {
        "decision_id": one.decision_id,
        "revision": one.revision,
        "kind": one.kind,
        "figure": one.figure,
        "seen_on": one.seen_on,
        "state": one.state.value,
        "made_at": one.made_at,
        "changed_at": one.changed_at,
    }
    if one.about is not None:
        data["about"] = one.about
    if one.value is not None:
        data["value"] = one.value
    if one.review_on is not None:
        data["review_on"] = one.review_on
    if one.person_id is not None:
        data["person_id"] = one.person_id
    tx.tell(
        DECISIONS,
        DECISION_CHANGED,
        fact_id=f"{one.decision_id}/{one.revision}",
        community=one.community,
        subject=one.decision_id,
        data=data,
    )


def _told(community: str, data: DecisionData) -> Decision:
    return Decision(
        community,
        data["decision_id"],
        data["revision"],
        data["kind"],
        data["figure"],
        data.get("about"),
        data.get("value"),
        data["seen_on"],
        data.get("review_on"),
        DecisionStep(data["state"]),
        data.get("person_id"),
        data["made_at"],
        data["changed_at"],
    )


def _place(decision: Decision, review_number: int | None = None) -> bytes:
    """Where words belong: moved to another row they do not open."""
    beside = "" if review_number is None else f"|{review_number}"
    return f"decision|{decision.community}|{decision.decision_id}{beside}".encode()


def _opened(sealer: Sealer, content: Sealed | None, *, place: bytes) -> str | None:
    if content is None:
        return None
    found = sealer.open_bytes(content, place=place)
    return None if found is None else found.decode()
