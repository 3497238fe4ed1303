"""Routes of files of central banks, of the rates in force, and of amounts in other currencies."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from services.rewards.approvals.api import author
from services.rewards.rates import handlers
from services.rewards.rates.api.models import (
    INVALID_RATE_FILE,
    NO_RATE,
    NO_RATE_POLICY,
    RATE_MOVED,
    STALE_RATES,
    TOO_LARGE,
    TOO_MANY_RATE_SHEETS,
    Converted,
    RateFileShown,
    RateFileTaken,
    Rates,
)
from services.rewards.rates.api.policies import Maker, Reader
from services.rewards.rates.domain.files import read_rates
from services.rewards.rates.domain.policies import RateSheetPlace
from services.rewards.rates.store import sheets as store
from shared.contracts.fields import Currency, MinorUnits
from shared.http import Begin, Conn, Limit, Page, Problem, after, problem_responses
from shared.http.problem_types import UNSUPPORTED_CONTENT_TYPE

router = APIRouter(tags=["finance"])

MEDIA_TYPES: Final = ("application/xml", "text/xml", "text/csv")
_EXAMPLE: Final = "Date,USD,JPY\n2026-01-30,1.0956,163.21\n"


@router.post(
    "/v1/finance/rate-files",
    summary="Take the rates of a central bank's file",
    status_code=201,
    responses=problem_responses(
        INVALID_RATE_FILE, NO_RATE_POLICY, RATE_MOVED, TOO_MANY_RATE_SHEETS, UNSUPPORTED_CONTENT_TYPE
    )
    | {200: {"model": RateFileTaken, "description": "The same file was taken before: nothing happened"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "As the ECB publishes it: XML, or CSV with a column a currency. Of several days the "
            "newest counts",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE},
                "application/xml": {"schema": {"type": "string"}, "example": "<Envelope>…</Envelope>"},
            },
        }
    },
)
async def post_rate_file(principal: Maker, begin: Begin, request: Request, response: Response) -> RateFileTaken:
    """They are in force at once where no newer ones are: the policy that two people approved says how far they may
    be from its own. Of two files of a day the one taken last counts.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Send the file as it is, as {' or '.join(MEDIA_TYPES)}")
    content = await request.body()
    # Read beside the loop: nobody else waits for a file.
    file = await asyncio.to_thread(read_rates, content)
    async with begin() as tx:
        sheet, is_new = await handlers.take_file(
            tx, file, content=content, community=principal.community, by=author(principal)
        )
    response.status_code = 201 if is_new else 200
    return RateFileTaken(**RateFileShown.of(sheet).model_dump(), is_new=is_new)


@router.get(
    "/v1/finance/rate-files",
    summary="Files of central banks, that of the newest day first",
    responses=problem_responses(),
)
async def list_rate_files(
    principal: Reader,
    conn: Conn,
    place: Annotated[RateSheetPlace | None, after(RateSheetPlace)],
    limit: Limit = 100,
) -> Page[RateFileShown]:
    """All that were taken, with their rates."""
    found = await store.page_of_sheets(conn, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=RateFileShown.of, place=lambda sheet: sheet.place)


@router.get("/v1/finance/rates", summary="The rates in force", responses=problem_responses(NO_RATE_POLICY))
async def get_rates(principal: Reader, conn: Conn) -> Rates:
    """By which policy, of which day, and of which currencies the file's rate may not be used."""
    now = datetime.now(UTC)
    rates = await handlers.rates_in_force(conn, community=principal.community, now=now)
    return Rates.of(rates, today=await handlers.today_of(conn, community=principal.community, now=now))


@router.get(
    "/v1/finance/conversion",
    summary="An amount in another currency, by the rates in force",
    responses=problem_responses(NO_RATE_POLICY, STALE_RATES, NO_RATE, RATE_MOVED, TOO_LARGE),
)
async def get_conversion(
    principal: Reader,
    conn: Conn,
    amount_minor: Annotated[MinorUnits, Query(description="1000 is EUR 10.00, JPY 1000, KWD 1.000")],
    source: Annotated[Currency, Query(examples=["EUR"])],
    target: Annotated[Currency, Query(examples=["USD"])],
) -> Converted:
    """Nothing is kept. Both ways are rounded against whoever asks: nobody gets more than they pay for."""
    now = datetime.now(UTC)
    rates = await handlers.rates_in_force(conn, community=principal.community, now=now)
    today = await handlers.today_of(conn, community=principal.community, now=now)
    return Converted.of(rates, rates.between(source, target, today=today), amount_minor=amount_minor)
