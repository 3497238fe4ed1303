"""The pages of insight know every practice and indicator there is, and draw what came and went."""

import pytest

from console.app import PAGES
from console.components.charts import columns, near_objective
from console.components.figures import FIGURES, SHARES, unit_of
from console.pages.insight.words import PRACTICES
from services.analytics.scorecard.domain import reading, weeks
from shared.contracts.figures import FIGURE_NAMES, FIGURE_UNITS, INDICATOR_NAMES, UNIT_MAX


def test_every_practice_and_indicator_has_words_and_pages_that_there_are() -> None:
    assert set(FIGURES) == set(FIGURE_NAMES)
    assert {name: unit_of(name) for name in FIGURES} == FIGURE_UNITS
    assert {name for name in FIGURE_UNITS if FIGURE_UNITS[name] == "share"} == SHARES
    assert list(PRACTICES) == list(range(1, reading.PRACTICES_COUNT + 1))
    paths = {route.path for part in PAGES for route in part.ROUTES}
    links = {words.href for words in (*FIGURES.values(), *PRACTICES.values())}
    assert {link.partition("?")[0].partition("#")[0] for link in links} <= paths | {"/figures/events"}


def test_every_indicator_has_a_source_an_objective_and_a_remedy() -> None:
    assert [one.name for one in reading.INDICATORS] == list(INDICATOR_NAMES)
    assert len(INDICATOR_NAMES) == 21
    for one in reading.INDICATORS:
        assert one.unit == FIGURE_UNITS[one.name]
        assert 0 < one.objective <= UNIT_MAX[one.unit]
        # Every one is counted: of nothing it says nothing, not zero.
        assert one.measure(weeks.Week()).value is None
        practice = PRACTICES[one.practice]
        assert all((FIGURES[one.name].href, practice.remedy, practice.action, practice.href))


def test_columns_share_one_scale_above_and_below_the_line() -> None:
    drawn = columns([30, 0], [10, 30], height=60)
    first, second = drawn.columns
    assert (drawn.base, first.up_y, first.up_height, first.down_height) == (30, 0, 30, 10)
    assert (second.up_height, second.down_height, second.net_y) == (0, 30, 60)
    assert first.net_y == pytest.approx(10)
    assert first.x + first.width < second.x


def test_where_nobody_came_or_went_the_line_is_at_the_bottom() -> None:
    drawn = columns([0, 0], [0, 0], height=60)
    assert (drawn.base, {one.up_height for one in drawn.columns}) == (60, {0})
    assert columns([], []).columns == []


def test_a_line_near_its_objective_is_broken_where_there_is_no_value() -> None:
    drawn = near_objective([0.5, None, 1.0, 0.75], 0.5)
    assert drawn.path == "M0.0 24.0 M666.7 0.0 L1000.0 12.0"
    assert drawn.objective_y == 24
    assert near_objective([None, 1.0], 1.0).path == "M1000.0 24.0"
