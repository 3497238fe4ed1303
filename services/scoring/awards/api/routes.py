"""HTTP routes of awards: awards, scores, and why an event earned what it did."""

from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.scoring.awards import store
from services.scoring.awards.api.models import (
    AttributeReadItem,
    AwardItem,
    DeclinedItem,
    Explanation,
    RuleScore,
    Score,
)
from services.scoring.awards.domain.awards import AwardPlace, RecordedAward
from services.scoring.awards.domain.reasons import why_less
from services.scoring.limits.store import load_claims_of_events
from services.scoring.programmes.store.versions import load_documents
from services.scoring.rules.store import load_declined, load_read
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
    problem_responses,
    requires,
)
from shared.http.pages import PAGE_MAX_COUNT
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_PATH
from shared.merges import load_group

router = APIRouter()

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
    as_known_at: Annotated[Moment | None, Query(description="Count what was recorded until then; now")] = None,
) -> Score:
    """Points by rule, from append-only awards, so that the past can be asked: had at T, as known at K.

    What changes an award counts at the event time of the award: asked today, a retracted event never counted;
    asked as known before the retraction, it did. A member without awards has 0 points. Whoever is merged into the
    member now is counted with them at all times.
    """
    now = datetime.now(UTC)
    rules = await store.load_rule_points(
        conn,
        community=principal.community,
        member_ids=await load_group(conn, community=principal.community, head_id=str(member_id)),
        at=at or now,
        as_known_at=as_known_at or now,
    )
    return Score(
        member_id=member_id,
        at=at or now,
        as_known_at=as_known_at or now,
        points=sum(rule.points for rule in rules),
        rules=[RuleScore.of(rule) for rule in rules],
    )


@router.get(
    "/v1/events/{event_uid}/explanation",
    summary="Why an event earned what it did",
    responses=problem_responses(UNKNOWN_EVENT),
)
async def get_explanation(principal: EventReader, shown: Shown, event_uid: UUID, conn: Conn) -> Explanation:
    """The awards of an event, and for every other rule that listens to its type, why it gave nothing.

    An event with neither came before the first programme, or no rule listens to its type.
    """
    community, uid = principal.community, str(event_uid)
    marks = await store.find_marks(conn, community=community, event_uid=uid)
    if marks is None:
        raise Problem(UNKNOWN_EVENT, "Scoring has not seen it; a receipt says whether it was accepted")
    awards = await store.page_of_event_awards(
        conn, community=community, event_uid=uid, after=None, limit=PAGE_MAX_COUNT
    )
    of_members = [recorded.award.member_id for recorded in awards]
    declined = await load_declined(conn, community=community, event_uid=uid)
    if marks.event_time is not None:
        key = (community, uid, marks.event_time)
        claims = await load_claims_of_events(conn, events=[key])
        of_members += [claim.member_id for claim in claims]
        numbers = {claim.programme_version for claim in claims}
        documents = await load_documents(conn, community=community, numbers=numbers) if claims else {}
        declined += [one for claim in claims if (one := why_less(claim, documents.get(claim.programme_version)))]
    read = await load_read(conn, community=community, event_uid=uid)
    shown.of(*of_members, *(one.member_id for one in read))
    return Explanation(
        event_uid=event_uid,
        scored=marks.scored,
        retracted=marks.retracted,
        awards=[AwardItem.of(recorded) for recorded in awards],
        declined=[DeclinedItem.of(rule) for rule in declined],
        attributes=[AttributeReadItem.of(one) for one in read],
    )
