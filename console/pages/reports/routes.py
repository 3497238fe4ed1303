"""Reports as pages that print, and as files: PDF, CSV and Parquet, the same bytes for the same report."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import LEDGER, ME, STATEMENTS
from console.frame.visits import NotFoundError, Visit, page
from shared.reports import FORMATS, Report, as_bytes, month_end, year_statement

UNPROCESSABLE = 422
#: Files that are made at once: each takes a processor for a tenth of a second.
MADE_AT_ONCE = asyncio.Semaphore(2)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def statement(visit: Visit) -> Response:
    """A member's statement of a year."""
    return await _statement(visit, str(visit.request.path_params["member_id"]))


async def own_statement(visit: Visit) -> Response:
    """One's own."""
    return await _statement(visit, visit.signed_in.member_id or "")


async def _statement(visit: Visit, member_id: str) -> Response:
    answer = await visit.ask.get("rewards", f"/v1/members/{member_id}/statements/{_param(visit, 'year')}")
    report = None
    if answer.ok:
        report = year_statement(
            answer.body, community=visit.community.title, say=visit.say, language=visit.language
        )
    above = [(ME.path, visit.say(ME.title))]
    if _here(visit).startswith(STATEMENTS.path):
        path = f"{STATEMENTS.path}/{member_id}"
        above = [(STATEMENTS.path, visit.say(STATEMENTS.title)), (path, visit.say(_("Statement")))]
    return await _answer(visit, answer, report, above=above)


async def month(visit: Visit) -> Response:
    """A month's end for finance."""
    answer = await visit.ask.get("rewards", f"/v1/finance/month-ends/{_param(visit, 'month')}")
    report = None
    if answer.ok:
        report = month_end(answer.body, community=visit.community.title, say=visit.say, language=visit.language)
    above = [(LEDGER.path, visit.say(LEDGER.title))]
    if answer.ok:
        name = answer.body["month"]
        above.append((f"{LEDGER.path}/periods/{name}", visit.writer.month(name)))
    return await _answer(visit, answer, report, above=above)


async def _answer(
    visit: Visit, answer: Answer, report: Report | None, *, above: Sequence[tuple[str, str]]
) -> Response:
    if answer.is_missing or answer.status == UNPROCESSABLE:
        raise NotFoundError
    ending = visit.request.path_params.get("ending")
    if ending is None or report is None:
        here = _here(visit)
        return visit.page(
            "pages/reports/page.html",
            answer=answer,
            report=report,
            here=here if ending is None else here.removesuffix(f".{ending}"),
            endings=FORMATS,
            above=above,
        )
    if ending not in FORMATS:
        raise NotFoundError
    async with MADE_AT_ONCE:
        content = await asyncio.to_thread(as_bytes, report, ending)
    headers = {
        "Content-Disposition": f'attachment; filename="{report.name}.{ending}"',
        "Repr-Digest": f"sha-256=:{b64encode(sha256(content).digest()).decode()}:",
    }
    return Response(content, media_type=FORMATS[ending], headers=headers)


def _here(visit: Visit) -> str:
    return visit.request.url.path


def _param(visit: Visit, name: str) -> str:
    return str(visit.request.path_params[name])


OF_MEMBER = f"{STATEMENTS.path}/{{member_id:uuid}}/{{year:int}}"
OWN = f"{ME.path}/statements/{{year:int}}"
OF_MONTH = f"{LEDGER.path}/month-ends/{{month}}"
ROUTES = [
    Route(f"{OF_MEMBER}.{{ending}}", page(statement, scope=STATEMENTS.scope)),
    Route(OF_MEMBER, page(statement, scope=STATEMENTS.scope)),
    Route(f"{OWN}.{{ending}}", page(own_statement, for_members=True)),
    Route(OWN, page(own_statement, for_members=True)),
    Route(f"{OF_MONTH}.{{ending}}", page(month, scope=LEDGER.scope)),
    Route(OF_MONTH, page(month, scope=LEDGER.scope)),
]
