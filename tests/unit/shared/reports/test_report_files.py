"""Reports as files: what was said is in them, the same bytes for the same report, and no formula."""

import csv
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.reports import FORMATS, Column, Kind, Sheet, as_bytes, month_end, write_sheet, year_statement

MEMBER = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"
ZERO = dict.fromkeys(("earned", "corrected", "written_off", "merged", "redeemed", "paid", "expired"), 0)
STATEMENT = {
    "member_id": MEMBER,
    "name": '=HYPERLINK("x") #set page() Dvořák',
    "year": 2026,
    "is_preliminary": True,
    "sums": [
        {"currency": "PTS", "opening": 10, "closing": 84, **ZERO, "earned": 100, "redeemed": 26, "ended": 4},
        {"currency": "JPY", "opening": 0, "closing": 5, **ZERO, "earned": 5, "ended": 0},
        {"currency": "EUR", "opening": 0, "closing": 0, **ZERO, "earned": 1250, "paid": 1250, "ended": 0},
    ],
    "days": [
        {"day": "2026-01-31", "currency": "PTS", "closing": 84, **ZERO, "earned": 100, "redeemed": 26},
        {"day": "2026-01-31", "currency": "EUR", "closing": 0, **ZERO, "earned": 1250, "paid": 1250},
        {"day": "2026-02-01", "currency": "JPY", "closing": 5, **ZERO, "earned": 5},
    ],
}
MONTH = {
    "month": "2026-10",
    "state": "closed",
    "is_preliminary": False,
    "starts_at": "2026-09-30T22:00:00Z",
    "ends_at": "2026-10-31T23:00:00Z",
    "block": {"number": 12, "hash": "9f86d081"},
    "balanced": True,
    "figures": [
        {"kind": "available", "currency": "PTS", "accounts_count": 3, "before": 100, "after": 1500},
        {"kind": "points_issued", "currency": "PTS", "accounts_count": 1, "before": -100, "after": -1500},
    ],
    "points": {
        "opening": 100,
        "earned": 1500,
        "corrected": -15,
        "written_off": 5,
        "redeemed": 50,
        "paid": 40,
        "expired": 0,
        "closing": 1500,
        "difference": 0,
    },
    "worth": None,
    "valued": {"held": 1500, "set_aside": 40, "ended": 60, "late": 10, "difference": 0, "outstanding": 1410},
    "payouts": [{"state": "settled", "currency": "EUR", "count": 2, "points": 40, "amount_minor": 400}],
    "open_items": [],
    "corrections": [{"kind": "amendment", "count": 1, "points": -25}],
}


def statement(language: str = "en") -> Any:
    return year_statement(STATEMENT, community="Python", say=str, language=language)


def month() -> Any:
    return month_end(MONTH, community="Python", say=str, language="en")


@pytest.mark.parametrize("made", [statement, month])
@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_report_is_the_same_bytes_and_another_is_not(made: Any, ending: str) -> None:
    assert as_bytes(made(), ending) == as_bytes(made(), ending)
    assert as_bytes(statement(), ending) != as_bytes(month(), ending)


def test_on_paper_it_is_tagged_and_says_its_language() -> None:
    english, italian = as_bytes(statement(), "pdf"), as_bytes(statement("it"), "pdf")
    for content, language in ((english, b"en"), (italian, b"it")):
        assert content.startswith(b"%PDF-")
        assert b"/MarkInfo" in content
        assert b"/Lang(" + language + b")" in content


def test_in_a_spreadsheet_amounts_are_numbers_of_their_currency() -> None:
    rows = list(csv.DictReader(io.StringIO(as_bytes(statement(), "csv").decode())))
    said = [
        (row["day"], row["currency"], row["earned"], row["paid"], row["closing"], row["ended"]) for row in rows
    ]
    assert said == [
        ("2026-01-31", "PTS", "100", "0", "84", "0"),
        ("2026-01-31", "EUR", "12.50", "12.50", "0.00", "0.00"),
        ("2026-02-01", "JPY", "5", "0", "5", "0"),
        # Nothing moved on the last day, and 4 points ended with it.
        ("2026-12-31", "PTS", "0", "0", "84", "4"),
    ]
    flat = list(csv.DictReader(io.StringIO(as_bytes(month(), "csv").decode())))
    tied = {row["item"]: int(row["amount"]) for row in flat if row["section"] == "points"}
    assert tied["difference"] == 0
    came = tied["opening"] + tied["earned"] + tied["corrected"] + tied["written_off"]
    assert came - tied["redeemed"] - tied["paid"] - tied["expired"] == tied["closing"]
    assert [row["amount"] for row in flat if row["measure"] == "amount"] == ["4.00"]


