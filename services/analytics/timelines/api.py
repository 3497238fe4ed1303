"""HTTP route of a member's events."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.analytics.lineage.api.models import Event, Outcome
from services.analytics.lineage.domain import trail
from services.analytics.lineage.domain.trail import EventRecord
from services.analytics.lineage.store import load_awards_of_events, load_outcomes
from services.analytics.settings import Settings
from services.analytics.timelines import domain, store
from shared.contracts.programme import Slot
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    after,
    configured,
    encode_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_IDENTITY
from shared.own_events import word_of
from shared.postgres import Connection

router = APIRouter(tags=["lineage"])

#: Events looked at for a page of those that earned something, or nothing: the page may end before it is full.
LOOKED_AT_MAX_COUNT = 500
OwnSettings = Annotated[Settings, configured(Settings)]


class MemberEvent(BaseModel):
    """An event that a member did, or that names them as an author, with what came of it."""

    event: Event
    points: int = Field(description="What it amounts to for the member", examples=[3])
    awards: list[Outcome] = Field(description="What it earned whoever it names, and what that led to")
    word: str = Field(
        description="Shows GET /v1/members/{member_id}/explanations of scoring that the event is the member's",
        examples=["0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40.a.5c1d2e3f405c1d2e3f405c1d2e3f405c"],
    )

    @classmethod
    def of(cls, item: domain.MemberEvent, member_id: str, word: str) -> Self:
        """An event as the API shows it."""
        return cls(
            word=word,
            event=Event.of(item.event),
            points=item.points_of(member_id),
            awards=[Outcome.of(one) for one in item.outcomes],
        )


class MemberEvents(Page[MemberEvent]):
    """Events of a member, and what whoever they name is called."""

    names: dict[str, str | None] = Field(description="Of all members that stand in them; null without a name")


@router.get(
    "/v1/members/{member_id}/events",
    summary="What a member did, and what it earned",
    responses=problem_responses(UNKNOWN_IDENTITY, INVALID_CURSOR),
)
async def get_member_events(
    principal: Annotated[Principal, requires(Scope.ANALYTICS_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    place: Annotated[domain.EventPlace | None, after(domain.EventPlace)],
    conn: Conn,
    settings: OwnSettings,
    earned: Annotated[
        bool | None,
        Query(description="Only what earned the member something, or (false) nothing; pages may be short"),
    ] = None,
    limit: Limit = 100,
) -> MemberEvents:
    """Newest first, by event time. `GET /v1/explanations` of scoring says why each earned that, or nothing."""
    community, own_id = principal.community, str(member_id)
    found = await _page_of_liked(
        conn, community=community, member_id=own_id, earned=earned, after=place, limit_count=limit
    )
    # What led to what is asked of those that are shown alone.
    outcomes = await load_outcomes(
        conn, community=community, awards=[award for one in found.items for award in one.awards]
    )
    by_event: dict[str, list[trail.Outcome]] = {}
    for outcome in outcomes:
        by_event.setdefault(outcome.award.event_uid, []).append(outcome)
    shown = [domain.MemberEvent(one.event, tuple(by_event.get(one.event.event_uid, ()))) for one in found.items]
    # An own page names nobody but its reader: others' names are theirs to show.
    named = set() if principal.member_id else _named(shown)
    return MemberEvents(
        items=[MemberEvent.of(one, own_id, _word(settings, community, own_id, one.event)) for one in shown],
        next=None if found.last is None else encode_cursor(domain.EventPlace.of(found.last)),
        names=await store.load_names(conn, community=community, member_ids=named),
    )


async def _page_of_liked(
    conn: Connection,
    *,
    community: str,
    member_id: str,
    earned: bool | None,
    after: domain.EventPlace | None,
    limit_count: int,
) -> domain.Liked:
    """A page of those that earned the member something, or nothing, or (None) all, each with its awards.

    They are looked at in portions, of which each next one is twice as large: most pages need the first alone.
    """
    looked_at = limit_count if earned is None else max(limit_count, LOOKED_AT_MAX_COUNT)
    portion = limit_count if earned is None else limit_count + 1
    items: list[domain.Earning] = []
    while True:
        events = await store.page_of_events(
            conn, community=community, member_id=member_id, after=after, limit_count=min(portion, looked_at)
        )
        awards = await load_awards_of_events(conn, community=community, events=events)
        items += [one for one in domain.earnings(events, awards) if one.is_like(member_id, earned)]
        if len(items) > limit_count:
            return domain.Liked(items[:limit_count], items[limit_count - 1].event)
        if len(events) < min(portion, looked_at):
            return domain.Liked(items, None)
        looked_at -= len(events)
        if not looked_at:
            return domain.Liked(items, events[-1])
        after, portion = domain.EventPlace.of(events[-1]), 2 * portion


def _word(settings: Settings, community: str, member_id: str, event: EventRecord) -> str:
    slots: dict[Slot, str | None] = {
        "actor": event.member_id,
        "object_author": event.object_member_id,
        "reply_author": event.reply_member_id,
    }
    return word_of(
        settings.identity_key_bytes,
        community=community,
        member_id=member_id,
        event_uid=event.event_uid,
        slots=[slot for slot, who in slots.items() if who == member_id],
    )


def _named(shown: list[domain.MemberEvent]) -> set[str]:
    members = {
        member_id
        for one in shown
        for member_id in (one.event.member_id, one.event.object_member_id, one.event.reply_member_id)
        if member_id is not None
    }
    return members | {outcome.award.member_id for one in shown for outcome in one.outcomes}
