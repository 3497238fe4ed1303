"""HTTP routes of programmes: publishing, and the versions there are."""

import asyncio
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from services.scoring.programmes import store
from services.scoring.programmes.api.models import (
    MEDIA_TYPES,
    PROGRAMME_BODY,
    ProgrammeDocument,
    ProgrammeVersion,
    Publication,
)
from services.scoring.programmes.api.parameters import Moment, bad_cursor
from services.scoring.programmes.domain.publication import EffectiveFromRefused
from services.scoring.programmes.domain.reading import document_of, document_sha256, read_programme
from services.scoring.programmes.handlers import OtherProgramme, publish_programme
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

router = APIRouter()


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
        raise bad_cursor()
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
