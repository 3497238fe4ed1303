"""HTTP routes of programmes: publishing, and the versions there are."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.scoring.programmes.api.models import (
    COMPLETED_BODY,
    MEDIA_TYPES,
    PROGRAMME_BODY,
    Completion,
    Completions,
    ConditionCost,
    MoneyChange,
    ProgrammeDocument,
    ProgrammeVersion,
    Publication,
    Withdrawal,
)
from services.scoring.programmes.api.problems import (
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    EFFECTIVE_FROM_REFUSED,
    EVENT_TYPES_CHANGED,
    INVALID_PROGRAMME,
    NOT_WITHDRAWABLE,
    OTHER_PROGRAMME,
    PROGRAMME_FOUR_EYES,
    PROPOSAL_DECIDED,
    UNKNOWN_VERSION,
)
from services.scoring.programmes.domain.completing import Cursor
from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.proposals import Proposal, UnknownVersionError
from services.scoring.programmes.domain.publication import (
    Author,
    OtherProgrammeError,
    Standing,
    Submission,
    VersionPlace,
    standings,
)
from services.scoring.programmes.domain.reading import Reading, document_of, document_sha256
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.publishing import (
    approve_programme,
    publish_programme,
    waits_if_published,
)
from services.scoring.programmes.handlers.withdrawing import withdraw_programme
from services.scoring.programmes.store import proposals, versions
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT
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
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE
from shared.postgres import Connection

router = APIRouter()

Publisher = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]
Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]
Approver = Annotated[Principal, requires(Scope.PROGRAMMES_APPROVE)]


@router.post(
    "/v1/programmes",
    summary="Publish a version of the programme",
    status_code=201,
    responses=problem_responses(
        OTHER_PROGRAMME,
        UNSUPPORTED_CONTENT_TYPE,
        INVALID_PROGRAMME,
        EFFECTIVE_FROM_REFUSED,
        EVENT_TYPES_CHANGED,
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
    when. Publishing what the newest version says already makes no new one. A version that changes who pays, what
    points are worth, or budgets is proposed, as is every version where the community's `review_policy` has two
    people publish. It supersedes one that is proposed, and is not in force before another person approves it.
    """
    text = await _text(request)
    # In another process, and no transaction is open meanwhile: what a text can do to its reader, it does there.
    reading = await CHECKER.check(text, community=principal.community, settings=settings)
    programme = _valid(reading)
    warnings = _field_errors(reading.warnings)
    costs = [
        ConditionCost(event_type=event_type, steps=steps, max_steps=EVENT_STEPS_MAX_COUNT)
        for event_type, steps in reading.steps.items()
    ]
    async with begin() as tx:
        submission = Submission(programme, text, _author(principal), effective_from)
        if dry_run:
            tx.did_nothing()
            newest = await versions.find_newest_version(tx.conn, community=principal.community)
            if newest is not None and newest.programme_id != programme.programme:
                raise OtherProgrammeError(newest.programme_id)
            response.status_code = 200
            waits, changes = await waits_if_published(tx, community=principal.community, submission=submission)
            return Publication(
                programme_id=programme.programme,
                state="proposed" if waits else "published",
                money_changes=[MoneyChange.of(change) for change in changes],
                document_sha256=document_sha256(document_of(programme)),
                is_new=False,
                dry_run=True,
                document=document_of(programme),
                costs=costs,
                warnings=warnings,
            )
        published = await publish_programme(tx, community=principal.community, submission=submission)
    if not published.is_new:
        response.status_code = 200
    version = published.version
    response.headers["Location"] = f"/v1/programmes/{version.number}"
    return Publication(
        programme_id=version.programme_id,
        version=version.number,
        state="proposed" if isinstance(version, Proposal) else "published",
        effective_from=None if isinstance(version, Proposal) else version.effective_from,
        money_changes=[MoneyChange.of(change) for change in version.changes]
        if isinstance(version, Proposal)
        else [],
        superseded=published.superseded,
        document_sha256=version.document_sha256,
        is_new=published.is_new,
        dry_run=False,
        costs=costs,
        warnings=warnings,
    )


def _author(principal: Principal) -> Author:
    return Author(principal.person_id, principal.person_name, principal.credential)


async def _text(request: Request) -> str:
    media_type = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send one of {', '.join(MEDIA_TYPES)}, in UTF-8")
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8: {error.reason} at byte {error.start}"
        raise Problem(INVALID_PROGRAMME, detail) from error


def _field_errors(mistakes: Sequence[Mistake]) -> list[FieldError]:
    return [
        FieldError(field=mistake.field, detail=mistake.detail, line=mistake.line, column=mistake.column)
        for mistake in mistakes
    ]


