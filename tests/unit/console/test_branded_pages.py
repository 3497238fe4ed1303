"""A community's colours on Plaudit's pages: whatever they are, what can be pressed can be read, day and night."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import console
from console.components.looks import PAGE_BY_DAY, PAGE_BY_NIGHT, TEXT_RATIO, branded, contrast

COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
#: Each a dark and a light one that can be told apart as text, whichever is the ground.
DARK, LIGHT = (st.from_regex(rf"#([{first}][0-9a-f]){{3}}", fullmatch=True) for first in ("0-4", "d-f"))
PAIRS = st.tuples(DARK, LIGHT).flatmap(st.permutations)
#: Grounds of tokens.css that links and marks stand on, by day and by night.
GROUNDS = (("#f9f8f5", "#ffffff", "#f3f0ec", PAGE_BY_DAY), ("#0d1215", "#141a1e", "#080d10", PAGE_BY_NIGHT))


@given(PAIRS, COLOUR)
def test_whatever_the_colours_text_can_be_read(pair: list[str], accent: str) -> None:
    background, text = pair
    sheet = branded({"background": background, "text": text, "accent": accent})
    pairs = dict(re.findall(r"--([a-z0-9-]+): (light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\));", sheet))
    assert set(re.sub(r"--[a-z0-9-]+: light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\);", "", sheet)) <= set(":rot {}\n")
    by_theme = {name: re.findall(r"#[0-9a-f]{6}", said) for name, said in pairs.items()}
    for theme, grounds in enumerate(GROUNDS):
        assert contrast(by_theme["look-ground"][theme], by_theme["look-text"][theme]) >= TEXT_RATIO
        if "accent" in by_theme:
            pressed = by_theme["accent"][theme]
            assert min(contrast(pressed, ground) for ground in grounds) >= TEXT_RATIO
            assert contrast(by_theme["on-accent"][theme], pressed) >= TEXT_RATIO


def test_the_grounds_are_those_of_the_tokens() -> None:
    tokens = Path(console.__file__).with_name("static").joinpath("tokens.css").read_text()
    for name, place in (("bg", 0), ("surface", 1), ("sunken", 2), ("hover", 3)):
        assert f"--{name}: light-dark({GROUNDS[0][place]}, {GROUNDS[1][place]})" in tokens


def test_a_community_without_colours_changes_nothing() -> None:
    assert branded(None) == ""
