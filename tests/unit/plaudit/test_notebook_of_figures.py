"""The notebook of docs answers its six questions on an export, and the page of the tables has those there are."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from plaudit.figures_export import DATABASE, DIMENSIONS, FACTS
from shared.reports.domain import Kind

DOCS = Path(__file__).parents[3] / "docs"
NOTEBOOK = json.loads((DOCS / "notebooks/six-questions.ipynb").read_text(encoding="utf-8"))
TYPES = {Kind.DAY: "date", Kind.TEXT: "text", Kind.COUNT: "bigint"}
SPAN = {"first": "2026-01-01", "last": "2026-02-28"}
#: Day, member, channel and events: ada is there in both months, bob in the first alone.
DID = [
    (date(2026, 1, 5), "ada", "forum", 6),
    (date(2026, 1, 6), "bob", "chat", 2),
    (date(2026, 2, 2), "ada", "chat", 1),
    (date(2026, 2, 2), "cat", "chat", 3),
]
RULES = [(date(2026, 1, 5), "post", 30, 6, 1, 0), (date(2026, 2, 2), "message", 4, 4, 0, 0)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables of an export, and of what was done above."""
    folder: Path = tmp_path_factory.mktemp("figures")
    with duckdb.connect(str(folder / DATABASE)) as conn:
        for fact in FACTS:
            columns = ", ".join(f"{column.name} {TYPES[column.kind]}" for column in fact.columns)
            conn.execute(f"create table {fact.name} ({columns})")
        conn.executemany("insert into activity values (?, ?, 'any.type.v1', ?)", [(d, c, n) for d, _, c, n in DID])
        conn.executemany(
            "insert into member_activity values (?, ?, ?, ?, ?)", [(d, m, m, c, n) for d, m, c, n in DID]
        )
        conn.executemany("insert into rule_points values (?, ?, ?, ?, ?, ?)", RULES)
        for name, sql in DIMENSIONS.items():
            dated = sql.replace("$first", f"'{SPAN['first']}'").replace("$last", f"'{SPAN['last']}'")
            conn.execute(f"create table {name} as {dated}")
    return folder


def cells(kind: str) -> list[Any]:
    return [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == kind]


def test_its_cells_answer_six_questions(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_FIGURES", str(exported))
    found: dict[str, Any] = {}
    for cell in cells("code"):
        exec("".join(cell["source"]), found)  # noqa: S102 -- of the docs
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    assert found["active"][1] == [(january, 2), (february, 2)]
    assert found["retained"][1] == [(january, 2, 1), (february, 2, 0)]
    assert found["channels"][1] == [(january, "forum", 0.75, pytest.approx(1.6)), (february, "chat", 1.0, 1.0)]
    # Ada did seven of twelve.
    assert found["absence"][1] == [(1,)]
    assert found["rules"][1] == [("post", 30, 6, 1), ("message", 4, 4, 0)]
    # Ten events on eight Mondays.
    assert len(found["weekdays"][1]) == 7
    assert found["weekdays"][1][0] == (1, pytest.approx(10 / 8))


def test_it_is_kept_without_what_a_run_leaves() -> None:
    assert len([cell for cell in cells("markdown") if "".join(cell["source"]).startswith("## ")]) == 6
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))


def test_the_page_has_the_tables_and_columns_that_an_export_has(exported: Path) -> None:
    section = (DOCS / "data.md").read_text(encoding="utf-8").split("## The tables")[1].split("## ")[0]
    said = {}
    for line in section.splitlines():
        if (cell := re.match(r"\| `(\w+)`[^|]*\|[^|]*\|(.*)\|$", line)) is not None:
            said[cell[1]] = re.findall(r"`(\w+)`", cell[2])
    with duckdb.connect(str(exported / DATABASE), read_only=True) as conn:
        there = {name: conn.table(name).columns for (name,) in conn.execute("show tables").fetchall()}
    assert said == there
