"""Templates: what is taken, what it costs, and that nothing of a value becomes part of the page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.communities.domain.contrast import (
    TEXT_MIN_RATIO,
    contrast_ratio,
)
from services.ingest.messages.domain.kinds import ALWAYS, KINDS, LANGUAGES, Words, words_of
from services.ingest.messages.domain.templates import Look, TemplateError, check_words, fill, framed

BADGE = KINDS["badge"]
VALUES = {**ALWAYS, **BADGE.values}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_come_with_it_are_taken_and_name_everything_there_is(kind: str, language: str) -> None:
    words = words_of(KINDS[kind], language)
    check_words(KINDS[kind], words)
    filled = fill(words, {**ALWAYS, **KINDS[kind].values})
    assert "{{" not in filled.subject + filled.text + filled.html
    assert 'href="https://example.org/me"' in filled.html
    assert "https://example.org/me" in filled.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{% for x in name %}x{% endfor %}", "For"),
        ("{% set x = 1 %}", "Assign"),
        ("{{ name|upper }}", "Filter"),
        ("{{ name() }}", "Call"),
        ("{{ name[0] }}", "Getitem"),
        ("{{ name.x }}", "Getattr"),
        ("{{ name ~ name }}", "Concat"),
        ("{{ 9 ** 9 }}", "Pow"),
        ("{% include 'x' %}", "Include"),
        ("{% macro m() %}{% endmacro %}", "Macro"),
        ("{{ title", "unexpected"),
        ("{{ titel }}", "There is no `titel` here; did you mean `title`?"),
        ("   ", "says nothing"),
        ("x" * 5_001, "5000 at most"),
        ("{{ name }}" * 101, "100 at most"),
        ("{% if name %}" * 25 + "{% endif %}" * 25, "deeper than 20"),
        ("{{ " + "(" * 2_400 + "name" + ")" * 2_400 + " }}", "nests too deep"),
    ],
)
def test_what_could_cost_more_than_it_is_long_is_refused(text: str, why: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(why)) as caught:
        check_words(BADGE, Words("Hello", text))
    assert caught.value.field == "body"


@given(st.text(max_size=600))
def test_a_value_becomes_text_and_nothing_else(value: str) -> None:
    filled = fill(Words("{{ title }}", "A [here]({{ link }}) {{ title }} b"), {**VALUES, "title": value})
    assert re.findall(r"<[^>]*>", filled.html) == ["<p>", '<a href="https://example.org/me">', "</a>", "</p>"]
    assert "\n" not in filled.subject
    assert len(filled.subject) <= 200


@given(st.text(alphabet="<>&\"'[](){}*_`!#-\\ \nab", max_size=200))
def test_no_title_makes_a_link_or_a_picture(value: str) -> None:
    html = fill(Words("x", "{{ title }}"), {**VALUES, "title": value}).html
    assert "<a" not in html
    assert "<img" not in html
    assert "<strong" not in html


def test_html_of_a_template_is_written_out() -> None:
    html = fill(Words("x", "<script>alert(1)</script> ![p](https://evil.example/p.png)"), VALUES).html
    assert "<script" not in html
    assert "<img" not in html


def test_a_frame_has_the_look_of_the_community() -> None:
    look = Look("A & B", "#000000", "#ffffff", "#ff8800")
    html = framed(["<p>one</p>", "<p>two</p>"], look=look, footer="end", language='en"><script>')
    assert "A &amp; B" in html
    assert "background:#000000" in html
    assert html.count("<hr") == 1
    assert "<script>" not in html


COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
#: Each a dark and a light one that can be told apart as text, whichever is the ground.
DARK, LIGHT = (st.from_regex(rf"#([{first}][0-9a-f]){{3}}", fullmatch=True) for first in ("0-4", "d-f"))
PAIRS = st.tuples(DARK, LIGHT).flatmap(st.permutations)


@given(PAIRS, COLOUR)
def test_links_in_mail_can_be_read_by_day_and_by_night(pair: list[str], accent: str) -> None:
    background, text = pair
    look = Look("Acme", background, text, accent)
    assert contrast_ratio(look.link, background) >= TEXT_MIN_RATIO
    if look.by_night:
        link = re.search(r"a\{color:(#[0-9a-f]{6})", look.by_night)
        assert link is not None
        assert contrast_ratio(link[1], text) >= TEXT_MIN_RATIO
    # What is dark already is so for everybody.
    assert bool(look.by_night) == (contrast_ratio(background, "#000000") > contrast_ratio(text, "#000000"))
