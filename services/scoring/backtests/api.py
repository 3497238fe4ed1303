"""HTTP routes of backtests: asked for, looked at while they run, cancelled, and what they found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.scoring.audiences.domain import UnknownAudienceError
from services.scoring.backtests.domain import backtests as domain
from services.scoring.backtests.domain.backtests import (
    DRAFTS_MAX_COUNT,
    BacktestPlace,
    DraftAsked,
    UnknownBacktestError,
    window_of,
)
from services.scoring.backtests.handlers import asking
from services.scoring.backtests.store import backtests as store
from services.scoring.programmes.api.models import EXAMPLE
from services.scoring.programmes.api.problems import (
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    INVALID_PROGRAMME,
    UNKNOWN_DRAFT,
)
from services.scoring.programmes.api.texts import author_of, valid
from services.scoring.programmes.domain.drafts import UnknownDraftError
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.programmes.store.drafts import find_draft
from services.scoring.settings import Settings
from shared.contracts.fields import Name, Slug
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Begin,
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
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_AUDIENCE
from shared.located_yaml import DOCUMENT_MAX_BYTES

UNKNOWN_BACKTEST = ProblemType("unknown-backtest", 404, "No such backtest")
BACKTEST_ENDED = ProblemType("backtest-ended", 409, "The backtest has ended")
BACKTEST_WINDOW = ProblemType("backtest-window", 422, "Nothing can have happened in that time")
TOO_MANY_BACKTESTS = ProblemType("too-many-backtests", 409, "As many backtests wait or run as may")

router = APIRouter()

Writer = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]
Looker = Annotated[Principal, requires(Scope.PROGRAMMES_READ, reads=IN_ANSWER)]
Configured = Annotated[Settings, configured(Settings)]


class BacktestedDraft(RequestBody):
    """A draft: a stored one, as it is saved now, or a text."""

    draft_id: UUID | None = Field(None, description="Of `GET /v1/programme-drafts`")
    title: Name | None = Field(
        None, description="What it is called in the answer; the draft's own title where it is not said"
    )
    text: str | None = Field(None, max_length=DOCUMENT_MAX_BYTES, examples=[EXAMPLE])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.draft_id is None) == (self.text is None):
            raise PydanticCustomError("draft_or_text", "Say either `draft_id` or `text`")
        return self


class BacktestRequest(RequestBody):
    """Which part of the past goes through which drafts."""

    since: AwareDatetime = Field(description="Events from then on", examples=["2026-04-01T00:00:00Z"])
    until: AwareDatetime | None = Field(None, description="Events before then; null: until now")
    audience: Slug | None = Field(
        None,
        description="Only what members of this audience get is summed up; limits count everybody",
        examples=["newcomers"],
    )
    drafts: list[BacktestedDraft] = Field(
        min_length=1,
        max_length=DRAFTS_MAX_COUNT,
        examples=[[{"title": "More for answers", "text": EXAMPLE}]],
    )


class BacktestDraft(BaseModel):
    """A draft that was asked for, told by the SHA-256 of its exact text."""

    title: str = Field(examples=["More for answers"])
    draft_id: UUID | None
    sha256: str


class BacktestItem(BaseModel):
    """A backtest, and how far it is."""

    backtest_id: UUID
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    since: datetime
    until: datetime
    audience: str | None
    drafts: list[BacktestDraft]
    asked_at: datetime
    asked_by: str = Field(examples=["Ada"])
    asked_by_person: UUID | None
    percent: int = Field(description="How much of the log is read", examples=[42])
    events_count: int = Field(description="Events that were counted until now", examples=[1200])
    waits_for_live: bool = Field(description="Whether it waits until the live line has caught up")
    ended_at: datetime | None
    failure: Literal["too_many_events", "too_long", "too_much_memory", "no_programme", "broke"] | None

    @classmethod
    def of(cls, backtest: domain.Backtest) -> Self:
        """The backtest as it is listed."""
        return cls.model_validate(_shown(backtest))


class Worth(BaseModel):
    """What points are worth by a programme's payout terms, in minor units, rounded down."""

    minor: int = Field(examples=[34000])
    currency: str = Field(examples=["EUR"])
    per_point: str = Field(description="Minor units for one point", examples=["1.000000"])


