"""YAML is read as YAML 1.2's core schema, with places, and refuses what no programme needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.located_yaml import DOCUMENT_MAX_BYTES, YamlError, read_yaml


def test_values_keep_the_place_they_were_written_at() -> None:
    text = "a: 1\non: [x, 'é', y]\nß: {ü: é, k: v}\n"
    located = read_yaml(text)

    assert located.value == {"a": 1, "on": ["x", "é", "y"], "ß": {"ü": "é", "k": "v"}}
    assert (located.values["on", 2].line, located.values["on", 2].column) == (2, 14)
    assert text[located.values["ß", "k"].index] == "v"
    assert (located.keys["ß", "k"].line, located.keys["ß", "k"].column) == (3, 11)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("true", True),
        ("~", None),
        ("-7", -7),
        ("1.5e3", 1500.0),
        ("'7'", "7"),
        ('{"a": [1, "b"]}', {"a": [1, "b"]}),
    ],
)
def test_scalars_resolve_by_the_core_schema(text: str, value: object) -> None:
    assert read_yaml(text).value == value


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        ("# only a comment", 1, 1, "empty"),
        ("a: 1\nb: 2\na: 3", 3, 1, "the first is on line 1"),
        ("x: &a [1]\ny: *a", 1, 4, "anchors"),
        ("y: *a", 1, 4, "aliases"),
        ("a: !!python/object:os.system x", 1, 4, "tags"),
        ("a: {<<: {b: 1}}", 1, 5, "merge keys"),
        ("a: 1\n---\nb: 2", 2, 1, "one document"),
        ("a:\n\t- b", 2, 1, "spaces"),
        ("a: [1, 2\nb: 3", 1, 4, "a bracket is not closed"),
        ("a: [1, {b: 2]", 1, 13, "a bracket is not closed"),
        ("a: 1\nb: 'x\nc: d\n", 2, 4, "the quote that opens here is not closed"),
        ("a: 1\nb\nc: d\n", 2, 1, "a field is written `name: value`"),
        ("a: b: c\n", 1, 5, "put text that has `: ` in quotes"),
        ("a:\n  - id: b\n   c: d\n", 3, 4, "indent it like the lines that it belongs to"),
        ("a: @b\n", 1, 4, "put text that begins with this in quotes"),
        ("a: 'b'c\n", 1, 7, "text behind a quote"),
        ("a: 'x\x01'", 1, 6, "character"),
        ("[" * 100, 1, 18, "nested deeper"),
        ("? [a]\n: b", 1, 3, "plain text"),
        ("a: " + "9" * 5000, 1, 4, "too large"),
        ("a: " + "x" * DOCUMENT_MAX_BYTES, 1, 1, "at most"),
        ("a: \ud800", 1, 1, "Unicode"),
    ],
)
def test_what_a_programme_does_not_need_is_refused_where_it_stands(
    text: str, line: int, column: int, says: str
) -> None:
    with pytest.raises(YamlError, match=says) as refused:
        read_yaml(text)
    assert (refused.value.mark.line, refused.value.mark.column) == (line, column)


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    laughs = "a: &a [ha]\n" + "".join(
        f"{two}: &{two} [*{one}, *{one}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(YamlError, match="anchors"):
        read_yaml(laughs)


@given(st.text())
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    refused: YamlError | None = None
    try:
        read_yaml(text)
    except YamlError as error:
        refused = error
    line_ends = sum(text.count(end) for end in "\n\r\x85\u2028\u2029")
    assert refused is None or (1 <= refused.mark.line <= line_ends + 2 and refused.mark.column >= 1)
