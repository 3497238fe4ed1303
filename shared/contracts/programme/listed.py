"""Texts that have a word of a list in them, as programmes write their lists: whole words, whatever their case."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from unicodedata import category, normalize

from shared.contracts.programme.guidelines import WordList

_WORDS: Final = re.compile(r"[^\W\d_]+")


class Listed(NamedTuple):
    """A word of a list, and under which category it is."""

    category: str
    word: str


def find_listed(text: str, lists: Iterable[WordList]) -> Listed | None:
    """The first word of the lists that stands in a text as a whole; None for none."""
    said = f" {_plain(text)} "
    for listed in lists:
        for word in listed.words:
            plain = _plain(word)
            if plain and f" {plain} " in said:
                return Listed(listed.category, word)
    return None


def _plain(text: str) -> str:
    """The words of a text, as they look: signs that nobody sees do not part them, nor does a dotted capital I."""
    seen = "".join(sign for sign in text if category(sign) != "Cf")
    return " ".join(_WORDS.findall(normalize("NFKC", seen).casefold().replace("i\u0307", "i")))
