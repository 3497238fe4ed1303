"""HTTP routes of lineage: what a payout pays for, what an award came from, what an event led to."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.lineage import store
from services.analytics.lineage.domain import Subject, why_nothing
from services.analytics.periods.api import Reader
from services.analytics.programmes import store as programmes
from services.analytics.rejections import store as rejections
from services.analytics.rejections.api import RejectedEvent
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Page,
    Problem,
    decode_cursor,
    encode_cursor,
    problem_responses,
)
from shared.postgres import Connection

NOT_YET = "Facts arrive by topic, usually within a second of the event: ask again, or check the id"
REJECTIONS_OF_EVENT_MAX_COUNT = 20

router = APIRouter(prefix="/v1/lineage", tags=["lineage"])


class Event(BaseModel):
    """A platform's event, as it was accepted."""

    event_uid: UUID
    source: str
    event_id: str
    type: str
    channel: str
    member_id: UUID = Field(description="Who did it")
    object_member_id: UUID | None = Field(description="The author of its object")
    reply_member_id: UUID | None = Field(description="Who is answered by it")
    target_uid: UUID | None = Field(description="The event that it takes back, if it is a retraction")
    event_time: datetime
    received_at: datetime
    retracted_by: UUID | None = Field(description="The event that took it back")


class Award(BaseModel):
    """Points that a rule of a programme version gave for an event, or took back."""

    award_id: UUID
    member_id: UUID
    points: int
    rule_id: str
    slot: str
    programme_id: str
    programme_version: int
    published_by: str | None = Field(description="Who published that version; null while it has not arrived")
    event_uid: UUID
    event_time: datetime
    awarded_at: datetime
    reverses: UUID | None
    reversed_by: UUID | None


class Grant(BaseModel):
    """A badge or level that an award granted, or took back when it `reverses` one."""

    grant_id: UUID
    kind: str
    name: str
    title: str
    granted_at: datetime
    reverses: UUID | None
    reversed_by: UUID | None


class PaidBy(BaseModel):
    """A payout that pays an award, or some of its points."""

    payout_id: UUID
    points: int
    state: str | None = Field(description="Null while the payout itself has not arrived")
    end_to_end_id: str | None


class AwardLineage(BaseModel):
    """An award with what it came from and what it led to."""

    award: Award
    event: Event | None = Field(description="Null while it has not arrived")
    grants: list[Grant]
    payouts: list[PaidBy]


class Outcome(BaseModel):
    """An award of an event and what it led to."""

    award: Award
    grants: list[Grant]
    payouts: list[PaidBy]


class WhyNothing(BaseModel):
    """A reason why nothing was awarded."""

    code: str = Field(examples=["no_rule_for_type"])
    detail: str
    rule_id: str | None


class EventLineage(BaseModel):
    """An event and what it led to."""

    event: Event
    awards: list[Outcome]
    why_nothing: list[WhyNothing] = Field(description="Empty when something was awarded")
    conflicts: list[RejectedEvent] = Field(
        description="Later events with its source and id and other content; the newest 20"
    )


class PayoutState(BaseModel):
    state: str
    by: str = Field(description="Who or what brought it there")
    reason: str | None
    at: datetime


class Lot(BaseModel):
    """Points of one award that the payout pays, and the event behind them."""

    award_id: UUID
    points: int = Field(description="Of the award's points, those that this payout pays")
    award: Award | None = Field(description="Null while it has not arrived")
    event: Event | None = Field(description="Null while it has not arrived")


class PayoutLineage(Page[Lot]):
    """A payout, the states it went through and who brought it there, and what it pays for."""

    payout_id: UUID
    run_id: UUID | None
    member_id: UUID | None
    member_name: str | None
    points: int | None
    amount_minor: int | None = Field(description="In the currency's minor unit")
    currency: str | None
    end_to_end_id: str | None
    state: str | None
    approved_by: str | None
    states: list[PayoutState]


def _event(row: asyncpg.Record) -> Event:
    return Event.model_validate({name: row[name] for name in Event.model_fields})


async def _awards(conn: Connection, community: str, rows: Iterable[asyncpg.Record]) -> dict[UUID, Award]:
    """The awards of these rows by id, with who published the version they were given under."""
    known = [row for row in rows if row["award_id"] is not None]
    publishers = await programmes.publishers(conn, community, {row["programme_version"] for row in known})
    found = {}
    for row in known:
        publisher = publishers.get(row["programme_version"])
        fields = {name: row[name] for name in Award.model_fields if name != "published_by"}
        found[row["award_id"]] = Award.model_validate(
            {**fields, "published_by": publisher["published_by"] if publisher else None}
        )
    return found


