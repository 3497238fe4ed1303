"""Text from outside: what nobody sees is written out or gone, and what people see stays."""

import json
import unicodedata
from typing import Annotated

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.fields import NAME_MAX_CHARS
from shared.contracts.texts import (
    _UNSEEN_LETTERS,
    READ_MAX_CHARS,
    SomethingSeen,
    hides_something,
    if_text,
    label,
    plain_id,
    shown_name,
    written_out,
)

HIDDEN = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]")
ODD = st.sampled_from(
    "\x00\t\n\r\x1b\x7f\x85\x9b\xa0\xad\u034f\u061c\u115f\u200b\u200c\u200d\u200e\u2028\u2029\u202e\u2060\u2066\u2800"
    "\u3000\u3164\ufe0f\ufeff\uffa0\U000e0041\U0001f469\U0001f4bb\U0001f3fd\u2764\u0301\u0327\u06cc\u062e\u0915\u094d"
    "1#*\u20e3\U0001f1f3\U0001f1f1\ud800 aeZ"
)
TEXTS = (
    st.text(ODD, max_size=30) | st.text(max_size=30) | st.lists(ODD | st.characters(), max_size=400).map("".join)
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
JOINED = {"\u200c", "\u200d", "\ufe0e", "\ufe0f"}


@given(TEXTS)
@example("1\u061c\u200c\u061c")
def test_a_name_is_seen_whole_on_one_line(text: str) -> None:
    name = shown_name(text)
    if name is None:
        return
    assert 0 < len(name) <= NAME_MAX_CHARS
    assert set(HIDDEN.findall(name)) <= JOINED
    assert name == name.strip() == unicodedata.normalize("NFC", name)
    assert regex.search(r"[^\p{M}\p{Z}\u2800]", name)
    assert shown_name(name) == name


@given(TEXTS)
def test_a_name_that_is_in_order_stays_as_it_is(text: str) -> None:
    ordinary = regex.sub(r"[^\p{L}\p{N}\p{P} ]|\p{Default_Ignorable_Code_Point}", "", text)
    ordinary = " ".join(unicodedata.normalize("NFC", ordinary).split())[:NAME_MAX_CHARS].strip()
    assert shown_name(ordinary) == (ordinary or None)


@given(st.lists(st.sampled_from(["x", "e\u0302\u0323", FAMILY, "\U0001f1f3\U0001f1f1", "\u0915\u094d\u0937"])))
@example(["x"] * 199 + ["e\u0302\u0323"] * 2)
@example(["x"] * 198 + [FAMILY])
@example([FAMILY] * 60)
def test_a_long_name_is_cut_between_what_people_see(characters: list[str]) -> None:
    whole = unicodedata.normalize("NFC", "".join(characters))
    seen = regex.findall(r"\X", whole)
    name = shown_name(whole) or ""
    assert any(name == "".join(seen[:count]) for count in range(len(seen) + 1))
    assert len(name) > NAME_MAX_CHARS - len(FAMILY) or name == whole


def test_of_a_name_without_end_only_the_beginning_is_looked_at() -> None:
    assert shown_name("\u202e" * READ_MAX_CHARS + "Ada") is None
    for repair in (plain_id, label):
        assert if_text(repair)("\u200b" * (READ_MAX_CHARS + 1)) == "\u200b" * (READ_MAX_CHARS + 1)
        assert if_text(repair)("\u200b" * READ_MAX_CHARS) == ""
        assert if_text(repair)(7) == 7


@given(TEXTS)
def test_an_id_has_one_spelling(text: str) -> None:
    plain = plain_id(text)
    assert plain_id(plain) == plain
    assert plain_id(f" \u00a0{text}\u3000") == plain
    assert plain_id(unicodedata.normalize("NFD", text)) == plain_id(unicodedata.normalize("NFC", text)) == plain
    middle = len(text) // 2
    assert plain_id(f"{text[:middle]}\u200b{text[middle:]}\ufeff") == plain
    if not text.isascii():
        assert not regex.search(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]", plain)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_an_id_of_ascii_stays_as_it_is(text: str) -> None:
    assert plain_id(text) == text


@given(TEXTS)
def test_what_is_written_out_moves_no_cursor_and_begins_no_line(text: str) -> None:
    shown = written_out(text)
    assert set(regex.findall(r"[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]", shown)) <= JOINED
    assert len(shown.splitlines()) <= 1
    assert written_out(shown) == shown
    assert hides_something(text) == (shown != text)


@given(st.recursive(TEXTS.filter(lambda text: "\ud800" not in text), lambda inner: st.lists(inner, max_size=3)))
def test_json_that_is_written_out_means_the_same(value: object) -> None:
    assert json.loads(written_out(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AC04 ClosedAccountNumber", "AC04 ClosedAccountNumber"),
        ("paid\x1b[2J\x1b]0;x\x07", "paid\\u001b[2J\\u001b]0;x\\u0007"),
        ("one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"),
        ("\x9b31m", "\\u009b31m"),
        ("a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("Zo\u00eb\u00a0\U0001f469\u200d\U0001f4bb", "Zo\u00eb\u00a0\U0001f469\u200d\U0001f4bb"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert written_out(text) == shown


def test_no_blank_passes_for_a_letter() -> None:
    """Python takes these for printable; every other character without a width it does not."""
    unseen = {chr(code) for code in range(0x110000) if HIDDEN.match(chr(code))} | {"\u2800"}
    assert {one for one in unseen if one.isprintable()} == set(_UNSEEN_LETTERS.findall("".join(sorted(unseen))))


@given(TEXTS)
def test_a_label_is_a_name_without_an_end(text: str) -> None:
    assert (label(text) or None) == shown_name(text) or len(label(text)) > NAME_MAX_CHARS


@pytest.mark.parametrize("text", ["", " ", "\u200b \u200b", "\u2060\n\u3164", "\u2800", "\u202e\u0301"])
def test_what_nobody_sees_says_nothing(text: str) -> None:
    said = TypeAdapter(Annotated[str, SomethingSeen])
    with pytest.raises(ValidationError, match="something that people see"):
        said.validate_python(text)
    # What is seen stays as it was written, with what joins and what does not.
    seen = f"{text}Grazie \u2764\ufe0f{text}"
    assert said.validate_python(seen) == seen