def _valid(reading: Reading) -> Programme:
    if reading.programme is not None:
        return reading.programme
    read = reading.mistakes
    errors = _field_errors(read)
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
    """What was published or proposed when and by whom, and what money it changes; a version never changes."""
    found = await proposals.page_of_versions(conn, community=principal.community, after=place, limit=limit)
    in_force = await _in_force(conn, community=principal.community)
    return Page.of(
        found,
        limit,
        item=lambda version: ProgrammeVersion.of(version, in_force),
        place=lambda version: VersionPlace(version.number),
    )


@router.get(
    "/v1/programmes/{version}",
    summary="One version of the programme",
    responses=problem_responses(UNKNOWN_VERSION),
)
async def get_programme(
    principal: Reader, version: Annotated[int, Path(ge=1, lt=2**31)], conn: Conn
) -> ProgrammeDocument:
    """The text as it was sent, and what was read from it."""
    found = await proposals.find_version(conn, community=principal.community, number=version)
    if found is None:
        raise UnknownVersionError
    return ProgrammeDocument.with_text(*found, await _in_force(conn, community=principal.community))


@router.post(
    "/v1/programmes/{version}/approve",
    summary="Approve a version that another person proposed",
    responses=problem_responses(UNKNOWN_VERSION, PROGRAMME_FOUR_EYES, PROPOSAL_DECIDED),
)
async def approve_version(
    principal: Approver, version: Annotated[int, Path(ge=1, lt=2**31)], tx: Tx
) -> ProgrammeVersion:
    """It is published now, for events received from then on, or from the time that was asked for if that is later.

    Whoever proposed it cannot, by whatever key or token. Approving again changes nothing.
    """
    await approve_programme(tx, community=principal.community, number=version, by=_author(principal))
    return await _shown(tx.conn, community=principal.community, number=version)


@router.post(
    "/v1/programmes/{version}/withdraw",
    summary="Withdraw a version that is proposed or scheduled",
    responses=problem_responses(UNKNOWN_VERSION, PROPOSAL_DECIDED, NOT_WITHDRAWABLE),
)
async def withdraw_version(
    principal: Publisher, version: Annotated[int, Path(ge=1, lt=2**31)], tx: Tx
) -> Withdrawal:
    """One that is proposed is never in force. Whoever may publish may withdraw it; again changes nothing.

    In place of the last that is scheduled, what is in force before it is published anew, and goes on:
    `replaced_by` says as which version. Where that changes money it waits for another person, as any version does.
    """
    withdrawn = await withdraw_programme(tx, community=principal.community, number=version, by=_author(principal))
    shown = await _shown(tx.conn, community=principal.community, number=version)
    replacement = withdrawn.replacement
    if replacement is None:
        return Withdrawal(**shown.model_dump())
    return Withdrawal(
        **shown.model_dump(),
        replaced_by=replacement.version.number,
        replacement_state="proposed" if isinstance(replacement.version, Proposal) else "published",
        superseded=replacement.superseded,
    )


async def _shown(conn: Connection, *, community: str, number: int) -> ProgrammeVersion:
    found = await proposals.find_version(conn, community=community, number=number)
    if found is None:
        raise UnknownVersionError
    return ProgrammeVersion.of(found[0], await _in_force(conn, community=community))


async def _in_force(conn: Connection, *, community: str) -> dict[int, Standing]:
    starts = await versions.load_starts(conn, community=community)
    return standings(starts, now=await conn.fetchval("select clock_timestamp()"))


@router.post(
    "/v1/programmes/completions",
    summary="What may stand at a place of a programme's text",
    responses=problem_responses(UNSUPPORTED_CONTENT_TYPE, INVALID_PROGRAMME, CHECK_TOO_SLOW, CHECKS_BUSY),
    openapi_extra={"requestBody": COMPLETED_BODY},
)
async def post_completions(
    principal: Reader,
    request: Request,
    settings: Annotated[Settings, configured(Settings)],
    line: Annotated[int, Query(ge=1, le=1_000_000, description="The cursor's line, from 1", examples=[5])],
    column: Annotated[
        int, Query(ge=1, le=1_000_000, description="The character that it is before, from 1", examples=[10])
    ],
) -> Completions:
    """For editors: fields, event types, ids of the text itself, and names in conditions. Changes nothing.

    The text need not be right, nor complete; it may be as long as a programme.
    """
    found = await CHECKER.complete(
        await _text(request), Cursor(line, column), community=principal.community, settings=settings
    )
    items = [Completion(text=one.text, kind=one.kind, detail=one.detail) for one in found.found]
    return Completions(column=found.column, items=items)
