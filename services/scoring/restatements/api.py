"""HTTP routes of restatements: asked for, looked at, submitted, approved, reversed and cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.scoring.audiences.domain import UnknownAudienceError
from services.scoring.backtests.api import BACKTEST_WINDOW
from services.scoring.backtests.domain.backtests import window_of
from services.scoring.programmes.api.problems import UNKNOWN_VERSION
from services.scoring.programmes.api.texts import author_of
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.restatements.domain import restatements as domain
from services.scoring.restatements.domain.restatements import (
    REASON_MAX_CHARS,
    Difference,
    DifferencePlace,
    RestatementPlace,
    UnknownRestatementError,
)
from services.scoring.restatements.handlers import asking
from services.scoring.restatements.store import parts as part_store
from services.scoring.restatements.store import restatements as store
from shared.contracts.fields import Count, Slug
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_AUDIENCE

UNKNOWN_RESTATEMENT = ProblemType("unknown-restatement", 404, "No such restatement")
RESTATEMENT_STEP = ProblemType("restatement-step", 409, "That does not follow on the restatement's state")
RESTATEMENT_CHANGED = ProblemType("restatement-changed", 409, "The restatement comes to something else now")
RESTATEMENT_FOUR_EYES = ProblemType("restatement-four-eyes", 403, "Another person decides that")
TOO_MANY_RESTATEMENTS = ProblemType("too-many-restatements", 409, "As many restatements are open as may")
RESTATED_SINCE = ProblemType("restated-since", 409, "A later restatement of that time stands")
NOT_ASKED_BACK = ProblemType("reversal-not-asked", 409, "Nobody asked to have it reversed")

MOVERS_COUNT = 10

router = APIRouter()

Writer = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
Approver = Annotated[Principal, requires(Scope.PROGRAMMES_APPROVE)]
Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]
Looker = Annotated[Principal, requires(Scope.PROGRAMMES_READ, reads=IN_ANSWER)]

DIGEST = "0f" * 32


class RestatementRequest(RequestBody):
    """Which version is applied to which part of the past, and why: members read the reason."""

    since: AwareDatetime = Field(description="Events from then on", examples=["2026-01-01T00:00:00Z"])
    until: AwareDatetime | None = Field(
        None, description="Events before then; null: until now", examples=["2026-02-01T00:00:00Z"]
    )
    version: Count | None = Field(
        None, description="Of `GET /v1/programmes`; null: the one in force", examples=[3]
    )
    audience: Slug | None = Field(
        None, description="Only what members get who are in this audience now", examples=["newcomers"]
    )
    reason: str = Field(
        min_length=3,
        max_length=REASON_MAX_CHARS,
        description="Members whose points change read it",
        examples=["Answers gave 5 points too few in January"],
    )


class RestatementApproval(RequestBody):
    """What whoever approves has seen."""

    digest: str = Field(min_length=64, max_length=64, pattern="^[0-9a-f]+$", examples=[DIGEST])


class WhoDid(BaseModel):
    """Who did something of it, and when."""

    at: datetime
    person_id: UUID | None
    name: str = Field(examples=["Ada"])


class RestatedRule(BaseModel):
    """By how much what a rule gave changes, of one score."""

    rule: str
    score: str
    points: int
    awards_count: int


class RestatementResult(BaseModel):
    """What it comes to, in points that can be spent where nothing else is said."""

    events_count: int = Field(description="Events that the version was applied to")
    awards_count: int = Field(description="Awards that change")
    points: int = Field(description="So many more points in all; below 0 fewer")
    points_given: int
    points_taken: int
    members_count: int
    winners_count: int
    losers_count: int
    rules: list[RestatedRule]


class RestatementItem(BaseModel):
    """A restatement, and how far it is."""

    restatement_id: UUID
    state: Literal[
        "computing",
        "ready",
        "submitted",
        "approved",
        "posting",
        "posted",
        "reversing",
        "reversed",
        "failed",
        "cancelled",
    ]
    since: datetime
    until: datetime
    audience: str | None
    version: int
    reason: str
    percent: int = Field(description="How much is done of what is under way", examples=[42])
    waits_for_live: bool = Field(description="Whether it waits until the live line has caught up")
    asked: WhoDid
    submitted: WhoDid | None
    approved: WhoDid | None
    reversal_asked: WhoDid | None
    reversal_approved: WhoDid | None
    changed_at: datetime | None = Field(
        description="When what was approved turned out to be something else, so that it waits for approval again"
    )
    posted_at: datetime | None
    ended_at: datetime | None
    failure: (
        Literal[
            "too_many_events",
            "too_many_differences",
            "too_entangled",
            "too_long",
            "too_much_memory",
            "no_programme",
            "broke",
        ]
        | None
    )
    digest: str | None = Field(description="Of all differences: the same input has the same", examples=[DIGEST])
    result: RestatementResult | None

    @classmethod
    def of(cls, restatement: domain.Restatement) -> Self:
        """The restatement as it is listed."""
        return cls.model_validate(_shown(restatement))


class RestatementMover(BaseModel):
    """A member whose points move most."""

    member_id: UUID
    member_name: str | None = Field(description="Null where nobody knows it any more")
    points: int


class RestatementDocument(RestatementItem):
    """A restatement with whose points move most."""

    movers: list[RestatementMover]


class DifferenceItem(BaseModel):
    """What an award came to, and comes to by the restatement; below 0 what is taken.

    `posted_id` is the award or amendment that says so, once it is posted.
    """

    award_id: UUID
    member_id: UUID
    member_name: str | None = Field(description="Null where nobody knows it any more")
    rule: str
    score: str
    event_uid: UUID
    event_type: str
    event_time: datetime
    before: int
    after: int
    posted_id: UUID | None


def _shown(one: domain.Restatement) -> dict[str, object]:
    return {
        "restatement_id": one.restatement_id,
        "state": one.state.value,
        "since": one.asked.since,
        "until": one.asked.until,
        "audience": one.asked.audience,
        "version": one.version,
        "reason": one.reason,
        "percent": one.percent,
        "waits_for_live": one.waits_for_live,
        "asked": _who(one.asked_at, one.asked_by),
        "submitted": _who(one.submitted_at, one.submitted_by),
        "approved": _who(one.approved_at, one.approved_by),
        "reversal_asked": _who(one.reversal_asked_at, one.reversal_asked_by),
        "reversal_approved": _who(one.reversal_approved_at, one.reversal_approved_by),
        "changed_at": one.changed_at,
        "posted_at": one.posted_at,
        "ended_at": one.ended_at,
        "failure": one.failure,
        "digest": one.digest,
        "result": one.result,
    }


def _who(at: datetime | None, by: Author | None) -> dict[str, object] | None:
    return None if at is None or by is None else {"at": at, "person_id": by.person_id, "name": by.name}


def _difference(one: Difference, names: Mapping[str, str]) -> DifferenceItem:
    said = one._asdict()
    del said["place"]
    return DifferenceItem.model_validate(
        said | {"rule": said.pop("rule_id"), "member_name": names.get(one.member_id)}
    )


@router.post(
    "/v1/restatements",
    summary="Have it worked out what a version changes of the past",
    status_code=201,
    responses=problem_responses(BACKTEST_WINDOW, UNKNOWN_VERSION, UNKNOWN_AUDIENCE, TOO_MANY_RESTATEMENTS),
)
async def post_restatement(
    principal: Writer, body: RestatementRequest, response: Response, tx: Tx
) -> RestatementItem:
    """Nothing is posted until it was submitted, and another person approved what it comes to."""
    community = principal.community
    asked = window_of(body.since, body.until, body.audience, now=tx.now)
    if body.audience is not None:
        _, programme = await document_in_force(tx.conn, community=community, at=tx.now)
        if programme is None or body.audience not in {one.id for one in programme.audiences or ()}:
            raise UnknownAudienceError
    restatement = await asking.ask(
        tx, community=community, asked=asked, version=body.version, reason=body.reason, by=author_of(principal)
    )
    response.headers["Location"] = f"/v1/restatements/{restatement.restatement_id}"
    return RestatementItem.of(restatement)


@router.get("/v1/restatements", summary="Restatements, newest first", responses=problem_responses())
async def get_restatements(
    principal: Reader,
    conn: Conn,
    place: Annotated[RestatementPlace | None, after(RestatementPlace)],
    limit: Limit = 20,
) -> Page[RestatementItem]:
    """What was asked for, what it comes to, and who decided."""
    found = await store.page_of_restatements(conn, community=principal.community, after=place, limit=limit)
    return Page.of(
        found,
        limit,
        item=RestatementItem.of,
        place=lambda one: RestatementPlace(one.asked_at, one.restatement_id),
    )


@router.get(
    "/v1/restatements/{restatement_id}",
    summary="A restatement, and whose points move most",
    responses=problem_responses(UNKNOWN_RESTATEMENT),
)
async def get_restatement(
    principal: Looker, shown: Shown, restatement_id: UUID, conn: Conn
) -> RestatementDocument:
    """How far it is, and what it comes to."""
    key = {"community": principal.community, "restatement_id": str(restatement_id)}
    restatement = await store.find_restatement(conn, **key)
    if restatement is None:
        raise UnknownRestatementError
    movers = await part_store.load_movers(conn, **key, limit=MOVERS_COUNT)
    members = [member_id for member_id, _ in movers]
    shown.of(*members)
    names = await load_names(conn, community=principal.community, member_ids=members)
    said = [
        {"member_id": member_id, "member_name": names.get(member_id), "points": points}
        for member_id, points in movers
    ]
    return RestatementDocument.model_validate(_shown(restatement) | {"movers": said})


@router.get(
    "/v1/restatements/{restatement_id}/differences",
    summary="What a restatement changes, award by award",
    responses=problem_responses(UNKNOWN_RESTATEMENT),
)
async def get_differences(
    principal: Looker,
    shown: Shown,
    restatement_id: UUID,
    conn: Conn,
    place: Annotated[DifferencePlace | None, after(DifferencePlace)],
    limit: Limit = 50,
) -> Page[DifferenceItem]:
    """As it was worked out, and what was posted in the end, which names the award or amendment."""
    key = {"community": principal.community, "restatement_id": str(restatement_id)}
    if await store.find_restatement(conn, **key) is None:
        raise UnknownRestatementError
    found = await part_store.page_of_differences(conn, **key, after=place, limit=limit)
    members = sorted({one.member_id for one in found[:limit]})
    shown.of(*members)
    names = await load_names(conn, community=principal.community, member_ids=members)
    return Page.of(
        found, limit, item=lambda one: _difference(one, names), place=lambda one: DifferencePlace(one.place)
    )


@router.post(
    "/v1/restatements/{restatement_id}/submit",
    summary="Put a restatement up for approval",
    responses=problem_responses(UNKNOWN_RESTATEMENT, RESTATEMENT_STEP),
)
async def submit_restatement(principal: Writer, restatement_id: UUID, tx: Tx) -> RestatementItem:
    """Another person is to approve it; submitted again it stays so."""
    found = await asking.submit(
        tx, community=principal.community, restatement_id=str(restatement_id), by=author_of(principal)
    )
    return RestatementItem.of(found)


@router.post(
    "/v1/restatements/{restatement_id}/approve",
    summary="Approve a restatement",
    responses=problem_responses(UNKNOWN_RESTATEMENT, RESTATEMENT_STEP, RESTATEMENT_CHANGED, RESTATEMENT_FOUR_EYES),
)
async def approve_restatement(
    principal: Approver, restatement_id: UUID, body: RestatementApproval, tx: Tx
) -> RestatementItem:
    """It is worked out once more, and posted where it still comes to what `digest` says; else it waits again."""
    found = await asking.approve(
        tx,
        community=principal.community,
        restatement_id=str(restatement_id),
        digest=body.digest,
        by=author_of(principal),
    )
    return RestatementItem.of(found)


@router.post(
    "/v1/restatements/{restatement_id}/cancel",
    summary="Cancel a restatement",
    responses=problem_responses(UNKNOWN_RESTATEMENT, RESTATEMENT_STEP),
)
async def cancel_restatement(principal: Writer, restatement_id: UUID, tx: Tx) -> RestatementItem:
    """It is never posted; cancelled again it stays so. What is being posted is reversed instead."""
    found = await asking.cancel(tx, community=principal.community, restatement_id=str(restatement_id))
    return RestatementItem.of(found)


@router.post(
    "/v1/restatements/{restatement_id}/reverse",
    summary="Ask for a restatement's reversal",
    responses=problem_responses(UNKNOWN_RESTATEMENT, RESTATEMENT_STEP, RESTATED_SINCE),
)
async def reverse_restatement(principal: Writer, restatement_id: UUID, tx: Tx) -> RestatementItem:
    """Another person is to approve that; asked again it stays so."""
    found = await asking.ask_back(
        tx, community=principal.community, restatement_id=str(restatement_id), by=author_of(principal)
    )
    return RestatementItem.of(found)


@router.post(
    "/v1/restatements/{restatement_id}/approve-reversal",
    summary="Approve a restatement's reversal",
    responses=problem_responses(
        UNKNOWN_RESTATEMENT, RESTATEMENT_STEP, RESTATED_SINCE, RESTATEMENT_FOUR_EYES, NOT_ASKED_BACK
    ),
)
async def approve_reversal(principal: Approver, restatement_id: UUID, tx: Tx) -> RestatementItem:
    """Awards come to what they would without it: what was undone otherwise meanwhile stays so."""
    found = await asking.take_back(
        tx, community=principal.community, restatement_id=str(restatement_id), by=author_of(principal)
    )
    return RestatementItem.of(found)
