"""Tables for spreadsheets: CSV of which no cell is a formula."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

#: What a spreadsheet takes for the beginning of a formula, in either width, or for one after a cell of nothing.
FORMULA_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Where another cell begins in the middle of ours, for a spreadsheet that separates by semicolons or tabs: many do
#: where the comma stands in numbers.
_FORMULA_WITHIN: Final = re.compile(r"([;\t\r\n]['\"\s]*)(?=[=+\-@＝＋－＠])")


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180) in UTF-8: every cell in quotes, and none of them a formula in a spreadsheet.

    A cell that begins as a formula does is given an apostrophe before it, and so is what does after a semicolon or
    a tab in a cell.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)  # a number below zero is none either
    text = orjson.dumps(value).decode() if isinstance(value, Mapping) else str(value)
    text = _FORMULA_WITHIN.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text
