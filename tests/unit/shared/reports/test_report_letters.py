"""Names from anywhere on paper: their letters are there, and what no font has is said instead of refused."""

import re
import zlib

import pytest

from shared.reports import Column, Kind, Report, Sheet, as_bytes
from shared.reports.pdf import FONT_PACKAGES, font_directories

HAS_FONTS = len(font_directories()) == len(FONT_PACKAGES)
STREAMS = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
MAPPED = re.compile(r"<[0-9a-f]+> <([0-9a-f]+)>", re.IGNORECASE)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LACKING = "Letters of none:"


def letters_of(content: bytes) -> str:
    """Every letter that a glyph of the PDF stands for, by what its fonts say (ToUnicode)."""
    found = []
    for stream in STREAMS.findall(content):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"begincmap" in text:
            found += [bytes.fromhex(code).decode("utf-16-be") for code in MAPPED.findall(text.decode("latin-1"))]
    return "".join(found)


def on_paper(name: str) -> str:
    sheet = Sheet([Column("currency", Kind.TEXT)], [])
    report = Report("r", name, "en", [name], [], sheet, lacking=LACKING)
    return letters_of(as_bytes(report, "pdf"))


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("Chinese", "张伟"),
        ("Japanese", "田中さくら"),
        ("Korean", "김민준"),
        ("Arabic", "محمد علي"),
        ("Hebrew", "דוד לוי"),
        ("Devanagari", "प्रिया शर्मा"),
        ("Thai", "สมชาย"),
        ("Bengali", "রহিম"),
        ("Tamil", "கமல்"),
    ],
)
@pytest.mark.skipif(not HAS_FONTS, reason=f"the fonts of {', '.join(FONT_PACKAGES)} are not installed")
def test_letters_of_every_script_are_on_paper_and_none_is_a_box(script: str, name: str) -> None:
    # The form PDF/UA-1 takes no glyph that stands for nothing, so what is made has none.
    found = on_paper(name)
    assert REPLACEMENT not in found, script
    assert set(name) - {" "} <= set(found), script


@pytest.mark.parametrize("name", ["Ada \U00012000", 'Ada "\\ \U0010fffd', "Ada \ufffe\U00013000\U00013001"])
def test_a_letter_of_no_font_is_named_and_refuses_nothing(name: str) -> None:
    found = on_paper(name)
    assert REPLACEMENT in found
    assert {"U", "+", "1"} <= set(found)
    assert {"A", "d"} <= set(found)


@pytest.mark.parametrize(
    "name",
    ["Ada\x00\x01\u202e\u2066\n#set page()", "".join(map(chr, range(1, 0x2100)))],
    ids=["steering", "all of these at once"],
)
def test_whatever_somebody_is_called_their_report_is_made(name: str) -> None:
    # Of the second one Typst 0.15 panics, which would end the process.
    assert {"A", "d"} <= set(on_paper(name))
