"""`plaudit query`: it answers, within its bounds, and reaches nothing but the export."""

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from plaudit.figures_export import DATABASE


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("figures")
    with duckdb.connect(str(folder / DATABASE)) as conn:
        conn.execute("create table activity as select '=1+' || range as channel, range as events from range(50)")
    (folder / "beside.csv").write_text("secret\n1\n")
    return folder


def ask(folder: Path, sql: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["query", "--from", str(folder), sql, *more])


def test_it_answers_as_table_as_json_and_as_csv_without_formulas(exported: Path) -> None:
    sql = "select channel, events, null as nothing, date '2026-01-31' as day from activity where events > 47"
    assert "=1+48" in ask(exported, sql).stdout
    rows: Any = json.loads(ask(exported, sql, "--json").stdout)
    assert rows[1] == {"channel": "=1+49", "events": 49, "nothing": None, "day": "2026-01-31"}
    cells = list(csv.reader(ask(exported, sql, "--csv").stdout.splitlines()))
    assert cells == [
        ["channel", "events", "nothing", "day"],
        *(["'=1+" + n, n, "", "2026-01-31"] for n in ("48", "49")),
    ]
    assert json.loads(ask(exported, "select 1 where false", "--json").stdout) == []
    assert ask(exported, sql, "--csv", "--json").exit_code == 2


@pytest.mark.parametrize(
    "sql",
    [
        "drop table activity",
        "update activity set events = 0",
        "select 1; select 2",
        "set memory_limit = '9GB'",
        "attach '{beside}.db'",
        "copy activity to '{beside}.out'",
        "select * from '{beside}'",
        "select * from read_text('{beside}')",
        "select * from glob('{beside}*')",
        "select getenv('HOME')",
        "install httpfs",
        "load httpfs",
        "select nothing from activity",
        "what is this",
    ],
)
def test_nothing_is_changed_and_nothing_else_is_read(exported: Path, sql: str) -> None:
    refused = ask(exported, sql.format(beside=exported / "beside.csv"))
    assert refused.exit_code == 1
    assert "secret" not in refused.output
    assert refused.output.startswith("Error: ")
    assert sorted(path.name for path in exported.iterdir()) == ["beside.csv", DATABASE]
    assert json.loads(ask(exported, "select sum(events) as n from activity", "--json").stdout) == [{"n": 1225}]


def test_what_takes_too_much_ends_and_says_so(exported: Path) -> None:
    long = ask(exported, "select count(*) from range(100000000000) a, range(1000000) b", "--seconds", "1")
    assert (long.exit_code, "longer than 1 s" in long.output) == (1, True)
    large = ask(exported, "select list(a.range || b.range) from range(3000) a, range(3000) b", "--memory-mb", "20")
    assert (large.exit_code, "more than 20 MB" in large.output) == (1, True)
    many = ask(exported, "select events from activity", "--rows", "3", "--json")
    assert len(json.loads(many.stdout)) == 3
    assert "There are more than 3 rows" in many.stderr


def test_a_folder_without_an_export_says_what_makes_one(tmp_path: Path) -> None:
    refused = ask(tmp_path, "select 1")
    assert (refused.exit_code, "plaudit export --out" in refused.output) == (1, True)
