"""A table of the audit does nothing where a spreadsheet opens it, and is read back as it was."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.audit.domain import FORMULA_BEGINNINGS, HEADINGS, Entry, csv_lines, csv_row

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def read(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode(), newline="")))


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        '=HYPERLINK("https://evil.example","x")',
        "＝1+1",
    ],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    table = csv_lines([[cell, "plain"]])

    assert read(table) == [[f"'{cell}", "plain"]]
    assert table.startswith(b"\"'")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=3), max_size=5))
def test_every_cell_is_quoted_and_read_back(rows: list[list[str]]) -> None:
    cells = [[f"'{cell}" if cell.startswith(FORMULA_BEGINNINGS) else cell for cell in row] for row in rows]

    assert read(csv_lines(rows)) == cells


def test_an_entry_has_a_cell_for_each_heading() -> None:
    entry = Entry(
        audit_id="1",
        at=NOON,
        community="acme",
        kind="command",
        service="rewards",
        command="payee.set",
        person_id=None,
        person_name="=Grace",
        credential="bootstrap",
        object_kind="payee",
        object_id="2",
        member_id="2",
        before=None,
        after={"iban": "DE…3000"},
        traceparent=None,
    )

    (row,) = read(csv_lines([csv_row(entry)]))

    found = dict(zip(HEADINGS, row, strict=True))
    assert (found["at"], found["person_name"], found["before"]) == ("2026-03-04T12:00:00+00:00", "'=Grace", "")
    assert found["after"] == '{"iban":"DE…3000"}'
