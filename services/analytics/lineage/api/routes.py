"""HTTP routes of lineage: what a payout pays for, what an award came from, what an event led to."""

from dataclasses import asdict, fields
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.analytics.lineage import store
from services.analytics.lineage.api.models import (
    AwardLineage,
    Commit,
    Decision,
    Event,
    EventLineage,
    Lot,
    Outcome,
    PayoutLineage,
    PayoutState,
    WhyNothing,
)
from services.analytics.lineage.domain.explanation import why_nothing
from services.analytics.lineage.domain.trail import CommitPlace, EventRecord, LotPlace, PayoutHead, approver
from services.analytics.programmes.store import find_version_in_force
from services.analytics.rejections.api import RejectedEvent
from services.analytics.rejections.domain import RejectionFilter
from services.analytics.rejections.store import page_of_rejections
from shared.contracts.fields import Uri
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    Shown,
    after,
    next_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

AWARD_NOT_ARRIVED = ProblemType("award-not-arrived", 404, "Award not known")
EVENT_NOT_ARRIVED = ProblemType("event-not-arrived", 404, "Event not known")
PAYOUT_NOT_ARRIVED = ProblemType("payout-not-arrived", 404, "Payout not known")

NOT_YET = "Facts arrive by topic, usually within a second of the event: ask again, or check the id"
REJECTIONS_OF_EVENT_MAX_COUNT = 20

#: Lineage names members, by their ids.
Reader = Annotated[Principal, requires(Scope.ANALYTICS_READ, reads=IN_ANSWER)]

router = APIRouter(prefix="/v1/lineage", tags=["lineage"])


@router.get(
    "/payouts/{payout_id}",
    summary="What a payout pays for",
    responses=problem_responses(PAYOUT_NOT_ARRIVED, INVALID_CURSOR),
)
async def get_payout(
    principal: Reader,
    shown: Shown,
    payout_id: UUID,
    place: Annotated[LotPlace | None, after(LotPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> PayoutLineage:
    """Back from the payment to each event, with the rule and version that gave the points. Lots are paged."""
    asked = {"community": principal.community, "payout_id": str(payout_id)}
    payout = await store.find_payout(conn, **asked)
    changes = await store.load_state_changes(conn, **asked)
    lots = await store.page_of_lots(conn, **asked, after=place, limit=limit)
    if payout is None and not lots:
        raise Problem(PAYOUT_NOT_ARRIVED, f"Nothing of payout {payout_id} has arrived. {NOT_YET}")
    shown.of(payout.member_id if payout else None)
    head = asdict(payout) if payout else dict.fromkeys(field.name for field in fields(PayoutHead))
    return PayoutLineage(
        payout_id=payout_id,
        **head,
        approved_by=approver(changes),
        states=[PayoutState.of(change) for change in changes],
        items=[Lot.of(lot) for lot in lots],
        next=next_cursor(lots, limit, lambda lot: lot.place),
    )


@router.get(
    "/awards/{award_id}",
    summary="What an award came from and led to",
    responses=problem_responses(AWARD_NOT_ARRIVED),
)
async def get_award(principal: Reader, shown: Shown, award_id: UUID, conn: Conn) -> AwardLineage:
    """The event, the rule and version, who published that, what was granted, and which payouts
    and redemptions use it.

    The id of an amendment answers with the award that it amends.
    """
    community = principal.community
    award = await store.find_award(conn, community=community, award_id=str(award_id))
    if award is None:
        raise Problem(AWARD_NOT_ARRIVED, f"Award {award_id} has not arrived. {NOT_YET}")
    (outcome,) = await store.load_outcomes(conn, community=community, awards=[award])
    event = await store.find_event(conn, community=community, uid=award.event_uid)
    decisions = await store.load_decisions(conn, community=community, event_uid=award.event_uid)
    shown.of(award.member_id, *(decision.member_id for decision in decisions))
    return AwardLineage.of(outcome, event, decisions)


@router.get("/commits", summary="Commits of a repository that stand", responses=problem_responses())
async def get_commits(
    principal: Reader,
    conn: Conn,
    source: Annotated[Uri, Query(description="The source of their events", examples=["github:99"])],
    place: Annotated[CommitPlace | None, after(CommitPlace)],
    limit: Limit = 100,
) -> Page[Commit]:
    """Events that nobody has taken back, by their ids: to compare with a repository that was rewritten."""
    commits = await store.page_of_commits(
        conn, community=principal.community, source=source, after=place, limit=limit
    )
    return Page[Commit].of(commits, limit, item=Commit.of, place=CommitPlace.of)


@router.get(
    "/events/{event_uid}",
    summary="What an event led to, or why nothing",
    responses=problem_responses(EVENT_NOT_ARRIVED),
)
async def get_event(principal: Reader, shown: Shown, event_uid: UUID, conn: Conn) -> EventLineage:
    """Forward from the event to awards, badges, payouts and redemptions; if nothing was awarded, why."""
    community = principal.community
    event = await store.find_event(conn, community=community, uid=str(event_uid))
    if event is None:
        detail = f"No accepted event {event_uid} has arrived; GET /v1/rejections/events lists what was rejected"
        raise Problem(EVENT_NOT_ARRIVED, f"{detail}. {NOT_YET}")
    awards = await store.load_awards_of_event(conn, community=community, event=event)
    outcomes = await store.load_outcomes(conn, community=community, awards=awards)
    decisions = await store.load_decisions(conn, community=community, event_uid=event.event_uid)
    deciders = (decision.member_id for decision in decisions)
    shown.of(event.member_id, event.object_member_id, event.reply_member_id, *deciders)
    why = [] if outcomes else await _why_nothing(conn, community=community, event=event)
    conflicts = await page_of_rejections(
        conn,
        community=community,
        wanted=RejectionFilter(event.source, event.event_id),
        after=None,
        limit=REJECTIONS_OF_EVENT_MAX_COUNT,
    )
    return EventLineage(
        event=Event.of(event),
        decisions=[Decision.of(decision) for decision in decisions],
        awards=[Outcome.of(outcome) for outcome in outcomes],
        why_nothing=why,
        conflicts=[RejectedEvent.of(rejection) for rejection in conflicts],
    )


async def _why_nothing(conn: Connection, *, community: str, event: EventRecord) -> list[WhyNothing]:
    version = await find_version_in_force(conn, community=community, received_at=event.received_at)
    return [WhyNothing.of(reason) for reason in why_nothing(event, version)]
