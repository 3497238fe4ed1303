"""What every table of analytics is to a rebuild is said."""

import re

from services.analytics.main import SPEC
from services.analytics.rebuild import COUNTING
from services.analytics.rebuilding.domain import TABLES, Origin, Place, left_of
from shared.postgres import migrations_of, packages_of

MADE = re.compile(r"^\s*create table (?:if not exists )?(\w+)", re.MULTILINE | re.IGNORECASE)
GONE = re.compile(r"^\s*drop table (?:if exists )?(\w+)", re.MULTILINE | re.IGNORECASE)
RENAMED = re.compile(r"^\s*alter table (\w+) rename to (\w+)", re.MULTILINE | re.IGNORECASE)


def tables_made() -> set[str]:
    there = {"schema_migrations"}
    for package in packages_of("analytics"):
        for file in migrations_of(package):
            text = file.read_text()
            there -= set(GONE.findall(text))
            there |= set(MADE.findall(text))
            for old, new in RENAMED.findall(text):
                there = there - {old} | {new}
    return there


def test_every_table_of_analytics_is_in_one_list_of_a_rebuild() -> None:
    assert tables_made() == TABLES.keys()


def test_what_is_taken_over_or_not_compared_says_why() -> None:
    said = {
        name: kept
        for name, kept in TABLES.items()
        if kept.moments or kept.origin in (Origin.TAKEN_OVER, Origin.REMEMBERED, Origin.OWN)
    }
    assert [name for name, kept in said.items() if not kept.why] == []


def test_timers_of_a_rebuild_are_timers_of_analytics_and_none_tells_anybody() -> None:
    names = {timer.name for timer in SPEC.timers}
    assert names >= set(COUNTING)
    assert names - set(COUNTING) == {
        "watch-erased",
        "measure-campaigns",
        "gauge-scorecards",
        "keep-networks",
        "keep-response-times",
        "write-digests",
        "remind-of-decisions",
        "watch-goals",
        "watch-alerts",
        "settle-nudges",
        "recount-awards",
        "watch-lineage",
    }


def test_what_is_left_is_counted_up_to_where_the_running_one_stands_and_never_below_zero() -> None:
    a, b, c = Place("events", 0), Place("events", 1), Place("points", 0)
    assert left_of(stands={a: 3, b: 10}, until={a: 10, b: 4, c: 2}) == 9
