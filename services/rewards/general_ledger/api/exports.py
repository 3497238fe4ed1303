"""Routes of the journal, of exports to the general ledger and their files, and of the trial balance of a time."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.rewards.approvals.domain import Author
from services.rewards.general_ledger import handlers
from services.rewards.general_ledger.api.models import (
    EXPORT_REFUSED,
    UNKNOWN_EXPORT,
    UNMAPPED,
    BookDay,
    GeneralJournal,
    GrainName,
    JournalExport,
    JournalExportRequest,
    JournalExportShown,
    PeriodTrialBalance,
)
from services.rewards.general_ledger.domain.exports import (
    ExportPlace,
    ExportRefusedError,
    Grain,
    UnknownExportError,
    csv_rows,
    xero_parts,
    xero_rows,
)
from services.rewards.general_ledger.domain.journal import turnover_sums
from services.rewards.general_ledger.store import exports as store
from services.rewards.ledger.store.turnovers import load_turnovers
from services.rewards.settings import Settings
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    Snapshot,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.spreadsheets import csv_lines

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Configured = Annotated[Settings, configured(Settings)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The export's")]
First = Annotated[BookDay, Query(alias="from", description="The first day, in the community's zone")]
Last = Annotated[BookDay, Query(alias="to", description="The last day")]


@router.get(
    "/v1/finance/trial-balance",
    summary="The trial balance of some days",
    responses=problem_responses(EXPORT_REFUSED),
)
async def get_period_trial_balance(
    principal: Reader, conn: Snapshot, settings: Configured, first: First, last: Last
) -> PeriodTrialBalance:
    """What accounts of each kind had, took and gave, and have, by when it was booked; Σ = 0 per currency."""
    if last < first:
        raise ExportRefusedError(f"they would end on {last.isoformat()}, before they begin")
    calendar = await load_calendar(conn, community=principal.community)
    until_first, until_last = [
        await load_turnovers(
            conn,
            community=principal.community,
            before=calendar.start_of(day),
            timeout_seconds=settings.journal_seconds,
        )
        for day in (first, last + timedelta(days=1))
    ]
    found = turnover_sums(until_first, until_last)
    return PeriodTrialBalance.of(found, first=first, last=last)


@router.get(
    "/v1/finance/journal",
    summary="The journal of some days, for the general ledger",
    responses=problem_responses(EXPORT_REFUSED),
)
async def get_general_journal(
    principal: Reader,
    conn: Snapshot,
    settings: Configured,
    first: First,
    last: Last,
    grain: Annotated[GrainName, Query(description="Lines for each day, or for each month")] = "day",
) -> GeneralJournal:
    """As an export of these days would have it now, and what of it is mapped to no account. Nothing is kept."""
    found = await handlers.draft_journal(
        conn, settings, community=principal.community, first=first, last=last, grain=Grain(grain)
    )
    return GeneralJournal.of(found, first=first, last=last, grain=grain)


@router.post(
    "/v1/finance/journal-exports",
    summary="Hand days to finance, once",
    status_code=201,
    response_model=JournalExport,
    responses=problem_responses(EXPORT_REFUSED, UNMAPPED, KEY_REUSED),
)
async def post_journal_export(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_WRITE)],
    tx: Tx,
    wanted: JournalExportRequest,
    idempotency_key: IdempotencyKey,
) -> Response:
    """It begins on the day after the last export and has the next number.

    So no day is handed over twice or left out. What it says never changes: whatever is booked later is of a
    later day.
    """

    async def work() -> JournalExport:
        export = await handlers.make_export(
            tx,
            community=principal.community,
            first=wanted.first_day,
            last=wanted.last_day,
            grain=Grain(wanted.grain),
            by=Author(principal.person_id, principal.person_name, principal.credential),
        )
        return JournalExport.of(export)

    key = CommandKey(principal.community, "journal_export", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.get("/v1/finance/journal-exports", summary="Exports, newest first", responses=problem_responses())
async def list_journal_exports(
    principal: Reader,
    conn: Conn,
    place: Annotated[ExportPlace | None, after(ExportPlace)],
    limit: Limit = 100,
) -> Page[JournalExport]:
    """Which days were handed to finance, when and by whom."""
    found = await store.page_of_exports(conn, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=JournalExport.of, place=lambda export: export.place)


@router.get(
    "/v1/finance/journal-exports/{number}", summary="An export", responses=problem_responses(UNKNOWN_EXPORT)
)
async def get_journal_export(principal: Reader, conn: Conn, number: Number) -> JournalExportShown:
    """Its days, and how many files it is."""
    export = await handlers.load_export(conn, community=principal.community, number=number)
    return JournalExportShown.shown(
        export, await store.load_lines(conn, community=export.community, number=number)
    )


@router.get(
    "/v1/finance/journal-exports/{number}/file",
    summary="An export as a file",
    response_class=Response,
    responses={
        **problem_responses(UNKNOWN_EXPORT),
        200: {"description": "RFC 4180, in UTF-8; no cell is a formula", "content": {"text/csv": {}}},
    },
)
async def get_journal_export_file(
    principal: Reader,
    conn: Conn,
    number: Number,
    format_: Annotated[
        Literal["csv", "xero"],
        Query(alias="format", description="Our columns, or Xero's template of manual journals"),
    ] = "csv",
    part: Annotated[int, Query(ge=1, le=100_000, description="Which of the files for Xero")] = 1,
) -> Response:
    """The same every time. Each line has the export's number, so that finance sees what it has already."""
    export = await handlers.load_export(conn, community=principal.community, number=number)
    lines = await store.load_lines(conn, community=export.community, number=number)
    name = f"journal-{number}"
    if format_ == "csv":
        content = csv_lines(csv_rows(export, lines))
    else:
        parts = xero_parts(lines)
        if part > len(parts):
            raise UnknownExportError(number)
        name = f"{name}-xero-{part}-of-{len(parts)}"
        content = csv_lines(xero_rows(export, parts[part - 1]))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
