"""Numbers of migrations: none twice, none missing, given when a branch is merged."""

from pathlib import Path

import pytest

from tools.migrations import ROOMS, ROOT, faults_of, renamed


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_the_numbers_have_neither_gaps_nor_twins(room: Path) -> None:
    names = [path.name for path in (ROOT / room).glob("*.sql")]
    assert names
    assert faults_of(names) == []


def test_gaps_twins_and_other_names_are_found() -> None:
    assert faults_of(["0001_a.sql", "0002_b.sql", "next_c_d.sql"]) == []
    assert faults_of(["0001_a.sql", "0003_b.sql"]) == ["no migration has the number 0002"]
    assert faults_of(["0001_a.sql", "0001_b.sql"]) == ["two migrations have the number 0001"]
    assert faults_of(["0001_a.sql", "2_b.sql"]) == ["2_b.sql is not named <four digits>_<capability>_<what>.sql"]


def test_what_waits_is_numbered_after_the_highest() -> None:
    names = ["0001_a.sql", "0002_b.sql", "next_lots_due.sql", "next_catalogue.sql"]
    assert renamed(names) == {"next_catalogue.sql": "0003_catalogue.sql", "next_lots_due.sql": "0004_lots_due.sql"}
    assert renamed(["0001_a.sql"]) == {}
