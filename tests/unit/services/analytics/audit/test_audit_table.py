"""A table of the audit does nothing where a spreadsheet opens it, and is read back as it was."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.audit.domain import HEADINGS, Entry, csv_row
from shared.spreadsheets import FORMULA_BEGINNINGS, csv_lines

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

    ((written, plain),) = read(table)
    assert (written[0], written.replace("'", ""), plain) == ("'", cell, "plain")
    assert table.startswith(b"\"'")


@pytest.mark.parametrize("cell", ["Grace;=1+1;", 'a"; "=1+1', "a\t@SUM(A1)", "a;\n -1", {"title": "x;＝1+1;"}])
def test_none_is_where_semicolons_or_tabs_begin_another(cell: object) -> None:
    """As a spreadsheet opens it whose lists are separated otherwise: quotes in the middle mean nothing to it."""
    table = csv_lines([["plain", cell]]).decode()

    assert not re.search('[;\t\r\n][" ]*[=+\\-@＝＋－＠]', table)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@;\t\n'\" "))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=3), max_size=5))
def test_every_cell_is_quoted_and_read_back_but_for_apostrophes(rows: list[list[str]]) -> None:
    found = read(csv_lines(rows))

    assert [[cell.replace("'", "") for cell in row] for row in found] == [
        [cell.replace("'", "") for cell in row] for row in rows
    ]
    cells = [cell for row in found for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA_BEGINNINGS)]
    assert not [cell for cell in cells if re.search(r"[;\t\r\n][\"\s]*[=+\-@＝＋－＠]", cell)]


@given(
    st.lists(st.lists(st.text(st.characters(exclude_characters=";\t\r\n", exclude_categories=["Cs"])), min_size=2))
)
def test_only_what_begins_as_a_formula_is_changed(rows: list[list[str]]) -> None:
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