def test_what_ended_with_the_last_day_stands_beside_what_was_there() -> None:
    (over,) = [table for table in statement().tables if table.title == "Points that ended with the year"]
    assert [row[1].value for row in over.rows] == [84, -4]
    assert over.total[1].value == 80
    (valued,) = [table for table in month().tables if table.title == "From points held to points valued"]
    assert sum(row[1].value for row in valued.rows) == valued.total[1].value == 1410
    assert len(valued.rows) == 4
    off = month_end(
        MONTH | {"valued": MONTH["valued"] | {"difference": 7, "outstanding": 1403}},
        community="Python",
        say=str,
        language="en",
    )
    (valued,) = [table for table in off.tables if table.title == "From points held to points valued"]
    assert sum(row[1].value for row in valued.rows) == valued.total[1].value == 1403
    locked = month_end(MONTH | {"state": "locked"}, community="Python", say=str, language="en")
    assert [line for line in locked.lines if line.startswith("Locked")]


@pytest.mark.parametrize("has_moved", [True, False])
def test_what_ended_with_the_year_stands_once_beside_its_last_day(has_moved: bool, tmp_path: Path) -> None:
    day = {"day": "2026-12-31", "currency": "PTS", "closing": 84, **ZERO, "earned": 3}
    days = [*STATEMENT["days"], *([day] if has_moved else [])]
    report = year_statement(STATEMENT | {"days": days}, community="Python", say=str, language="en")
    path = tmp_path / "x.parquet"
    path.write_bytes(as_bytes(report, "parquet"))
    found = duckdb.sql(f"select day, currency, earned, closing, ended from '{path}' where ended <> 0").fetchall()
    assert found == [(date(2026, 12, 31), "PTS", 3 if has_moved else 0, 84, 4)]


def test_of_payouts_in_two_currencies_each_row_has_a_name_of_its_own(tmp_path: Path) -> None:
    paid = [
        {"state": "settled", "currency": "EUR", "count": 2, "points": 40, "amount_minor": 400},
        {"state": "settled", "currency": "JPY", "count": 3, "points": 70, "amount_minor": 500},
    ]
    report = month_end(MONTH | {"payouts": paid}, community="Python", say=str, language="en")
    flat = list(csv.DictReader(io.StringIO(as_bytes(report, "csv").decode())))
    names = [tuple(row[name] for name in row if name != "amount") for row in flat]
    assert len(names) == len(set(names))
    payouts = [row for row in flat if row["section"] == "payouts"]
    assert [(row["paid_in"], row["measure"], row["currency"], row["amount"]) for row in payouts] == [
        ("EUR", "count", "", "2"),
        ("EUR", "points", "PTS", "40"),
        ("EUR", "amount", "EUR", "4.00"),
        ("JPY", "count", "", "3"),
        ("JPY", "points", "PTS", "70"),
        ("JPY", "amount", "JPY", "500"),
    ]
    path = tmp_path / "x.parquet"
    path.write_bytes(as_bytes(report, "parquet"))
    found = duckdb.read_parquet(str(path))
    of_payouts = [row[3:] for row in found.fetchall() if row[1] == "payouts"]
    assert found.columns == list(flat[0])
    assert of_payouts[2::3] == [("EUR", "amount", "EUR", 400), ("JPY", "amount", "JPY", 500)]


CELLS = ["=1+1", "\t=1", "\r+1", "＝1", "-x", "@x", "a;=1", "plain", "né", 'a"b', None]


def test_no_cell_is_a_formula_and_a_program_gets_what_was_said(tmp_path: Path) -> None:
    columns = (Column("text", Kind.TEXT), Column("at", Kind.MOMENT), Column("day", Kind.DAY))
    at, day = datetime(2026, 3, 29, 1, 30, 0, 5, tzinfo=UTC), date(2026, 2, 28)
    rows = [(cell, at, day) for cell in CELLS]
    table, parquet = tmp_path / "x.csv", tmp_path / "x.parquet"
    assert write_sheet(table, Sheet(columns, rows)) == write_sheet(parquet, Sheet(columns, rows)) == len(CELLS)
    with table.open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert cells[:7] == ["'=1+1", "'\t'=1", "'\r'+1", "'＝1", "'-x", "'@x", "a;'=1"]
    assert cells[7:] == ["plain", "né", 'a"b', ""]
    found = duckdb.read_parquet(str(parquet)).fetchall()
    assert found == [(cell, at.replace(tzinfo=None), day) for cell in CELLS]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    columns = tuple(Column(name, kind) for name, kind in (("a", Kind.TEXT), ("b", Kind.AMOUNT), ("c", Kind.DAY)))

    assert write_sheet(path, Sheet(columns, [])) == 0
    found = duckdb.read_parquet(str(path))
    assert (found.columns, found.fetchall()) == (["a", "b", "c"], [])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_however_many_rows_there_are_few_are_held(tmp_path: Path, ending: str) -> None:
    def rows(count: int) -> Iterator[Sequence[Any]]:
        for number in range(count):
            yield f"member-{number}", number

    columns = (Column("member_id", Kind.TEXT), Column("points", Kind.COUNT))
    tracemalloc.start()
    try:
        assert write_sheet(tmp_path / f"x.{ending}", Sheet(columns, rows(60_000))) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
