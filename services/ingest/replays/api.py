"""HTTP routes of what was refused: why, what came, what stands instead, and sending it again."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.ingest.refused import store
from services.ingest.refused.domain import (
    Cause,
    Content,
    Difference,
    Refused,
    RefusedFilter,
    RefusedPlace,
    UnknownRefusedError,
    as_sent,
    differences,
)
from services.ingest.refused.handlers.keeping import opened, what_stands
from services.ingest.replays import handlers
from services.ingest.settings import Settings
from shared.contracts.activities.told import told_data
from shared.contracts.programme.event_types import EventTypeName
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
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_REFUSED = ProblemType("unknown-refused-event", 404, "Nothing refused is kept under that id")
STILL_REFUSED = ProblemType("still-refused", 422, "The event is still refused")
NOT_WHOLE = ProblemType("refused-event-not-whole", 409, "Only a part of what came is kept")

OwnSettings = Annotated[Settings, configured(Settings)]
Reader = Annotated[Principal, requires(Scope.RECEIPTS_READ)]
Sender = Annotated[Principal, requires(Scope.EVENTS_WRITE)]

router = APIRouter()


class ReasonShown(BaseModel):
    """One thing that is wrong."""

    field: str = Field(description="A JSON Pointer; empty for the whole", examples=["/data/minuts"])
    detail: str = Field(examples=["There is no field `minuts` here; did you mean `minutes`?"])


class RefusedListed(BaseModel):
    """Something that was refused: when, why, and whether it was sent again since."""

    refused_id: UUID
    cause: Cause = Field(
        description="not_readable: a body that is no JSON; unknown_type; not_valid: a field is missing, too many "
        "or out of its bounds; too_large; conflict: other content than before under the same id"
    )
    received_at: datetime
    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-500"])
    index: int = Field(description="Its place in the request, from 0")
    event_uid: UUID | None = Field(description="Null where it does not say its source and id")
    event_type: str | None = Field(examples=["webinar.attended.v1"])
    reasons: list[ReasonShown]
    replayed_at: datetime | None = Field(description="When it was sent again, if it was")
    replayed_as: str | None = Field(description="The receipt of that")

    @classmethod
    def of(cls, refused: Refused, content: Content | None) -> Self:
        """What is shown of it in a list; without reasons where its key is gone."""
        return cls(
            refused_id=UUID(refused.refused_id),
            cause=refused.cause,
            received_at=refused.received_at,
            receipt_id=refused.receipt_id,
            index=refused.receipt_index,
            event_uid=None if refused.event_uid is None else UUID(refused.event_uid),
            event_type=refused.event_type,
            reasons=[
                ReasonShown(field=one.field, detail=one.detail) for one in (content.reasons if content else ())
            ],
            replayed_at=refused.replayed_at,
            replayed_as=refused.replayed_as,
        )


class DifferenceShown(BaseModel):
    """A field in which what came differs from what stands; null for what one of them does not have."""

    field: str = Field(description="A JSON Pointer", examples=["/data/minutes"])
    stands: Any = Field(examples=[40])
    came: Any = Field(examples=[45])

    @classmethod
    def of(cls, difference: Difference) -> Self:
        """The difference as the API shows it."""
        return cls(field=difference.field, stands=difference.stands, came=difference.came)


class RefusedShown(RefusedListed):
    """Something that was refused, with what came; of a conflict also what stands, field by field."""

    came: Any = Field(description="What came: an event, or the text of a body that is none")
    is_whole: bool = Field(description="Whether all of it is kept, so that it can be sent again as it came")
    stands: Any = Field(None, description="Of a conflict: the event that stands, as far as it is known")
    stands_is_whole: bool = Field(
        False, description="False: what stands is as the event log has it, without names, texts and addresses"
    )
    is_looked_for: bool = Field(False, description="Of a conflict: what stands is still being looked for")
    differences: list[DifferenceShown] = []


class RefusedCounts(BaseModel):
    """How many of each cause are kept and were not sent again."""

    counts: dict[str, int] = Field(examples=[{"unknown_type": 12, "conflict": 1}])


class Mended(RequestBody):
    """What is sent in place of what came."""

    event: str | None = Field(
        None,
        max_length=1_000_000,
        description="The event as it should be, or several, as JSON; null: as it came",
        examples=['{"specversion": "1.0", "id": "post-4711", "source": "https://forum.example.org"}'],
    )


class ReplayedShown(BaseModel):
    """It was sent again, and its receipt says what becomes of it."""

    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-1"])
    events: int = Field(examples=[1])


class WantedAgain(RequestBody):
    """Which are sent again, as they came; null is any."""

    cause: Cause | None = None
    event_type: EventTypeName | None = None


class ReplayedAllShown(BaseModel):
    """How many were sent again, of the oldest that one request may hold; those that remain are asked for again."""

    receipt_id: str | None = Field(description="Null where none was")
    replayed: int = Field(examples=[12])
    still_refused: int = Field(examples=[0])


@router.get(
    "/v1/refused-events", summary="What was refused, newest first", responses=problem_responses(INVALID_CURSOR)
)
async def get_refused_events(
    principal: Reader,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[RefusedPlace | None, after(RefusedPlace)],
    cause: Annotated[Cause | None, Query(description="Only for this cause")] = None,
    event_type: Annotated[EventTypeName | None, Query(description="Only of this type")] = None,
    replayed: Annotated[bool | None, Query(description="Only what was sent again, or was not")] = None,
    limit: Limit = 100,
) -> Page[RefusedListed]:
    """Events and bodies that the door refused, and events that say otherwise than before, each with the reasons.

    They are kept as long as the community says (30 days unless it does), and so many at most.
    """
    wanted = RefusedFilter(cause, event_type, replayed)
    found = await store.page_of_refused(
        conn, community=principal.community, wanted=wanted, after=place, limit_count=limit
    )
    return Page.of(
        found,
        limit,
        item=lambda one: RefusedListed.of(one, _opened(settings, one)),
        place=lambda one: RefusedPlace(one.refused_id),
    )


@router.get("/v1/refused-events/counts", summary="How much was refused, by cause", responses=problem_responses())
async def get_refused_counts(principal: Reader, conn: Conn) -> RefusedCounts:
    """Of what is kept and was not sent again."""
    counts = await store.count_by_cause(conn, community=principal.community)
    return RefusedCounts(counts={cause.value: count for cause, count in counts.items()})


@router.get(
    "/v1/refused-events/{refused_id}",
    summary="What was refused, with what came and what stands",
    responses=problem_responses(UNKNOWN_REFUSED),
)
async def get_refused_event(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    conn: Conn,
    settings: OwnSettings,
    shown: Shown,
    refused_id: UUID,
) -> RefusedShown:
    """What came, as it came. Of a conflict also what stands, and the fields in which they differ."""
    refused = await store.find_refused(conn, community=principal.community, refused_id=str(refused_id))
    if refused is None:
        raise UnknownRefusedError(str(refused_id))
    shown.of(refused.member_id)
    content = opened(settings, refused)
    came = _document(content.text)
    standing = what_stands(settings, refused)
    listed = RefusedListed.of(refused, content)
    found: list[Difference] = []
    if standing is not None and isinstance(came, dict):
        compared = as_sent(came) if standing.is_whole else {**came, "data": told_data(came["data"])}
        found = differences(as_sent(standing.event), compared)
    return RefusedShown(
        **listed.model_dump(),
        came=as_sent(came),
        is_whole=content.is_whole,
        stands=None if standing is None else as_sent(standing.event),
        stands_is_whole=standing is not None and standing.is_whole,
        is_looked_for=refused.cause is Cause.CONFLICT and refused.looked_at is None,
        differences=[DifferenceShown.of(one) for one in found],
    )


@router.post(
    "/v1/refused-events/replay",
    status_code=202,
    summary="Send again what was refused and can be taken now",
    responses=problem_responses(),
)
async def post_replay_all(principal: Sender, tx: Tx, wanted: WantedAgain) -> ReplayedAllShown:
    """Once its cause is gone, such as a type that is declared now: the oldest, as many as a request may hold."""
    done = await handlers.replay_all(
        tx, community=principal.community, wanted=RefusedFilter(wanted.cause, wanted.event_type)
    )
    return ReplayedAllShown(
        receipt_id=done.receipt_id, replayed=done.replayed_count, still_refused=done.refused_count
    )


@router.post(
    "/v1/refused-events/{refused_id}/replay",
    status_code=202,
    summary="Send again what was refused, as it came or mended",
    responses=problem_responses(UNKNOWN_REFUSED, STILL_REFUSED, NOT_WHOLE),
)
async def post_replay(principal: Sender, tx: Tx, refused_id: UUID, mended: Mended) -> ReplayedShown:
    """What can be taken gets a receipt; of an event with an id `GET /v1/receipts/of-event` then lists both."""
    done = await handlers.replay(
        tx, community=principal.community, refused_id=str(refused_id), mended=mended.event
    )
    return ReplayedShown(receipt_id=done.receipt_id, events=done.events_count)


def _opened(settings: Settings, refused: Refused) -> Content | None:
    try:
        return opened(settings, refused)
    except UnknownRefusedError:
        return None


def _document(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text
