"""HTTP routes of occasions, and of checking in at them."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.checkins import domain, handlers, store
from services.ingest.checkins.domain import Occasion, OccasionPlace, Outcome
from services.ingest.settings import Settings
from shared import base64url
from shared.contracts.attendance import LIST_MAX_CHARS
from shared.contracts.fields import Name
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Moment,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, INVALID_REQUEST

UNKNOWN_OCCASION = ProblemType("unknown-occasion", 404, "No such occasion")
TOO_MANY_OCCASIONS = ProblemType("too-many-occasions", 409, "Too many occasions")
UNUSABLE_CODE = ProblemType("unusable-check-in-code", 422, "The code lets nobody check in")
EXPIRED_CODE = ProblemType("expired-check-in-code", 409, "The code's time is over")
NOT_OPEN = ProblemType("occasion-not-open", 409, "Nobody checks in at that time")
OCCASION_FULL = ProblemType("occasion-full", 409, "The occasion is full")
UNTRUSTED_LIST = ProblemType("untrusted-attendance-list", 422, "The list is not signed by the occasion's device")
NOT_A_LIST = ProblemType("not-an-attendance-list", 422, "What was signed is no attendance list")
LIST_TOO_LATE = ProblemType("attendance-list-too-late", 409, "Lists are not taken any more")

DEVICE_KEY_BYTES = 32
SIGNATURE_BYTES = 64

router = APIRouter()
Organiser = Annotated[Principal, requires(Scope.EVENTS_WRITE)]


class OccasionWanted(RequestBody):
    """Where people meet: from when to when they may check in, and how many."""

    title: Name = Field(examples=["January meet-up"])
    begins_at: Moment = Field(description="From when on one can check in", examples=["2026-01-31T18:00:00+01:00"])
    ends_at: Moment = Field(description="Until when", examples=["2026-01-31T21:00:00+01:00"])
    capacity: int | None = Field(None, ge=1, le=1_000_000, description="So many at most; null: any number")


class OccasionShown(BaseModel):
    """An occasion, and how many have checked in."""

    occasion_id: UUID
    title: str = Field(examples=["January meet-up"])
    begins_at: datetime
    ends_at: datetime
    capacity: int | None = Field(examples=[40])
    checked_in_count: int = Field(examples=[17])
    device_key: str | None = Field(description="The public key of the device that takes lists, in base64url")

    @classmethod
    def of(cls, occasion: Occasion) -> Self:
        """What is shown of an occasion: not its secret."""
        return cls(
            occasion_id=UUID(occasion.occasion_id),
            title=occasion.title,
            begins_at=occasion.begins_at,
            ends_at=occasion.ends_at,
            capacity=occasion.capacity,
            checked_in_count=occasion.checked_in_count,
            device_key=None if occasion.device_key is None else base64url.encode(occasion.device_key),
        )


class CodeShown(BaseModel):
    """The code of the moment: whoever is there scans it."""

    code: str = Field(examples=["AZwU8Lk0fZ2Qm3cXl2cF2wBrT0N3AAAAAAAAAAAAAAAAAAAAAA"])
    next_at: datetime = Field(description="When there is another; this one holds for as long again")
    occasion: OccasionShown


class DeviceKey(RequestBody):
    """The public key of the device that takes lists."""

    public_key: str = Field(
        max_length=100,
        description="Ed25519, 32 bytes in base64url",
        examples=["A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"],
    )


class CheckInWanted(RequestBody):
    """The code that was scanned."""

    code: str = Field(max_length=200, examples=["AZwU8Lk0fZ2Qm3cXl2cF2wBrT0N3AAAAAAAAAAAAAAAAAAAAAA"])


class CheckedIn(BaseModel):
    """Where the member is checked in."""

    occasion_id: UUID
    title: str = Field(examples=["January meet-up"])
    outcome: Outcome = Field(description="checked_in, or again: they were already", examples=["checked_in"])


class SignedList(RequestBody):
    """A list as it was signed, to the byte, and its signature."""

    list: str = Field(
        max_length=LIST_MAX_CHARS,
        description="JSON text: `occasion_id` and `entries` of `member` (an id or `channel:id`) and `at`",
        examples=['{"occasion_id": "019c1425-a8f0-7a5e-8c1f-92d4b6a80e31", "entries": []}'],
    )
    signature: str = Field(
        max_length=100, description="Ed25519 by the device's key, 64 bytes in base64url", examples=["A" * 86]
    )


class EntryShown(BaseModel):
    """What became of one entry of a list."""

    index: int = Field(description="Its place in the list, from 0")
    outcome: Outcome = Field(description="checked_in, again, full, outside (the window) or unknown (nobody)")


class ListTaken(BaseModel):
    """What became of a list's entries, in its order."""

    items: list[EntryShown]


def _read(text: str, *, bytes_count: int, field: str) -> bytes:
    """Bytes in base64url. Raises Problem 422 for what is not so many of them."""
    try:
        read = base64url.decode(text)
    except ValueError:
        read = b""
    if len(read) != bytes_count:
        detail = f"It has {bytes_count} bytes, in base64url"
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail=detail)])
    return read


