"""Figures that are taken along are those of the API, whoever asks: the questions of docs/data.md, and reports."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from click.testing import CliRunner

from plaudit import figures_export
from plaudit.cli import main

PAGE = Path(__file__).parents[3] / "docs" / "data.md"
NOTEBOOK = PAGE.parent / "notebooks" / "six-questions.ipynb"
YEAR = {"from": "2025-01-01", "to": "2025-12-31"}
SPAN = ("--from", YEAR["from"], "--to", YEAR["to"])
Get = Callable[..., Any]


def check_figures(get: Get, community: str, key: str, into: Path) -> None:
    """Export a year and compare: with the API, with `plaudit figures`, and with what is exported again."""

    def command(*said: str, where: bool = True, fails: bool = False) -> str:
        environment = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key}
        more = ("--community", community) if where else ()
        result = CliRunner().invoke(main, [*said, *more], env=environment)
        assert (result.exit_code != 0) is fails, (result.output, result.exception)
        return str(result.stdout)

    def ask(sql: str) -> Any:
        return json.loads(command("query", "--from", str(into / "a"), "--json", sql, where=False))

    tables = json.loads(command("export", "--out", str(into / "a"), *SPAN, "--json"))
    growth, _, by_kind, by_rule = PAGE.read_text(encoding="utf-8").split("```sql\n")[1:]
    said = json.loads(command("figures", "growth", "--by", "month", *SPAN, "--json"))
    active = [(f"{one['starts_on']}", one["active_members"]) for one in said if one["active_members"]]
    assert [(one["month"], one["active"]) for one in ask(growth.partition("```")[0])] == active != []
    assert [(f"{month}", members) for month, members in _in_notebook(into / "a")["active"][1]] == active
    moved = ask(PAGE.read_text(encoding="utf-8").split("```sql\n")[2].partition("```")[0])
    # The month before the first is not in the export: of that one the growth knows more.
    for mine, its in list(zip(moved, said, strict=True))[1:]:
        assert (mine["active"], mine["retained"], mine["churned"]) == (
            its["active_members"],
            its["retained"],
            its["churned"],
        )
    events = ask(by_kind.partition("```")[0])
    months = get("analytics", "/v1/participation", by="month", **YEAR)["items"]
    for month in months:
        mine = [one for one in events if one["month"] == month["starts_on"]]
        assert sum(one["events"] for one in mine) == month["events"]
        for part in ("channel", "type"):
            sums: dict[str, int] = {}
            for one in mine:
                sums[one[part]] = sums.get(one[part], 0) + one["events"]
            assert sums == {one[part]: one["events"] for one in month[f"{part}s"]}
    rules = get("analytics", "/v1/points-by-rule", **YEAR)["items"]
    assert ask(by_rule.partition("```")[0]) == [
        {"rule_id": one["rule_id"], "points": one["points"], "awards": one["awards"]} for one in rules
    ]
    # What a member did is what was done.
    (both,) = ask("select (select sum(events) from activity) as a, (select sum(events) from member_activity) as b")
    assert both["a"] == both["b"]
    for name, table in tables.items():
        content = (into / "a" / f"{name}.parquet").read_bytes()
        assert hashlib.sha256(content).hexdigest() == table["sha256"]
        assert len((into / "a" / f"{name}.csv").read_text().splitlines()) == table["rows"] + 1
        assert duckdb.read_parquet(str(into / "a" / f"{name}.parquet")).shape[0] == table["rows"]
    _goes_on_where_it_was(command, into, tables)


def _in_notebook(folder: Path) -> dict[str, Any]:
    """What the cells of the notebook of docs find in an export."""
    found: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAUDIT_FIGURES", str(folder))
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), found)  # noqa: S102 -- of the docs
    found["figures"].close()
    return found


def _goes_on_where_it_was(command: Callable[..., str], into: Path, tables: Any) -> None:
    asked = 0

    def breaks_off(*said: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 4:
            raise click.ClickException("the line is cut")
        return request(*said, **options)

    request = figures_export.request
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures_export, "PAGE_MAX_COUNT", 20)
        patch.setattr(figures_export, "request", breaks_off)
        command("export", "--out", str(into / "b"), *SPAN, fails=True)
        assert (into / "b" / "activity.place").exists()
        first = asked
        patch.setattr(figures_export, "PAGE_MAX_COUNT", 500)
        again = json.loads(command("export", "--out", str(into / "b"), *SPAN, "--json"))
    assert first == 4
    assert again == tables
    assert not list((into / "b").glob("*.rows"))


def check_reports(get: Get, community: str, key: str, into: Path, member: str) -> None:
    """A statement, a month's end and a member's entries as files: the same twice, and what the books say."""

    def command(*said: str) -> str:
        environment = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}
        result = CliRunner().invoke(main, ["report", *said, "--community", community], env=environment)
        assert result.exit_code == 0, result.output
        return str(result.output)

    had = get("rewards", f"/v1/members/{member}/balance")
    said = json.loads(command("statement", member, "2025", "--json"))
    month = json.loads(command("month", "2025-12", "--json"))
    assert month["balanced"] is True
    assert said["is_preliminary"] is False
    assert "Points that members hold" in command("month", "2025-12")
    for ending in ("pdf", "csv", "parquet"):
        digests = [
            json.loads(command(*what, "--out", str(into / f"{number}.{ending}"), "--json"))["sha256"]
            for number in range(2)
            for what in (("statement", member, "2025"), ("month", "2025-12"))
        ]
        assert digests[:2] == digests[2:]
        assert digests[0] != digests[1]
    made = json.loads(command("entries", member, "--out", str(into / "entries.parquet"), "--json"))
    found = duckdb.read_parquet(str(into / "entries.parquet"))
    ((available,),) = found.filter("account = 'available'").sum("amount").fetchall()
    assert made["rows"] == found.shape[0]
    assert available == had["available"]
