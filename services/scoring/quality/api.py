"""HTTP routes of content: the best, what nobody judged yet, and why one is as good as it is said to be."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.quality.domain.judging import Kind
from services.scoring.quality.domain.listing import (
    BestPlace,
    BestWanted,
    By,
    ContentSeen,
    Judged,
    JudgementPlace,
    UnjudgedPlace,
    UnknownContentError,
    why_nothing,
)
from services.scoring.quality.domain.trust import trusting
from services.scoring.quality.domain.weighing import (
    FULL_TRUST,
    PRIOR_VOTES,
    UNIT,
    contribution,
    quality,
)
from services.scoring.quality.handlers.trusting import restate, trust_of
from services.scoring.quality.store import listing
from shared.contracts.fields import ChannelName
from shared.followed_communities import load_calendar
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    ProblemType,
    Scope,
    Shown,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

UNKNOWN_CONTENT = ProblemType("unknown-content", 404, "Nobody made or judged such content")
UNJUDGED_DAYS = 30
UNJUDGED_MAX_DAYS = 366

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]
Channel = Annotated[ChannelName | None, Query(description="Only where it stands in this channel")]


class ContentItem(BaseModel):
    """Something that somebody made, and how good others found it."""

    content_id: UUID
    channel: str = Field(examples=["forum"])
    host: str | None = Field(description="Where its channel is, for a community that has several of the kind")
    object_id: str = Field(description="Its id there", examples=["post-93"])
    author_id: UUID | None
    author_name: str | None = Field(examples=["Grace"])
    made_uid: UUID | None = Field(description="The event that made it, by which ingest has its text and address")
    made_at: datetime | None
    made_type: str | None = Field(examples=["forum.reply.v1"])
    is_gone: bool = Field(description="Whether it was taken back")
    is_upheld: bool = Field(description="Whether a report of it was upheld: then it gives its author nothing")
    outcomes: int = Field(description="How many said something of it, or answered it", examples=[4])
    weighed: int = Field(description="How many judgements weigh something", examples=[3])
    quality: float = Field(description="From 0 to 1; a half is what nobody judged", examples=[0.7857])

    @classmethod
    def of(cls, seen: ContentSeen, names: dict[str, str]) -> Self:
        """The content as it is shown."""
        said = seen._asdict()
        return cls.model_validate(
            {name: said[name] for name in said if name in cls.model_fields}
            | {
                "author_name": names.get(seen.author_id or ""),
                "quality": _shown(quality(seen.sums)),
            }
        )


class BestContent(Page[ContentItem]):
    """The best content of a week or month, the best first, and the days that these are."""

    starts_on: date
    ends_on: date = Field(description="Its last day")


class ContentShown(ContentItem):
    """Content with what its quality is made of: it begins with `prior_votes`, half of them for it."""

    prior_votes: int = Field(examples=[3])
    votes_for: float = Field(description="What the judgements for it weigh, in votes", examples=[4.0])
    votes: float = Field(description="What all judgements weigh", examples=[4.0])
    contribution: float = Field(description="What it says of its author, from 0 to 1", examples=[0.5714])


#: Why a judgement weighs nothing.
WhyNothing = Literal[
    "retracted", "own", "bot", "no_author", "seen", "suspended", "no_weight", "not_trusted", "too_many"
]


class JudgementItem(BaseModel):
    """What somebody made of content, and why that weighs what it does."""

    event_uid: UUID
    judge_id: UUID
    judge_name: str | None = Field(examples=["Ada"])
    at: datetime
    kind: Kind
    percent_for: int = Field(description="How much of it speaks for the content", examples=[100])
    kind_percent: int = Field(description="What its kind weighs, in percent of a vote", examples=[200])
    trust: float = Field(description="How far the judge was trusted when it was scored", examples=[0.47])
    turn: int = Field(
        description="The how manieth it is of this judge on this author in 30 days: each weighs half of the one"
        " before; 0 where it does not count",
        examples=[1],
    )
    weight: float = Field(description="What it weighs, in votes", examples=[0.94])
    why_nothing: WhyNothing | None

    @classmethod
    def of(cls, judged: Judged, names: dict[str, str]) -> Self:
        """The judgement as it is shown."""
        return cls(
            event_uid=UUID(judged.event_uid),
            judge_id=UUID(judged.judge_id),
            judge_name=names.get(judged.judge_id),
            at=judged.at,
            kind=judged.kind,
            percent_for=judged.percent_up,
            kind_percent=judged.kind_percent,
            trust=judged.trust / FULL_TRUST,
            turn=judged.turn,
            weight=_votes(judged.weight.total),
            why_nothing=why_nothing(judged),
        )


class QualityOfMember(BaseModel):
    """How far a member is trusted to judge, and what their content says of them."""

    member_id: UUID
    measured: bool = Field(description="Whether the programme in force has a section `quality`")
    trust: float = Field(description="From 0 to 1, as their next judgement weighs", examples=[0.47])
    contents: int = Field(description="What they made, as far as it is known", examples=[12])
    better: int = Field(description="How much of it is better than what nobody judged", examples=[3])
    score: float = Field(description="What that says of them, added up", examples=[1.42])


class Restatement(BaseModel):
    """Judgements that are weighed anew, a piece at a time."""

    pairs: int = Field(description="Of how many pairs of a judge and an author", examples=[1200])


@router.get("/v1/content/best", summary="The best content of a week or month", responses=problem_responses())
async def get_best(
    principal: Reader,
    shown: Shown,
    conn: Conn,
    place: Annotated[BestPlace | None, after(BestPlace)],
    by: By = "week",
    day: Annotated[date | None, Query(description="A day of it, in the community's zone; today")] = None,
    channel: Channel = None,
    limit: Limit = 100,
) -> BestContent:
    """Of what was made in it and judged by whom others trust; what was taken back is left out."""
    community = principal.community
    calendar = await load_calendar(conn, community=community)
    span = calendar.period_of(by, day or calendar.day_of(datetime.now(UTC)))
    wanted = BestWanted(by, span.starts_on, channel)
    found = await listing.page_of_best(conn, community=community, wanted=wanted, after=place, limit=limit)
    names = await _names(conn, shown, community=community, members=[one.author_id for one in found[:limit]])
    page = Page.of(
        found,
        limit,
        item=lambda one: ContentItem.of(one, names),
        place=lambda one: BestPlace(one.millionths, UUID(one.content_id)),
    )
    return BestContent(items=page.items, next=page.next, starts_on=span.starts_on, ends_on=span.ends_on)


@router.get("/v1/content/unjudged", summary="What nobody judged yet", responses=problem_responses())
async def get_unjudged(
    principal: Reader,
    shown: Shown,
    conn: Conn,
    place: Annotated[UnjudgedPlace | None, after(UnjudgedPlace)],
    days: Annotated[
        int, Query(ge=1, le=UNJUDGED_MAX_DAYS, description="Of what was made within so many days")
    ] = UNJUDGED_DAYS,
    channel: Channel = None,
    limit: Limit = 100,
) -> Page[ContentItem]:
    """The oldest first: nobody accepted it, voted, rated, reacted, reported it, or answered."""
    community = principal.community
    since = datetime.now(UTC) - timedelta(days=days)
    found = await listing.page_of_unjudged(
        conn, community=community, since=since, channel=channel, after=place, limit=limit
    )
    names = await _names(conn, shown, community=community, members=[one.author_id for one in found[:limit]])
    return Page.of(
        found,
        limit,
        item=lambda one: ContentItem.of(one, names),
        place=lambda one: UnjudgedPlace(one.made_at or since, UUID(one.content_id)),
    )


@router.post(
    "/v1/content/restatements",
    status_code=202,
    summary="Weigh all judgements anew, by the trust that there is now",
    responses=problem_responses(),
)
async def post_restatement(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)], tx: Tx
) -> Restatement:
    """The trust in a judge is decided when an event is scored and stays so; this alone changes it, for all.

    It goes on beside everything else, a piece a second. What rules gave is not given anew.
    """
    return Restatement(pairs=await restate(tx, community=principal.community))


@router.get(
    "/v1/content/{content_id}",
    summary="How good content is, and what that is made of",
    responses=problem_responses(UNKNOWN_CONTENT),
)
async def get_content(principal: Reader, shown: Shown, conn: Conn, content_id: UUID) -> ContentShown:
    """Its quality is (half of `prior_votes` + `votes_for`) / (`prior_votes` + `votes`)."""
    community = principal.community
    seen = await listing.find_content(conn, community=community, content_id=str(content_id))
    if seen is None:
        raise UnknownContentError
    names = await _names(conn, shown, community=community, members=[seen.author_id])
    return ContentShown(
        **ContentItem.of(seen, names).model_dump(),
        prior_votes=PRIOR_VOTES,
        votes_for=_votes(seen.sums.plus),
        votes=_votes(seen.sums.total),
        contribution=_shown(contribution(quality(seen.sums))),
    )


@router.get(
    "/v1/content/{content_id}/judgements",
    summary="What others made of content, and what each weighs",
    responses=problem_responses(UNKNOWN_CONTENT),
)
async def get_judgements(
    principal: Reader,
    shown: Shown,
    conn: Conn,
    content_id: UUID,
    place: Annotated[JudgementPlace | None, after(JudgementPlace)],
    limit: Limit = 100,
) -> Page[JudgementItem]:
    """The newest first, those too that weigh nothing, each with why."""
    community = principal.community
    if await listing.find_content(conn, community=community, content_id=str(content_id)) is None:
        raise UnknownContentError
    found = await listing.page_of_judgements(
        conn, community=community, content_id=str(content_id), after=place, limit=limit
    )
    names = await _names(conn, shown, community=community, members=[one.judge_id for one in found[:limit]])
    return Page.of(
        found,
        limit,
        item=lambda one: JudgementItem.of(one, names),
        place=lambda one: JudgementPlace(one.at, UUID(one.event_uid)),
    )


@router.get(
    "/v1/members/{member_id}/quality",
    summary="How far a member is trusted to judge, and how good what they made is",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_quality(
    principal: Annotated[Principal, requires(Scope.POINTS_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    conn: Conn,
) -> QualityOfMember:
    """Of the member and all who are merged into them."""
    community, now = principal.community, datetime.now(UTC)
    head_id = await find_head(conn, community=community, member_id=str(member_id))
    group = await load_group(conn, community=community, head_id=head_id)
    _, programme = await document_in_force(conn, community=community, at=now)
    by = trusting(programme)
    trust = 0
    if by is not None:
        trust = await trust_of(conn, community=community, head_id=head_id, group=group, by=by, now=now)
    of_member = await listing.find_of_member(conn, community=community, member_ids=group)
    return QualityOfMember(
        member_id=member_id,
        measured=by is not None,
        trust=trust / FULL_TRUST,
        contents=of_member.contents,
        better=of_member.better,
        score=round(of_member.millionths / 1_000_000, 4),
    )


async def _names(conn: Connection, shown: Shown, *, community: str, members: list[str | None]) -> dict[str, str]:
    known = sorted({member for member in members if member is not None})
    shown.of(*known)
    return await load_names(conn, community=community, member_ids=known)


def _shown(value: object) -> float:
    return round(float(value), 4)  # type: ignore[arg-type]


def _votes(weight: int) -> float:
    return round(weight / UNIT, 6)
