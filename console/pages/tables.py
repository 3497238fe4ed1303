"""Lists of services as files for spreadsheets."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from console.asking import Answer
from console.frame.visits import Visit
from shared.currencies import decimal_amount
from shared.spreadsheets import csv_lines

#: Items of one question, and questions for one file: what is longer is refused, since a part would pass for all.
PAGE_COUNT = 500
PAGES_MAX_COUNT = 20


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


TOO_LONG = _("The table would be too long: filter it first")


async def whole(visit: Visit, service: str, path: str, **params: Any) -> tuple[list[Any], Answer | None, bool]:
    """All items of a list, the answer that is not as wished, and whether there are more than a file takes."""
    items: list[Any] = []
    after = None
    for _page in range(PAGES_MAX_COUNT):
        answer = await visit.ask.get(service, path, **params, limit=PAGE_COUNT, after=after)
        if not answer.ok:
            return [], answer, False
        items += answer.items
        after = answer.body["next"]
        if after is None:
            return items, None, False
    return [], None, True


def table(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A CSV file that a browser saves."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(csv_lines([headings, *rows]), media_type="text/csv; charset=utf-8", headers=headers)


def amount(minor: int, currency: str) -> Decimal:
    """Minor units as a number of the currency: 1250 EUR is 12.50; points are as they are."""
    return Decimal(minor) if currency == "PTS" else decimal_amount(minor, currency)


def columns(*names: str) -> Callable[[Any], list[Any]]:
    """What makes a row of an item: its fields of these names."""
    return lambda item: [item[name] for name in names]
