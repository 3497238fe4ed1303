"""Slices by audience: nothing that is shown, added or subtracted, is of fewer than five answers."""

from datetime import date
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.feedback.domain import (
    SHOWN_MIN_COUNT,
    Cell,
    sliced,
    slices_together,
    told_apart,
    whole_months,
)
from shared.calendars import Span

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
AUDIENCES = ("newcomers", "regulars", "champions")


def cells(month: date, **times: int) -> list[Cell]:
    """Nines by those who were in the audiences that a name has, by their first letters."""
    names = {one[0]: one for one in AUDIENCES}
    return [
        Cell(month, "9", [names[letter] for letter in name if letter in names], n) for name, n in times.items()
    ]


def shown(found: list[Cell], by: str = "month") -> list[tuple[date, dict[str, int]]]:
    periods = sliced("nps", found, AUDIENCES, by="quarter" if by == "quarter" else "month")
    return [
        (one.starts_on, {name: said.answers for name, said in one.of.items() if said is not None})
        for one in periods
    ]


def test_an_audience_of_five_is_shown_and_one_of_four_is_not() -> None:
    assert shown(cells(MAY, n=5, r=5, x=5)) == [(MAY, {"newcomers": 5, "regulars": 5})]
    assert shown(cells(MAY, n=4, r=5, x=5)) == [(MAY, {"regulars": 5})]
    assert shown(cells(MAY, n=4)) == []


def test_an_audience_is_not_shown_whose_rest_would_be_of_fewer_than_five() -> None:
    # All but two are newcomers: everybody less newcomers is those two.
    assert shown(cells(MAY, n=20, x=2)) == [(MAY, {})]
    # Champions are regulars: twelve less ten are two.
    assert shown(cells(MAY, x=9, r=2, rc=10)) == [(MAY, {"regulars": 12})]
    # Who is in both is told by neither alone.
    assert shown(cells(MAY, n=8, r=8, nr=2, x=8)) == [(MAY, {"newcomers": 10})]


def test_a_quarter_is_of_the_months_that_show_it() -> None:
    found = [*cells(MAY, n=6, x=7), *cells(JUNE, n=3, x=9)]
    assert shown(found, "quarter") == [(date(2026, 4, 1), {"newcomers": 6})]
    periods = sliced("nps", found, AUDIENCES, by="quarter")
    everybody, newcomers = slices_together("nps", periods, None), slices_together("nps", periods, "newcomers")
    assert everybody is not None
    assert newcomers is not None
    assert (everybody.answers, newcomers.answers) == (25, 6)
    assert slices_together("nps", periods, "champions") is None


def test_months_are_whole_and_over() -> None:
    def months(first: date, last: date, today: date = date(2026, 7, 10)) -> Span | None:
        return whole_months(Span(first, last), today=today)

    assert months(date(2026, 4, 15), date(2026, 7, 10)) == Span(MAY, date(2026, 6, 30))
    assert months(MAY, date(2026, 6, 29)) == Span(MAY, date(2026, 5, 31))
    assert months(MAY, date(2026, 6, 30), today=date(2026, 6, 30)) == Span(MAY, date(2026, 5, 31))
    assert months(MAY, date(2026, 6, 30), today=date(2026, 7, 1)) == Span(MAY, date(2026, 6, 30))
    assert months(date(2026, 5, 2), date(2026, 5, 31)) is None


SETS = st.sets(st.sampled_from(AUDIENCES)).map(frozenset)


@given(st.dictionaries(SETS, st.integers(1, 12)))
def test_no_difference_of_unions_and_intersections_is_of_fewer_than_five(
    counts: dict[frozenset[str], int],
) -> None:
    chosen = told_apart(counts, AUDIENCES)
    if not chosen:
        return
    # Whatever is made of those that are shown is made of their groups: each in or out of each.
    for within in product((True, False), repeat=len(chosen)):
        group = {one for one, is_in in zip(chosen, within, strict=True) if is_in}
        times = sum(n for names, n in counts.items() if names & {*chosen} == group)
        assert times == 0 or times >= SHOWN_MIN_COUNT