async def _outcomes(conn: Connection, community: str, rows: list[asyncpg.Record]) -> list[Outcome]:
    awards = await _awards(conn, community, rows)
    grants = await store.grants_of_awards(conn, community, awards.keys())
    payouts = await store.payouts_of_awards(conn, community, awards.keys())
    return [
        Outcome(
            award=award,
            grants=[Grant.model_validate(dict(row)) for row in grants.get(award_id, ())],
            payouts=[PaidBy.model_validate(dict(row)) for row in payouts.get(award_id, ())],
        )
        for award_id, award in awards.items()
    ]


@router.get("/payouts/{payout_id}", summary="What a payout pays for", responses=PROBLEMS | problem_responses(404))
async def get_payout(
    request: Request, payout_id: UUID, principal: Reader, limit: Limit = 100, after: After = None
) -> PayoutLineage:
    """Back from the payment to each event, with the rule and version that gave the points. Lots are paged."""
    key = decode_cursor(after, int, int) or [-1, -1]
    place = (max(-1, min(key[0], 2**31 - 1)), max(-1, min(key[1], 2**31 - 1)))
    async with request.app.state.pool.acquire() as conn:
        payout = await store.find_payout(conn, principal.community, payout_id)
        states = await store.payout_states(conn, principal.community, payout_id)
        rows = await store.payout_lots(conn, principal.community, payout_id, place, limit)
        if payout is None and not rows:
            raise Problem(404, "Payout not known", f"Nothing of payout {payout_id} has arrived. {NOT_YET}")
        awards = await _awards(conn, principal.community, rows)
    head = ("run_id", "member_id", "member_name", "points", "amount_minor", "currency", "end_to_end_id", "state")
    return PayoutLineage(
        payout_id=payout_id,
        **{name: payout[name] if payout else None for name in head},
        approved_by=next((row["changed_by"] for row in states if row["state"] == "approved"), None),
        states=[
            PayoutState(state=row["state"], by=row["changed_by"], reason=row["reason"], at=row["changed_at"])
            for row in states
        ],
        items=[
            Lot(
                award_id=row["lot_award_id"],
                points=row["lot_points"],
                award=awards.get(row["lot_award_id"]),
                event=_event(row) if row["received_at"] is not None else None,
            )
            for row in rows
        ],
        next=encode_cursor(rows[-1]["part"], rows[-1]["position"]) if len(rows) == limit else None,
    )


@router.get(
    "/awards/{award_id}",
    summary="What an award came from and led to",
    responses=PROBLEMS | problem_responses(404),
)
async def get_award(request: Request, award_id: UUID, principal: Reader) -> AwardLineage:
    """The event, the rule and version, who published that, what was granted, and which payouts pay it."""
    async with request.app.state.pool.acquire() as conn:
        row = await store.find_award(conn, principal.community, award_id)
        if row is None:
            raise Problem(404, "Award not known", f"Award {award_id} has not arrived. {NOT_YET}")
        (outcome,) = await _outcomes(conn, principal.community, [row])
        event = await store.find_event(conn, principal.community, row["event_uid"])
    return AwardLineage(
        award=outcome.award,
        event=_event(event) if event else None,
        grants=outcome.grants,
        payouts=outcome.payouts,
    )


@router.get(
    "/events/{event_uid}",
    summary="What an event led to, or why nothing",
    responses=PROBLEMS | problem_responses(404),
)
async def get_event(request: Request, event_uid: UUID, principal: Reader) -> EventLineage:
    """Forward from the event to awards, badges and payouts; if nothing was awarded, why."""
    community = principal.community
    async with request.app.state.pool.acquire() as conn:
        event = await store.find_event(conn, community, event_uid)
        if event is None:
            detail = (
                f"No accepted event {event_uid} has arrived; GET /v1/rejections/events lists what was rejected"
            )
            raise Problem(404, "Event not known", f"{detail}. {NOT_YET}")
        awards = await store.awards_of_event(conn, community, event_uid, event["event_time"])
        outcomes = await _outcomes(conn, community, awards)
        why = [] if outcomes else await _why_nothing(conn, community, event)
        conflicts = await rejections.rejected_events(
            conn, community, event["source"], event["event_id"], rejections.NEWEST, REJECTIONS_OF_EVENT_MAX_COUNT
        )
    return EventLineage(
        event=_event(event),
        awards=outcomes,
        why_nothing=why,
        conflicts=[RejectedEvent.model_validate(dict(row)) for row in conflicts],
    )


async def _why_nothing(conn: Connection, community: str, event: asyncpg.Record) -> list[WhyNothing]:
    version = await programmes.version_in_force(conn, community, event["received_at"])
    slots = {"actor"}
    if event["object_member_id"] is not None:
        slots.add("object_author")
    if event["reply_member_id"] is not None:
        slots.add("reply_author")
    subject = Subject(event["type"], event["retracted_by"] is not None, frozenset(slots))
    return [
        WhyNothing(code=one.code, detail=one.detail, rule_id=one.rule_id) for one in why_nothing(subject, version)
    ]
