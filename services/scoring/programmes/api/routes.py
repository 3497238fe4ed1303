"""HTTP routes of programmes: publishing, and the versions there are."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.scoring.programmes.api.models import (
    COMPLETED_BODY,
    PROGRAMME_BODY,
    BoardsTake,
    Completion,
    Completions,
    MoneyChange,
    ProgrammeDocument,
    ProgrammeVersion,
    Publication,
    RollingBack,
    SendingBack,
    Withdrawal,
)
from services.scoring.programmes.api.problems import (
    BACKTEST_MISSING,
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    EFFECTIVE_FROM_REFUSED,
    EVENT_TYPES_CHANGED,
    INVALID_PROGRAMME,
    NOT_WITHDRAWABLE,
    NOTE_MISSING,
    OTHER_PROGRAMME,
    PROGRAMME_FOUR_EYES,
    PROPOSAL_DECIDED,
    UNKNOWN_VERSION,
)
from services.scoring.programmes.api.texts import NoteAsked, author_of, costs_of, field_errors, text_of, valid
from services.scoring.programmes.domain.boards import boards_kept
from services.scoring.programmes.domain.completing import Cursor
from services.scoring.programmes.domain.proposals import Proposal, UnknownVersionError
from services.scoring.programmes.domain.publication import (
    OtherProgrammeError,
    Standing,
    Submission,
    VersionPlace,
    standings,
)
from services.scoring.programmes.domain.reading import document_of, document_sha256
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.handlers.publishing import (
    approve_programme,
    publish_programme,
    send_back,
    waits_if_published,
)
from services.scoring.programmes.handlers.rolling_back import roll_back
from services.scoring.programmes.handlers.withdrawing import withdraw_programme
from services.scoring.programmes.store import proposals, versions
from services.scoring.settings import Settings
from shared.http import (
    Begin,
    Conn,
    Limit,
    Moment,
    Page,
    Principal,
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
        NOTE_MISSING,
        BACKTEST_MISSING,
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
    note: NoteAsked = None,
    review: Annotated[bool, Query(description="Have another person look at it, also where one is enough")] = False,
) -> Publication:
    """Takes a programme in YAML or JSON. Every error in it comes with its line, column and field.

    The first version takes effect at once, later ones a moment after their publication: the answer says
    when. Publishing what the newest version says already makes no new one. A version that changes who pays, what
    points are worth, or budgets is proposed; so is every version where points are paid, where the community's
    `review_policy` has two people publish, and where `review` asks for it. It supersedes one that is proposed, and
    is not in force before another person approves it.
    """
    text = await text_of(request)
    # In another process, and no transaction is open meanwhile: what a text can do to its reader, it does there.
    reading = await CHECKER.check(text, community=principal.community, settings=settings)
    programme = valid(reading)
    warnings = field_errors(reading.warnings)
    costs = costs_of(reading.steps)
    boards = BoardsTake.of(boards_kept(programme))
    async with begin() as tx:
        submission = Submission(
            programme, text, author_of(principal), effective_from, note=note, asks_for_review=review
        )
        if dry_run:
            tx.did_nothing()
            newest = await versions.find_newest_version(tx.conn, community=principal.community)
            if newest is not None and newest.programme_id != programme.programme:
                raise OtherProgrammeError(newest.programme_id)
            response.status_code = 200
            waits = await waits_if_published(tx, community=principal.community, submission=submission)
            return Publication(
                programme_id=programme.programme,
                state="proposed" if waits.because else "published",
                waits_because=list(waits.because),
                money_changes=[MoneyChange.of(change) for change in waits.changes],
                document_sha256=document_sha256(document_of(programme)),
                is_new=False,
                dry_run=True,
                document=document_of(programme),
                costs=costs,
                boards=boards,
                warnings=warnings,
            )
        published = await publish_programme(tx, community=principal.community, submission=submission)
    if not published.is_new:
        response.status_code = 200
    response.headers["Location"] = f"/v1/programmes/{published.version.number}"
    return Publication.of(published, costs=costs, boards=boards, warnings=warnings)


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
    await approve_programme(tx, community=principal.community, number=version, by=author_of(principal))
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
    withdrawn = await withdraw_programme(
        tx, community=principal.community, number=version, by=author_of(principal)
    )
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


@router.post(
    "/v1/programmes/{version}/send-back",
    summary="Send a version back that another person proposed",
    responses=problem_responses(UNKNOWN_VERSION, PROGRAMME_FOUR_EYES, PROPOSAL_DECIDED),
)
async def send_version_back(
    principal: Approver, version: Annotated[int, Path(ge=1, lt=2**31)], body: SendingBack, tx: Tx
) -> ProgrammeVersion:
    """It is never in force; the `reason` says what to change, and the draft that it came from is open again.

    Whoever proposed it withdraws it instead. Sending it back again changes nothing.
    """
    await send_back(tx, community=principal.community, number=version, by=author_of(principal), reason=body.reason)
    return await _shown(tx.conn, community=principal.community, number=version)


@router.post(
    "/v1/programmes/{version}/rollback",
    summary="Publish again what an earlier version says",
    status_code=201,
    responses=problem_responses(UNKNOWN_VERSION, EFFECTIVE_FROM_REFUSED, EVENT_TYPES_CHANGED)
    | {200: {"model": Publication, "description": "The newest version says the same already"}},
)
async def roll_version_back(
    principal: Publisher,
    version: Annotated[int, Path(ge=1, lt=2**31)],
    body: RollingBack,
    response: Response,
    tx: Tx,
) -> Publication:
    """As a new version, by the rules of any: what it changes of money waits for another person.

    Nothing that was awarded changes. `restores` of the new version names this one.
    """
    published = await roll_back(
        tx,
        community=principal.community,
        number=version,
        by=author_of(principal),
        note=body.note,
        effective_from=body.effective_from,
    )
    if not published.is_new:
        response.status_code = 200
    response.headers["Location"] = f"/v1/programmes/{published.version.number}"
    return Publication.of(published)


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
        await text_of(request), Cursor(line, column), community=principal.community, settings=settings
    )
    items = [Completion(text=one.text, kind=one.kind, detail=one.detail) for one in found.found]
    return Completions(column=found.column, items=items)
