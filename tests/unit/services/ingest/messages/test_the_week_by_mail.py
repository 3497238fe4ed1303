"""The week by mail: numbers as the reader's language writes them, right of one as of many."""

import pytest

from services.ingest.messages.domain.kinds import KINDS, words_of
from services.ingest.messages.domain.templates import Look, fill
from services.ingest.messages.handlers.composing import values_of

WEEK = {"active": "1234", "before": "1100", "newcomers": "1", "off": "", "questions": "17", "reports": "2000"}


def text_of(language: str) -> str:
    kind = KINDS["digest"]
    values = values_of(
        WEEK | {"todo": "reports"},
        kind,
        name="Mara",
        look=Look("demo"),
        link="https://x.example",
        language=language,
    )
    return fill(words_of(kind, language), values).text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Active members: 1,234 (1,100 in the week before). New members: 1.", "due: 2,000.")),
        ("it", ("Membri attivi: 1.234 (1.100 la settimana prima). Nuovi membri: 1.", "scadenza: 2.000.")),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(language: str, said: tuple[str, str]) -> None:
    text = text_of(language)
    assert all(one in text for one in said)
    assert text.count("17") == 1
    assert "pace" not in text
    assert "passo" not in text
