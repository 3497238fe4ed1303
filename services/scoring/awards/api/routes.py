"""HTTP routes of awards: awards, scores, and why an event earned what it did."""

from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from services.scoring.awards import store
from services.scoring.awards.api.explaining import explain
from services.scoring.awards.api.models import AwardItem, Explanation, Explanations, RuleScore, Score
from services.scoring.awards.domain.awards import AwardPlace, RecordedAward
from services.scoring.programmes.domain.publication import succession
from services.scoring.programmes.store import versions
from services.scoring.scores.domain import faded
from services.scoring.settings import Settings
from shared.contracts.programme import SPENDABLE
from shared.followed_communities import load_calendar
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    MemberId,
    MemberNamed,
    Moment,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    Shown,
    Whose,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_PATH
from shared.merges import load_group
from shared.own_events import WORD_MAX_CHARS, OwnEvent, read_word
from shared.postgres import Connection

router = APIRouter()

#: Events explained at once: as many as a page shows.
EXPLAINED_MAX_COUNT = 100

OwnWord = Annotated[str, StringConstraints(max_length=WORD_MAX_CHARS)]
UNKNOWN_EVENT = ProblemType("unknown-event", 404, "No such event")
AwardsReader = Annotated[Principal, requires(Scope.POINTS_READ, reads="member")]
ScoreReader = Annotated[Principal, requires(Scope.POINTS_READ, or_own=True, reads="member_id")]
EventReader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]


class AskedAwards(NamedTuple):
    """Whose awards are asked for: a member's, by id or identity, or an event's, by uid."""

    of: Literal["member", "event"]
    named: str


async def _asked_awards(
    member: Annotated[MemberNamed | None, Query(description="Awards of this member: an id or an identity")] = None,
    event: Annotated[UUID | None, Query(description="Awards that this event (its uid) earned")] = None,
) -> AskedAwards:
    if member is not None and event is None:
        return AskedAwards("member", member)
    if event is not None and member is None:
        return AskedAwards("event", str(event))
    detail = "Give either member or event"
    raise Problem(INVALID_REQUEST, detail, [FieldError(field="member", detail=detail)])


