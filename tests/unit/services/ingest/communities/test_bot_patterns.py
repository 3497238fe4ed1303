"""Whom patterns take for bots."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.communities.domain.bot_patterns import DEFAULT_BOTS, is_bot, matches, pattern_fault


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*[bot]", "dependabot[bot]", True),
        ("*[bot]", "dependabot[bot]s", False),
        ("renovate*", "Renovate-Bot", True),
        ("renovate", "renovate-bot", False),
        ("ci-*-runner", "ci-7-runner", True),
        ("ci-*-runner", "ci-runner", False),
        ("*bot*ci*", "the bot of ci", True),
        ("*bot*ci*", "the ci of bot", False),
    ],
)
def test_a_star_is_any_text(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


LETTERS = st.text("ab[*", max_size=8)


@given(LETTERS, LETTERS)
def test_matching_is_that_of_an_expression(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert matches(pattern, text) == bool(re.fullmatch(expression, text, re.DOTALL))


def test_an_id_or_a_name_is_enough() -> None:
    assert is_bot(DEFAULT_BOTS, "github:1", "ci[bot]")
    assert is_bot(("github:1",), "github:1", None)
    assert not is_bot(DEFAULT_BOTS, "github:1", None)
    assert not is_bot((), "ci[bot]", "ci[bot]")


@pytest.mark.parametrize("pattern", ["*", "***", "a*", " *ab* "])
def test_what_would_match_nearly_everybody_is_no_pattern(pattern: str) -> None:
    assert pattern_fault(pattern)
    assert pattern_fault("bot*") is None
