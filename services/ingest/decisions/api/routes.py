"""HTTP routes of notes and decisions on figures, of their reviews, and of what indicators aim at."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import uuid_utils
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.ingest.communities.store import load_calendars
from services.ingest.decisions import handlers, store
from services.ingest.decisions.api.models import (
    DecisionDone,
    DecisionShown,
    DecisionWanted,
    DecisionWithReviews,
    ObjectiveShown,
    ObjectiveWanted,
    ReviewShown,
    ReviewWanted,
    WithdrawalWanted,
    fields_of,
)
from services.ingest.decisions.api.problems import (
    INVALID_FIGURE,
    NOT_REVIEWED,
    TOO_MANY_DECISIONS,
    UNKNOWN_DECISION,
    UNKNOWN_INDICATOR,
)
from services.ingest.decisions.domain import (
    STEPS,
    Decide,
    DecisionPlace,
    DecisionsAsked,
    DecisionStep,
    ObjectivePlace,
    Reviewed,
)
from services.ingest.settings import Settings
from shared.calendars import PLAIN
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.facts import DecisionKind
from shared.contracts.fields import Slug
from shared.contracts.figures import FIGURE_NAMES, INDICATOR_NAMES, FigureName, IndicatorName
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    Problem,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)

router = APIRouter(tags=["decisions"])
Looking = Annotated[Principal, requires(Scope.ANALYTICS_READ)]
Deciding = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
OwnSettings = Annotated[Settings, configured(Settings)]
DecisionId = Annotated[UUID, Path(description="The note's or decision's id")]
Indicator = Annotated[str, Path(description="As the scorecard calls it", examples=["answered_in_time"])]


async def _today(conn: Conn, principal: Principal) -> date:
    known = await load_calendars(conn, communities=[principal.community])
    return known.get(principal.community, PLAIN).day_of(datetime.now(UTC))


@router.post(
    "/v1/decisions",
    status_code=201,
    summary="Note or decide something on a figure",
    response_model=DecisionDone,
    responses=problem_responses(INVALID_FIGURE, TOO_MANY_DECISIONS, KEY_REUSED),
)
async def post_decision(
    principal: Deciding, tx: Tx, body: DecisionWanted, idempotency_key: IdempotencyKey
) -> Response:
    """It stands beside the figure from then on, with the value of then and of now."""
    community = principal.community

    async def work() -> DecisionDone:
        wanted = Decide(
            str(uuid_utils.uuid7()),
            body.kind,
            body.figure,
            body.about,
            body.value,
            body.seen_on,
            body.review_on,
            body.text.strip(),
        )
        made = await handlers.decide(tx, community=community, wanted=wanted, person_id=principal.person_id or None)
        return DecisionDone.of(made)

    said: dict[str, Any] = body.model_dump(mode="json")
    return await answer_once(tx, Command(CommandKey(community, "decision", idempotency_key), said), work=work)


@router.get("/v1/decisions", summary="What was noted and decided on figures", responses=problem_responses())
async def get_decisions(
    principal: Looking,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[DecisionPlace | None, after(DecisionPlace)],
    figure: Annotated[
        list[FigureName] | None,
        Query(max_length=len(FIGURE_NAMES), description="On these figures alone", examples=[["answered_in_time"]]),
    ] = None,
    about: Annotated[Slug | None, Query(description="On this goal alone", examples=["answers"])] = None,
    kind: Annotated[DecisionKind | None, Query(description="Notes or decisions alone")] = None,
    state: Annotated[
        DecisionStep | None, Query(description="Those in this state alone; without it all but withdrawn ones")
    ] = None,
    due: Annotated[bool, Query(description="Those alone that are to be looked at again by now")] = False,
    limit: Limit = 100,
) -> Page[DecisionShown]:
    """The newest first. What is withdrawn is there when one asks for it, without what was written."""
    today = await _today(conn, principal)
    asked = DecisionsAsked(
        principal.community,
        figures=figure or (),
        about=about,
        kind=kind,
        state=state,
        due_by=today if due else None,
    )
    found = await handlers.page_of_decisions(conn, settings, asked=asked, after=place, limit_count=limit)
    return Page.of(
        found,
        limit,
        item=lambda one: DecisionShown.of(one, today=today),
        place=lambda one: DecisionPlace(one.decision.decision_id),
    )


@router.get(
    "/v1/decisions/{decision_id}", summary="A note or decision", responses=problem_responses(UNKNOWN_DECISION)
)
async def get_decision(
    principal: Looking, conn: Conn, settings: OwnSettings, decision_id: DecisionId
) -> DecisionWithReviews:
    """With what its reviews came to."""
    found = await handlers.page_of_decisions(
        conn,
        settings,
        asked=DecisionsAsked(principal.community),
        after=None,
        limit_count=1,
        decision_id=str(decision_id),
    )
    if not found:
        raise Problem(UNKNOWN_DECISION, "GET /v1/decisions has those there are")
    one = found[0].decision
    reviews = await handlers.load_reviews(conn, one, settings=settings)
    return DecisionWithReviews(
        **fields_of(found[0], today=await _today(conn, principal)),
        reviews=[ReviewShown.of(review) for review in reviews],
        may_be_reviewed=one.kind == "decision" and DecisionStep.KEPT in STEPS[one.state],
    )


@router.post(
    "/v1/decisions/{decision_id}/review",
    summary="Say what became of a decision",
    responses=problem_responses(UNKNOWN_DECISION, NOT_REVIEWED, INVALID_FIGURE, TOO_MANY_DECISIONS),
)
async def post_review(principal: Deciding, tx: Tx, decision_id: DecisionId, body: ReviewWanted) -> DecisionDone:
    """Kept, changed or dropped; what is kept or changed may be looked at once more."""
    said = Reviewed(DecisionStep(body.outcome), body.text.strip(), body.review_on)
    done = await handlers.review(
        tx,
        community=principal.community,
        decision_id=str(decision_id),
        said=said,
        person_id=principal.person_id or None,
    )
    return DecisionDone.of(done)


@router.post(
    "/v1/decisions/{decision_id}/withdraw",
    summary="Take a note or decision back",
    responses=problem_responses(UNKNOWN_DECISION),
)
async def post_decision_withdrawal(
    principal: Deciding, tx: Tx, decision_id: DecisionId, body: WithdrawalWanted
) -> DecisionDone:
    """It counts no more, and what was written of it is gone."""
    done = await handlers.withdraw(
        tx, community=principal.community, decision_id=str(decision_id), reason=body.reason.strip()
    )
    return DecisionDone.of(done)


@router.get("/v1/objectives", summary="What indicators were said to aim at", responses=problem_responses())
async def get_objectives(
    principal: Looking,
    conn: Conn,
    place: Annotated[ObjectivePlace | None, after(ObjectivePlace)],
    indicator: Annotated[
        IndicatorName | None, Query(description="Of this one alone", examples=["answered_in_time"])
    ] = None,
    limit: Limit = 100,
) -> Page[ObjectiveShown]:
    """By indicator, of each the newest first. The scorecard has what holds, also where nothing was set."""
    found = await store.page_of_objectives(
        conn, community=principal.community, indicator=indicator, after=place, limit_count=limit
    )
    return Page.of(
        found, limit, item=ObjectiveShown.of, place=lambda one: ObjectivePlace(one.indicator, one.revision)
    )


@router.put(
    "/v1/objectives/{indicator}",
    summary="Have an indicator aim at something else",
    responses=problem_responses(UNKNOWN_INDICATOR, INVALID_FIGURE, TOO_MANY_DECISIONS),
)
async def put_objective(
    principal: Deciding, tx: Tx, indicator: Indicator, body: ObjectiveWanted
) -> ObjectiveShown:
    """From a day on: weeks that are over stay judged by what held then."""
    named = next((one for one in INDICATOR_NAMES if one == indicator), None)
    if named is None:
        raise Problem(UNKNOWN_INDICATOR, "Nothing was done. GET /v1/scorecard at analytics has those there are")
    one = await handlers.aim(
        tx,
        community=principal.community,
        indicator=named,
        objective=body.objective,
        starts_on=body.starts_on,
        reason=body.reason.strip(),
        person_id=principal.person_id or None,
    )
    return ObjectiveShown.of(one)