@router.get("/v1/awards", summary="Awards of a member or an event", responses=problem_responses(UNKNOWN_IDENTITY))
async def get_awards(
    principal: AwardsReader,
    asked: Annotated[AskedAwards, Depends(_asked_awards)],
    whose: Whose,
    place: Annotated[AwardPlace | None, after(AwardPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[AwardItem]:
    """Awards, and what changed what they amount to, by event time. Give `member` or `event`."""
    community = principal.community
    if asked.of == "member":
        member_id = await whose.of(conn, community=community, named=asked.named, field="member")
        group = await load_group(conn, community=community, head_id=member_id)
        found = await store.page_of_awards(conn, community=community, member_ids=group, after=place, limit=limit)
    else:
        found = await store.page_of_event_awards(
            conn, community=community, event_uid=asked.named, after=place, limit=limit
        )
    return Page.of(found, limit, item=AwardItem.of, place=_place_of)


def _place_of(recorded: RecordedAward) -> AwardPlace:
    return AwardPlace(recorded.award.event_time, recorded.award.award_id)


@router.get(
    "/v1/members/{member_id}/score",
    summary="A member's points, at any time",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_PATH),
)
async def get_score(
    principal: ScoreReader,
    member_id: MemberId,
    conn: Conn,
    at: Annotated[Moment | None, Query(description="Count events until then (event time); now")] = None,
    known_at: Annotated[Moment | None, Query(description="Count what was recorded until then; now")] = None,
) -> Score:
    """Points by rule, from append-only awards, so that the past can be asked: had at T, as known at K.

    What changes an award counts at the event time of the award: asked today, a retracted event never counted;
    asked as known before the retraction, it did. A member without awards has 0 points. Whoever is merged into the
    member now is counted with them at all times.
    """
    now = datetime.now(UTC)
    community, at, known_at = principal.community, at or now, known_at or now
    member_ids = await load_group(conn, community=community, head_id=str(member_id))
    rules = await store.load_rule_points(
        conn, community=community, member_ids=member_ids, at=at, known_at=known_at
    )
    scores = {SPENDABLE: 0}
    for rule in rules:
        scores[rule.score] = scores.get(rule.score, 0) + rule.points
    fading = await _fading(conn, community=community, now=now) if len(scores) > 1 else {}
    months = await store.load_score_months(
        conn,
        community=community,
        member_ids=member_ids,
        scores=sorted(fading),
        at=at,
        known_at=known_at,
    )
    today = (await load_calendar(conn, community=community)).day_of(at)
    return Score(
        member_id=member_id,
        at=at,
        known_at=known_at,
        points=scores[SPENDABLE],
        scores=scores,
        faded={
            score: faded(
                ((month, points) for of, month, points in months if of == score),
                today=today,
                monthly_percent=percent,
            )
            for score, percent in fading.items()
            if score in scores
        },
        rules=[RuleScore.of(rule) for rule in rules],
    )


async def _fading(conn: Connection, *, community: str, now: datetime) -> dict[str, int]:
    """The scores that fade by the version that applies now: what is left of each after a month, in percent."""
    starts = succession(await versions.load_starts(conn, community=community))
    number = next((start.number for start in reversed(starts) if start.effective_from <= now), 0)
    documents = await versions.load_documents(conn, community=community, numbers=[number])
    declared = documents[number].get("scores") or () if number in documents else ()
    return {one["id"]: one["monthly_percent"] for one in declared if one.get("monthly_percent") is not None}


@router.get(
    "/v1/events/{event_uid}/explanation",
    summary="Why an event earned what it did",
    responses=problem_responses(UNKNOWN_EVENT),
)
async def get_explanation(principal: EventReader, shown: Shown, event_uid: UUID, conn: Conn) -> Explanation:
    """The awards of an event, and for every other rule that listens to its type, why it gave nothing.

    An event with neither came before the first programme, or no rule listens to its type.
    """
    explained = await explain(conn, community=principal.community, uids=[str(event_uid)])
    shown.of(*explained.member_ids)
    if not explained.is_seen(str(event_uid)):
        raise Problem(UNKNOWN_EVENT, "Scoring has not seen it; a receipt says whether it was accepted")
    return explained.of(str(event_uid))


@router.get("/v1/explanations", summary="Why events earned what they did", responses=problem_responses())
async def get_explanations(
    principal: EventReader,
    shown: Shown,
    conn: Conn,
    event: Annotated[list[UUID], Query(description="Their uids", min_length=1, max_length=EXPLAINED_MAX_COUNT)],
) -> Explanations:
    """As of each event by itself. `GET /v1/members/{member_id}/events` of analytics has what a member did."""
    uids = list(dict.fromkeys(map(str, event)))
    explained = await explain(conn, community=principal.community, uids=uids)
    shown.of(*explained.member_ids)
    return Explanations(items=[explained.of(uid) for uid in uids])


@router.get(
    "/v1/members/{member_id}/explanations",
    summary="Why what a member did earned them what it did",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_own_explanations(
    principal: ScoreReader,
    member_id: MemberId,
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    event: Annotated[
        list[OwnWord],
        Query(
            description="Their words, as GET /v1/members/{member_id}/events of analytics has them",
            min_length=1,
            max_length=EXPLAINED_MAX_COUNT,
        ),
    ],
) -> Explanations:
    """What the events earned that member and what rules declined for them; nothing of others in them."""
    community, own_id = principal.community, str(member_id)
    own: dict[str, OwnEvent] = {}
    for word in event:
        found = read_word(settings.identity_key_bytes, word, community=community, member_id=own_id)
        if found is None:
            detail = "Give it as analytics has it for that member"
            raise Problem(INVALID_REQUEST, detail, [FieldError(field="event", detail=detail)])
        own[found.event_uid] = found
    explained = await explain(conn, community=community, uids=list(own))
    return Explanations(items=[explained.of(uid, member_id=own_id, slots=one.slots) for uid, one in own.items()])
