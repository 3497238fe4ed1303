"""HTTP routes of scoring: programmes, awards, scores, and why an event earned what it did."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from services.scoring import store
from services.scoring.api_models import (
    MEDIA_TYPES,
    PROGRAMME_BODY,
    AwardItem,
    DeclinedItem,
    Explanation,
    ProgrammeDocument,
    ProgrammeVersion,
    Publication,
    RuleScore,
    Score,
)
from services.scoring.domain.programme import document_of, document_sha256, read_programme
from services.scoring.domain.publication import EffectiveFromRefused
from services.scoring.handlers import OtherProgramme, publish_programme
from services.scoring.settings import Settings
from shared.contracts.programme import Programme
from shared.http import (
    PROBLEMS,
    After,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    problem_responses,
    requires,
)

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")

router = APIRouter()


def _written_out(value: str) -> str:
    """Refuse a bare number: it would be taken as seconds since 1970, and `2026` is hardly meant so."""
    if DATE.match(value) is None:
        raise ValueError("expected a date and time with a time zone, as in 2026-01-31T12:00:00Z")
    return value


def _within_utc(moment: datetime) -> datetime:
    """Refuse what lies in the year 0 or 10000 in UTC: the database would take it, no client could read it."""
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected a moment in the years 1 to 9999 of UTC") from error
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_within_utc)]


@router.post(
    "/v1/programmes",
    summary="Publish a version of the programme",
    status_code=201,
    responses=PROBLEMS
    | problem_responses(415)
    | {200: {"model": Publication, "description": "A dry run, or the newest version says the same already"}},
    openapi_extra={"requestBody": PROGRAMME_BODY},
)
async def post_programme(
    request: Request,
    response: Response,
    dry_run: Annotated[bool, Query(description="Only check; nothing is published")] = False,
    effective_from: Annotated[
        Moment | None,
        Query(description="When it takes effect, by the time events are received; later than now plus the lead"),
    ] = None,
    principal: Principal = requires("programmes:write"),
) -> Publication:
    """Takes a programme in YAML or JSON. Every error in it comes with its line, column and field.

    The first version takes effect at once, later ones a moment after their publication: the answer says
    when. Publishing what the newest version says already makes no new one.
    """
    settings: Settings = request.app.state.settings
    text = await _text(request)
    programme = await asyncio.to_thread(_read, text)
    if dry_run:
        async with request.app.state.pool.acquire() as conn:
            newest = await store.newest_version(conn, principal.community)
        if newest is not None and newest["programme_id"] != programme.programme:
            raise _other_programme(newest["programme_id"])
        response.status_code = 200
        return Publication(
            programme_id=programme.programme,
            document_sha256=document_sha256(document_of(programme)),
            is_new=False,
            dry_run=True,
        )
    try:
        async with request.app.state.begin() as tx:
            published = await publish_programme(
                tx,
                principal.community,
                programme,
                text,
                principal.name,
                effective_from,
                settings.programme_lead_seconds,
            )
    except OtherProgramme as error:
        raise _other_programme(error.programme_id) from error
    except EffectiveFromRefused as error:
        errors = [FieldError(field="effective_from", detail=str(error))]
        raise Problem(422, "The version cannot take effect then", str(error), errors) from error
    if not published.is_new:
        response.status_code = 200
    version = published.version
    response.headers["Location"] = f"/v1/programmes/{version['version']}"
    return Publication(
        programme_id=version["programme_id"],
        version=version["version"],
        effective_from=version["effective_from"],
        document_sha256=version["document_sha256"],
        is_new=published.is_new,
        dry_run=False,
    )


def _other_programme(programme_id: str) -> Problem:
    detail = f"It is `{programme_id}`; publish a new version of that, or use the key of another community"
    return Problem(409, "The community has another programme", detail)


async def _text(request: Request) -> str:
    media_type = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(415, "The content type is not supported", f"Send one of {', '.join(MEDIA_TYPES)}, in UTF-8")
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8: {error.reason} at byte {error.start}"
        raise Problem(422, "The programme is not valid", detail) from error


def _read(text: str) -> Programme:
    read = read_programme(text)
    if isinstance(read, Programme):
        return read
    errors = [FieldError(field=one.field, detail=one.detail, line=one.line, column=one.column) for one in read]
    first = read[0]
    count = "1 error" if len(read) == 1 else f"{len(read)} errors"
    raise Problem(
        422,
        "The programme is not valid",
        f"{count}; the first on line {first.line}, column {first.column}: {first.detail}",
        errors,
    )


@router.get("/v1/programmes", summary="Versions of the programme, newest first", responses=PROBLEMS)
async def get_programmes(
    request: Request,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("programmes:read"),
) -> Page[ProgrammeVersion]:
    """What was published when and by whom; a version never changes."""
    position = decode_cursor(after, int)
    before = position[0] if position else None
    if before is not None and not 0 <= before < 2**31:
        raise _bad_cursor()
    async with request.app.state.pool.acquire() as conn:
        rows = await store.page_of_versions(conn, principal.community, before, limit)
    return Page(
        items=[ProgrammeVersion(**row) for row in rows],
        next=encode_cursor(rows[-1]["version"]) if len(rows) == limit else None,
    )


@router.get("/v1/programmes/{version}", summary="One version of the programme", responses=PROBLEMS)
async def get_programme(
    request: Request,
    version: Annotated[int, Path(ge=1, lt=2**31)],
    principal: Principal = requires("programmes:read"),
) -> ProgrammeDocument:
    """The text as it was sent, and what was read from it."""
    async with request.app.state.pool.acquire() as conn:
        row = await store.version(conn, principal.community, version)
    if row is None:
        raise Problem(404, "No such version", "GET /v1/programmes lists the versions there are")
    fields = dict(row)
    document = orjson.loads(fields.pop("document"))
    return ProgrammeDocument(**fields, text=fields["source_text"], document=document)


@router.get("/v1/awards", summary="Awards of a member or an event", responses=PROBLEMS)
async def get_awards(
    request: Request,
    member: Annotated[UUID | None, Query(description="Awards of this member")] = None,
    event: Annotated[UUID | None, Query(description="Awards that this event (its uid) earned")] = None,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("points:read"),
) -> Page[AwardItem]:
    """Awards and their reversals by event time. Give `member` or `event`."""
    if (member is None) == (event is None):
        detail = "Give either member or event"
        raise Problem(422, "The request is not valid", detail, [FieldError(field="member", detail=detail)])
    page_of, of = (store.page_of_awards, member) if member is not None else (store.page_of_event_awards, event)
    async with request.app.state.pool.acquire() as conn:
        rows = await page_of(conn, principal.community, str(of), _award_cursor(after), limit)
    last = rows[-1] if len(rows) == limit else None
    return Page(
        items=[AwardItem(**row) for row in rows],
        next=encode_cursor(last["event_time"].isoformat(), str(last["award_id"])) if last else None,
    )


def _award_cursor(after: str | None) -> tuple[datetime, str] | None:
    position = decode_cursor(after, str, str)
    if position is None:
        return None
    try:
        moment, award_id = datetime.fromisoformat(position[0]), str(UUID(position[1]))
    except ValueError as error:
        raise _bad_cursor() from error
    if moment.tzinfo is None:
        raise _bad_cursor()
    return moment, award_id


def _bad_cursor() -> Problem:
    detail = "Use the `next` of the page before, unchanged"
    return Problem(422, "The cursor is not valid", detail, [FieldError(field="after", detail=detail)])


@router.get("/v1/members/{member_id}/score", summary="A member's points, at any time", responses=PROBLEMS)
async def get_score(
    request: Request,
    member_id: UUID,
    at: Annotated[Moment | None, Query(description="Count events until then (event time); now")] = None,
    as_known_at: Annotated[Moment | None, Query(description="Count what was recorded until then; now")] = None,
    principal: Principal = requires("points:read"),
) -> Score:
    """Points by rule, from append-only awards, so that the past can be asked: had at T, as known at K.

    A reversal counts at the event time of what it reverses: asked today, a retracted event never counted;
    asked as known before the retraction, it did. A member without awards has 0 points.
    """
    now = datetime.now(UTC)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.score(conn, principal.community, str(member_id), at or now, as_known_at or now)
    rules = [RuleScore(**row) for row in rows]
    return Score(
        member_id=member_id,
        at=at or now,
        as_known_at=as_known_at or now,
        points=sum(rule.points for rule in rules),
        rules=rules,
    )


@router.get("/v1/events/{event_uid}/explanation", summary="Why an event earned what it did", responses=PROBLEMS)
async def get_explanation(
    request: Request,
    event_uid: UUID,
    principal: Principal = requires("points:read"),
) -> Explanation:
    """The awards of an event, and for every other rule that listens to its type, why it gave nothing.

    An event with neither came before the first programme, or no rule listens to its type.
    """
    async with request.app.state.pool.acquire() as conn:
        marks = await store.marks_of(conn, principal.community, str(event_uid))
        awards = await store.page_of_event_awards(conn, principal.community, str(event_uid), None, 500)
        declined = await store.declined_of(conn, principal.community, str(event_uid))
    if marks is None:
        raise Problem(404, "No such event", "Scoring has not seen it; a receipt says whether it was accepted")
    return Explanation(
        event_uid=event_uid,
        scored=marks["scored"],
        retracted=marks["retracted"],
        awards=[AwardItem(**row) for row in awards],
        declined=[DeclinedItem(**row) for row in declined],
    )
