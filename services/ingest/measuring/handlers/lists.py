"""The lists of words that texts are judged by, read once; their licences lie beside them."""

from functools import cache
from importlib.resources import files

from services.ingest.measuring.domain import words
from services.ingest.measuring.domain.words import Lexicon


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of one of LANGUAGES."""
    return words.lexicon(language, _worth(language), emoji=dict(_lines("emoji.tsv")), english=_worth("en"))


@cache
def _worth(language: str) -> dict[str, float]:
    return {word: float(value) for word, value in _lines(f"{language}.tsv")}


def _lines(name: str) -> list[tuple[str, str]]:
    text = (files("services.ingest.measuring") / "lexicons" / name).read_text(encoding="utf-8")
    return [(word, value) for word, _, value in (line.partition("\t") for line in text.splitlines())]