class RuleSum(BaseModel):
    """What a rule gave, of one score."""

    rule: str
    score: str
    points: int
    awards_count: int
    members_count: int


class WeekSum(BaseModel):
    """Points of a week, by its Monday."""

    week: str = Field(examples=["2026-03-02"])
    points: int


class LimitHit(BaseModel):
    """How often a limit left less than a rule had, and how many points that took."""

    rule: str
    reason: Literal["limit", "cooldown", "diminished", "floor", "budget", "pacing"]
    count: int
    points: int


class DeclinedSum(BaseModel):
    """How often a rule gave nothing, before limits, and why."""

    rule: str
    reason: str
    count: int


class BudgetSum(BaseModel):
    """What a campaign spent, and the day on which its budget ended; null where it did not."""

    campaign: str
    budget: int
    spent: int
    ends_on: str | None


class AudienceSum(BaseModel):
    """What members who are in an audience now get on both sides."""

    audience: str
    points_before: int
    points_after: int
    winners_count: int
    losers_count: int


class MoverItem(BaseModel):
    """A member who has most more or less than before."""

    member_id: UUID
    member_name: str | None = Field(description="Null where nobody knows it any more")
    before: int
    after: int


class Compared(BaseModel):
    """A draft beside the programme that was in force."""

    points: int = Field(description="So many more points; below 0 fewer", examples=[1200])
    percent: float | None = Field(description="Null where there were none before", examples=[12.0])
    winners_count: int
    losers_count: int
    same_count: int
    audiences: list[AudienceSum]
    movers: list[MoverItem]


class Titles(BaseModel):
    """What a programme calls its rules, campaigns and audiences, by their ids."""

    rules: dict[str, str] = {}
    campaigns: dict[str, str] = {}
    audiences: dict[str, str] = {}


class SideSum(BaseModel):
    """What a programme gives for the past: first the one that was in force, then each draft."""

    title: str
    titles: Titles = Titles()
    points: int = Field(description="Points that can be spent")
    scores: dict[str, int]
    awards_count: int
    members_count: int
    worth: Worth | None = Field(description="Null where the programme pays nothing")
    liability: Worth | None = Field(description="What of that was still open at the end of the time")
    liable_points: int
    rules: list[RuleSum]
    weeks: list[WeekSum]
    limits: list[LimitHit]
    declined: list[DeclinedSum]
    without_version_count: int = Field(description="Events from before there was a programme")
    budgets: list[BudgetSum]
    compared: Compared | None = Field(None, description="Of drafts")


class BacktestResult(BaseModel):
    """What a backtest found. The same input gives the same `digest`."""

    digest: str
    sides: list[SideSum]


class BacktestDocument(BacktestItem):
    """A backtest with what it found, once it is done."""

    result: BacktestResult | None

    @classmethod
    def found(cls, backtest: domain.Backtest, names: Mapping[str, str]) -> Self:
        """The backtest as it is shown to whoever looks."""
        return cls.model_validate(_shown(backtest) | {"result": _result(backtest, names)})


def _shown(backtest: domain.Backtest) -> dict[str, object]:
    return {
        "backtest_id": backtest.backtest_id,
        "state": backtest.state.value,
        "since": backtest.asked.since,
        "until": backtest.asked.until,
        "audience": backtest.asked.audience,
        "drafts": [
            {"title": one.title, "draft_id": one.draft_id, "sha256": one.sha256} for one in backtest.drafts
        ],
        "asked_at": backtest.asked_at,
        "asked_by": backtest.asked_by.name,
        "asked_by_person": backtest.asked_by.person_id,
        "percent": backtest.percent,
        "events_count": backtest.events_count,
        "waits_for_live": backtest.waits_for_live,
        "ended_at": backtest.ended_at,
        "failure": backtest.failure,
    }


