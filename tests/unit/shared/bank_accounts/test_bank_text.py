"""Names as a SEPA bank reads them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bank_accounts import UnwritableNameError, sepa_text

ALLOWED = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]{1,70}")


@given(st.text(max_size=300))
def test_only_allowed_characters_come_out(text: str) -> None:
    try:
        written = sepa_text(text, 70)
    except UnwritableNameError:
        return
    assert ALLOWED.fullmatch(written)
    assert "//" not in written
    assert not written.startswith(("/", " "))
    assert not written.endswith(("/", " "))
    assert sepa_text(written, 70) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Zoë Müller", "Zoe Muller"),
        ("Łukasz Żółć", "Lukasz Zolc"),
        ("Иван Петров", "Ivan Petrov"),
        ("Σωκράτης", "Sokrates"),
        ("Smith & Sons", "Smith + Sons"),
        ("a_b@c", "a-b.c"),
        ("//Jo//", "Jo"),
        ("  Ada \t Lovelace ", "Ada Lovelace"),
        ("O'Neill-Ånderson (jr.)", "O'Neill-Anderson (jr.)"),
        ("x" * 80, "x" * 70),
    ],
)
def test_names_are_transliterated(name: str, written: str) -> None:
    assert sepa_text(name, 70) == written


@pytest.mark.parametrize("name", ["", "😀", "...", "/ /"])
def test_a_name_without_a_readable_letter_is_refused(name: str) -> None:
    with pytest.raises(UnwritableNameError):
        sepa_text(name, 70)