@router.post(
    "/v1/occasions", status_code=201, summary="Add an occasion", responses=problem_responses(TOO_MANY_OCCASIONS)
)
async def post_occasion(principal: Organiser, tx: Tx, body: OccasionWanted) -> OccasionShown:
    """Where people meet in person, and when they may check in there."""
    if body.ends_at <= body.begins_at:
        detail = "It ends after it begins"
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field="/ends_at", detail=detail)])
    wanted = handlers.AddOccasion(body.title, body.begins_at, body.ends_at, body.capacity)
    return OccasionShown.of(await handlers.add_occasion(tx, community=principal.community, wanted=wanted))


@router.get(
    "/v1/occasions", summary="Occasions, those that begin last first", responses=problem_responses(INVALID_CURSOR)
)
async def get_occasions(
    principal: Organiser,
    conn: Conn,
    place: Annotated[OccasionPlace | None, after(OccasionPlace)],
    limit: Limit = 100,
) -> Page[OccasionShown]:
    """Each with how many have checked in."""
    found = await store.page_of_occasions(conn, community=principal.community, after=place, limit_count=limit)
    return Page.of(
        found, limit, item=OccasionShown.of, place=lambda one: OccasionPlace(one.begins_at, one.occasion_id)
    )


@router.get("/v1/occasions/{occasion_id}", summary="An occasion", responses=problem_responses(UNKNOWN_OCCASION))
async def get_occasion(principal: Organiser, conn: Conn, occasion_id: UUID) -> OccasionShown:
    """With how many have checked in."""
    found = await handlers.find_occasion(conn, community=principal.community, occasion_id=str(occasion_id))
    return OccasionShown.of(found)


@router.get(
    "/v1/occasions/{occasion_id}/code",
    summary="The code of the moment",
    responses=problem_responses(UNKNOWN_OCCASION),
)
async def get_code(
    principal: Organiser, conn: Conn, settings: Annotated[Settings, configured(Settings)], occasion_id: UUID
) -> CodeShown:
    """For a screen that those who are there see: it changes every 30 seconds unless set otherwise."""
    found = await handlers.find_occasion(conn, community=principal.community, occasion_id=str(occasion_id))
    step = domain.step_at(datetime.now(UTC), settings.checkin_code_seconds)
    return CodeShown(
        code=domain.write_code(found, step=step),
        next_at=datetime.fromtimestamp((step + 1) * settings.checkin_code_seconds, UTC),
        occasion=OccasionShown.of(found),
    )


@router.put(
    "/v1/occasions/{occasion_id}/device-key",
    summary="Say which device takes lists",
    responses=problem_responses(UNKNOWN_OCCASION),
)
async def put_device_key(principal: Organiser, tx: Tx, occasion_id: UUID, body: DeviceKey) -> OccasionShown:
    """Lists that it signs are taken from now on, and no others: it takes the place of the one before."""
    key = _read(body.public_key, bytes_count=DEVICE_KEY_BYTES, field="/public_key")
    return OccasionShown.of(
        await handlers.set_device_key(
            tx, community=principal.community, occasion_id=str(occasion_id), device_key=key
        )
    )


@router.post(
    "/v1/occasions/{occasion_id}/lists",
    summary="Hand in a list that was taken without a network",
    responses=problem_responses(UNKNOWN_OCCASION, UNTRUSTED_LIST, NOT_A_LIST, LIST_TOO_LATE),
)
async def post_list(principal: Organiser, tx: Tx, occasion_id: UUID, body: SignedList) -> ListTaken:
    """Whoever stands on it is checked in as of the time it says; handed in again it changes nothing."""
    signature = _read(body.signature, bytes_count=SIGNATURE_BYTES, field="/signature")
    done = await handlers.take_list(
        tx, community=principal.community, occasion_id=str(occasion_id), text=body.list, signature=signature
    )
    return ListTaken(items=[EntryShown(index=index, outcome=outcome) for index, (_, outcome) in enumerate(done)])


@router.post(
    "/v1/check-ins",
    summary="Check in where one is",
    responses=problem_responses(UNUSABLE_CODE, EXPIRED_CODE, NOT_OPEN, OCCASION_FULL),
)
async def post_check_in(
    principal: Annotated[Principal, requires(Scope.EVENTS_WRITE, or_member=True)], tx: Tx, body: CheckInWanted
) -> CheckedIn:
    """The member who signed in, by the code that they scanned: each once, however often they scan."""
    if principal.member_id is None:
        raise Problem(INVALID_REQUEST, "Whoever is there checks in, with a token of theirs as a member")
    occasion, outcome = await handlers.check_in(
        tx, community=principal.community, member_id=principal.member_id, code=body.code
    )
    return CheckedIn(occasion_id=UUID(occasion.occasion_id), title=occasion.title, outcome=outcome)