def _result(backtest: domain.Backtest, names: Mapping[str, str]) -> dict[str, object] | None:
    if backtest.result is None:
        return None
    sides = []
    for number, side in enumerate(backtest.result["sides"]):
        movers = [
            {
                "member_id": one.member_id,
                "member_name": names.get(one.member_id),
                "before": one.before,
                "after": one.after,
            }
            for one in backtest.movers
            if one.draft == number
        ]
        compared = side.get("compared")
        sides.append(side if compared is None else side | {"compared": compared | {"movers": movers}})
    return {"digest": backtest.result["digest"], "sides": sides}


@router.post(
    "/v1/backtests",
    summary="Have drafts backtested",
    status_code=201,
    responses=problem_responses(
        *(BACKTEST_WINDOW, TOO_MANY_BACKTESTS, UNKNOWN_AUDIENCE, UNKNOWN_DRAFT),
        *(INVALID_PROGRAMME, CHECK_TOO_SLOW, CHECKS_BUSY),
    ),
)
async def post_backtest(
    principal: Writer, body: BacktestRequest, response: Response, settings: Configured, begin: Begin
) -> BacktestItem:
    """The log goes through the drafts, and beside them the programme as it was in force, once it is their turn.

    Nothing is given: what it finds is there once it is `done`.
    """
    community = principal.community
    drafts = []
    async with begin() as tx:
        tx.did_nothing()
        asked = window_of(body.since, body.until, body.audience, now=tx.now)
        if body.audience is not None:
            _, programme = await document_in_force(tx.conn, community=community, at=tx.now)
            if programme is None or body.audience not in {one.id for one in programme.audiences or ()}:
                raise UnknownAudienceError
        for number, one in enumerate(body.drafts, start=1):
            if one.draft_id is None:
                drafts.append(DraftAsked.of(one.title or f"Draft {number}", one.text or ""))
                continue
            found = await find_draft(tx.conn, community=community, draft_id=str(one.draft_id))
            if found is None:
                raise UnknownDraftError
            drafts.append(DraftAsked.of(one.title or found.title, found.source_text, found.draft_id))
    for draft in drafts:
        valid(await CHECKER.check(draft.text, community=community, settings=settings))
    async with begin() as tx:
        backtest = await asking.ask(tx, community=community, asked=asked, drafts=drafts, by=author_of(principal))
    response.headers["Location"] = f"/v1/backtests/{backtest.backtest_id}"
    return BacktestItem.of(backtest)


@router.get("/v1/backtests", summary="Backtests, newest first", responses=problem_responses())
async def get_backtests(
    principal: Reader,
    conn: Conn,
    place: Annotated[BacktestPlace | None, after(BacktestPlace)],
    limit: Limit = 20,
) -> Page[BacktestItem]:
    """What was asked for, and how far it is."""
    found = await store.page_of_backtests(conn, community=principal.community, after=place, limit=limit)
    return Page.of(
        found,
        limit,
        item=BacktestItem.of,
        place=lambda backtest: BacktestPlace(backtest.asked_at, backtest.backtest_id),
    )


@router.get(
    "/v1/backtests/{backtest_id}",
    summary="A backtest, with what it found",
    responses=problem_responses(UNKNOWN_BACKTEST),
)
async def get_backtest(principal: Looker, shown: Shown, backtest_id: UUID, conn: Conn) -> BacktestDocument:
    """How far it is, and once it is done what came of it, side by side."""
    community = principal.community
    backtest = await store.find_backtest(conn, community=community, backtest_id=str(backtest_id))
    if backtest is None:
        raise UnknownBacktestError
    members = [one.member_id for one in backtest.movers]
    shown.of(*members)
    return BacktestDocument.found(backtest, await load_names(conn, community=community, member_ids=members))


@router.post(
    "/v1/backtests/{backtest_id}/cancel",
    summary="Cancel a backtest",
    responses=problem_responses(UNKNOWN_BACKTEST, BACKTEST_ENDED),
)
async def cancel_backtest(principal: Writer, backtest_id: UUID, tx: Tx) -> BacktestItem:
    """It ends without a result; cancelled again it stays so."""
    backtest = await asking.cancel(tx, community=principal.community, backtest_id=str(backtest_id))
    return BacktestItem.of(backtest)
