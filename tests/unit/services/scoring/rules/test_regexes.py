"""Regular expressions: small, bounded, and nothing that is not understood."""

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.rules.domain.regexes import REGEX_POSITIONS_MAX_COUNT, size_of
from shared.conditions.errors import ConditionError


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w{250}){3}$",
        r"((a{10}){10}){10}",
        "a{251}",
        "a{0,251}",
        "a{251,}",
        "(a|b{200}|c{60})",
        "(){1000}",
        "((((a){4}){4}){4}){4}",
        "a" * 201,
        "(?x) a { 3 }",
        "(?R)a",
        "(?u)a",
        r"\b{start}a",
        r"\Qa\E",
        r"(a)\1",
        "a{,5}",
        "a{ 3 }",
        "{3}",
        "*a",
        "(?=a)",
        "(?#comment)a",
        "a)",
        "(a",
        "[a",
        "[]",
        "(" * 12 + "a" + ")" * 12,
        "[" * 12 + "a" + "]" * 12,
    ],
)
def test_what_is_large_or_unknown_is_refused(pattern: str) -> None:
    with pytest.raises(ConditionError):
        size_of(pattern)


@pytest.mark.parametrize(
    ("pattern", "positions", "ambiguous"),
    [
        ("abc", 3, 0),
        ("^(ann|bob)$", 9, 0),
        ("^team-[0-9]+$", 8, 2),
        ("bug.*fix", 7, 7),
        ("a{2,5}", 5, 5),
        ("^a{3}", 4, 0),
        ("^(?i:a)b*c", 4, 2),
        ("(?m)^a*", 2, 2),
        ("^a|b*", 4, 4),
        (r"\bfix", 4, None),
        ("[]a-c[:alpha:][^x]]", 1, 1),
        (r"[\w&&[^\d]]", 1, 1),
        (r"\x41\u{1F600}\.", 3, 0),
        (r"\p{Greek}", 1, 1),
    ],
)
def test_positions_are_counted_with_repetitions_written_out(
    pattern: str, positions: int, ambiguous: int | None
) -> None:
    size = size_of(pattern)
    assert (size.positions, size.ambiguous) == (positions, ambiguous)


def test_what_is_of_all_of_unicode_is_dear() -> None:
    assert size_of(r"\w").steps > 10 * size_of("[a-z0-9_]").steps
    assert size_of(r"\w{10}").steps > 9 * size_of(r"\w").steps - 10_000
    assert size_of("(?i)abc").steps > size_of("abc").steps


def test_a_search_through_more_text_costs_more() -> None:
    plain, ambiguous, boundary = size_of("hello"), size_of("a.{20}x"), size_of(r"\bhello\b")
    assert plain.search_steps(10_000) < 15_000
    assert ambiguous.search_steps(10_000) > 500_000
    assert boundary.search_steps(10_000) > plain.search_steps(10_000)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "(?i)",
        "[ab]",
        "[^c]",
        "[",
        "]",
        "\\d",
        "\\.",
        "\\",
        "*",
        "+",
        "?",
        "{2}",
        "{2,}",
        "{2,4}",
        "{",
        "}",
        "é",
        "-",
        "&&",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_the_evaluator_would_not_take_is_never_larger_than_it_was_counted(pattern: str) -> None:
    """Either it is refused here, or the evaluator compiles it, or says at once that it is none."""
    try:
        size = size_of(pattern)
    except ConditionError:
        return
    assert 1 <= size.positions <= REGEX_POSITIONS_MAX_COUNT
    try:
        said = str(cel.evaluate("text.matches(pattern)", {"text": "aab.c", "pattern": pattern}))
    except RuntimeError as error:
        said = str(error)
    assert "Compiled regex exceeds" not in said
