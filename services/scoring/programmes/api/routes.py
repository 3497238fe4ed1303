"""HTTP routes of programmes: publishing, and the versions there are."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.scoring.programmes import store
from services.scoring.programmes.api.models import (
    MEDIA_TYPES,
    PROGRAMME_BODY,
    ProgrammeDocument,
    ProgrammeVersion,
    Publication,
)
from services.scoring.programmes.api.problems import (
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    EFFECTIVE_FROM_REFUSED,
    INVALID_PROGRAMME,
    OTHER_PROGRAMME,
    UNKNOWN_VERSION,
)
from services.scoring.programmes.domain.publication import OtherProgrammeError, Submission, VersionPlace
from services.scoring.programmes.domain.reading import Mistake, document_of, document_sha256
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.publishing import publish_programme
from services.scoring.settings import Settings
from shared.contracts.programme import Programme
from shared.http import (
    Begin,
    Conn,
    FieldError,
    Limit,
    Moment,
    Page,
    Principal,
    Problem,
    Scope,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE

router = APIRouter()

Publisher = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]


@router.post(
    "/v1/programmes",
    summary="Publish a version of the programme",
    status_code=201,
    responses=problem_responses(
        OTHER_PROGRAMME,
        UNSUPPORTED_CONTENT_TYPE,
        INVALID_PROGRAMME,
        EFFECTIVE_FROM_REFUSED,
        CHECK_TOO_SLOW,
        CHECKS_BUSY,
    )
    | {200: {"model": Publication, "description": "A dry run, or the newest version says the same already"}},
    openapi_extra={"requestBody": PROGRAMME_BODY},
)
async def post_programme(
    request: Request,
    response: Response,
    principal: Publisher,
    begin: Begin,
    settings: Annotated[Settings, configured(Settings)],
    dry_run: Annotated[bool, Query(description="Only check; nothing is published")] = False,
    effective_from: Annotated[
        Moment | None,
        Query(description="When it takes effect, by the time events are received; later than now plus the lead"),
    ] = None,
) -> Publication:
    """Takes a programme in YAML or JSON. Every error in it comes with its line, column and field.

    The first version takes effect at once, later ones a moment after their publication: the answer says
    when. Publishing what the newest version says already makes no new one.
    """
    text = await _text(request)
    # In another process, and no transaction is open meanwhile: what a text can do to its reader, it does there.
    programme = _valid(await CHECKER.check(text, community=principal.community, settings=settings))
    async with begin() as tx:
        if dry_run:
            tx.did_nothing()
            newest = await store.find_newest_version(tx.conn, community=principal.community)
            if newest is not None and newest.programme_id != programme.programme:
                raise OtherProgrammeError(newest.programme_id)
            response.status_code = 200
            return Publication(
                programme_id=programme.programme,
                document_sha256=document_sha256(document_of(programme)),
                is_new=False,
                dry_run=True,
            )
        submission = Submission(programme, text, principal.person_name, effective_from)
        published = await publish_programme(tx, community=principal.community, submission=submission)
    if not published.is_new:
        response.status_code = 200
    version = published.version
    response.headers["Location"] = f"/v1/programmes/{version.number}"
    return Publication(
        programme_id=version.programme_id,
        version=version.number,
        effective_from=version.effective_from,
        document_sha256=version.document_sha256,
        is_new=published.is_new,
        dry_run=False,
    )


async def _text(request: Request) -> str:
    media_type = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send one of {', '.join(MEDIA_TYPES)}, in UTF-8")
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8: {error.reason} at byte {error.start}"
        raise Problem(INVALID_PROGRAMME, detail) from error


def _valid(read: Programme | list[Mistake]) -> Programme:
    if isinstance(read, Programme):
        return read
    errors = [
        FieldError(field=mistake.field, detail=mistake.detail, line=mistake.line, column=mistake.column)
        for mistake in read
    ]
    first = read[0]
    count = "1 error" if len(read) == 1 else f"{len(read)} errors"
    detail = f"{count}; the first on line {first.line}, column {first.column}: {first.detail}"
    raise Problem(INVALID_PROGRAMME, detail, errors)


@router.get("/v1/programmes", summary="Versions of the programme, newest first", responses=problem_responses())
async def get_programmes(
    principal: Reader,
    place: Annotated[VersionPlace | None, after(VersionPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[ProgrammeVersion]:
    """What was published when and by whom; a version never changes."""
    versions = await store.page_of_versions(conn, community=principal.community, after=place, limit=limit)
    return Page.of(versions, limit, item=ProgrammeVersion.of, place=lambda version: VersionPlace(version.number))


@router.get(
    "/v1/programmes/{version}",
    summary="One version of the programme",
    responses=problem_responses(UNKNOWN_VERSION),
)
async def get_programme(
    principal: Reader, version: Annotated[int, Path(ge=1, lt=2**31)], conn: Conn
) -> ProgrammeDocument:
    """The text as it was sent, and what was read from it."""
    found = await store.find_version(conn, community=principal.community, number=version)
    if found is None:
        raise Problem(UNKNOWN_VERSION, "GET /v1/programmes lists the versions there are")
    return ProgrammeDocument.with_text(*found)
