"""Reports on paper: A4, tagged for who reads by ear (PDF/UA-1), the same bytes for the same report."""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import typst
from babel.numbers import format_decimal

from shared.currencies import decimal_amount
from shared.reports.domain import Amount, Report, Table

POINTS = "PTS"
#: Packages of fonts, with the letters that Typst's own lack.
FONT_PACKAGES: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
#: What stands for a letter that no font has.
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
#: How many of the letters that no font has are named.
NAMED_MAX_COUNT = 12
#: How often Typst is asked which letters it lacks; what it lacks then is whatever is not Latin.
TRIES_MAX_COUNT = 3
#: Han is drawn as in Simplified Chinese where nothing says which language a name is in.
FAMILIES: Final = ("Libertinus Serif", "Noto Sans", "Noto Sans CJK SC")
#: How Typst says that no font has what stands in quotes.
_LACKED: Final = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_BEYOND_LATIN: Final = re.compile(r"[^\x20-\x7e\xa0-\u024f\u2010-\u2026\ufffd]")
#: What steers lines and their direction and has no glyph: Typst 0.15 panics at some of it.
_STEERING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
#: What is said comes in as data: nothing that a tenant wrote is markup.
_TEMPLATE: Final = """
#let report = json(bytes(sys.inputs.report))
#set document(title: report.title, date: none)
#set text(font: report.families, size: 9.5pt, lang: report.language)
#set page(paper: "a4", margin: (x: 18mm, y: 20mm), numbering: "1 / 1")
#show heading.where(level: 1): set text(size: 17pt)
#show heading.where(level: 2): set text(size: 11.5pt)
#show heading: set block(above: 1.4em, below: 0.7em)
#heading(level: 1, report.title)
#for line in report.lines [#block(above: 0.5em, text(fill: luma(70), line))]
#for table_ in report.tables {
  heading(level: 2, table_.title)
  if table_.rows.len() == 0 and table_.total.len() == 0 { par(table_.empty) } else {
    let columns = table_.headings.len()
    table(
      columns: (1fr,) + (auto,) * (columns - 1),
      align: (column, _) => if column == 0 { left } else { right },
      inset: (x: 5pt, y: 3.5pt),
      stroke: (_, row) => if row == 0 { (bottom: 0.8pt) } else { (bottom: 0.3pt + luma(190)) },
      table.header(..table_.headings.map(strong)),
      ..table_.rows.flatten(),
      ..if table_.total.len() > 0 { (table.footer(repeat: false, ..table_.total.map(strong)),) } else { () },
    )
  }
}
#if report.lacked != "" [#block(above: 1.4em, text(size: 8.5pt, report.lacked))]
"""


def as_pdf(report: Report) -> bytes:
    """A report as PDF/UA-1, in the fonts that are there, whatever a tenant wrote.

    A letter that none of them has stands as REPLACEMENT, and the report ends with which those are.
    """
    known = set(_fonts().families())
    said = {
        "title": report.title,
        "language": report.language,
        "lines": list(report.lines),
        "tables": [_table(table, report.language) for table in report.tables],
        "lacked": "",
        "families": [name for name in FAMILIES if name in known],
    }
    said = _each_text(said, lambda text: _STEERING.sub(" ", text))
    lacked: set[str] = set()
    for _ in range(TRIES_MAX_COUNT):
        try:
            return _compile(said)
        except _LackedError as error:
            if not error.letters:
                break
            lacked |= error.letters
            said = _without(said, error.letters) | {"lacked": _notice(report.lacking, lacked)}
    beyond = {letter for text in _texts(said) for letter in _BEYOND_LATIN.findall(text)}
    said = _without(said, beyond) | {"lacked": _notice(report.lacking, lacked | beyond)}
    return _compile(said)


class _LackedError(Exception):
    """No font has these letters; none are named where Typst cannot set the text at all."""

    def __init__(self, letters: set[str]) -> None:
        super().__init__(letters)
        self.letters = letters


def font_directories() -> tuple[str, ...]:
    """Where fonts beside Typst's own are, of the packages that are installed."""
    specs = (find_spec(name) for name in FONT_PACKAGES)
    return tuple(place for spec in specs if spec is not None for place in spec.submodule_search_locations or ())


@cache
def _fonts() -> typst.Fonts:
    # Looked through once: that takes a tenth of a second.
    return typst.Fonts(include_system_fonts=False, font_paths=list(font_directories()))


def _compile(said: dict[str, Any]) -> bytes:
    try:
        made: bytes = typst.compile(
            _TEMPLATE.encode(),
            format="pdf",
            pdf_standards=["ua-1"],
            font_paths=_fonts(),
            timestamp=0,
            sys_inputs={"report": json.dumps(said)},
        )
    except typst.TypstError as error:
        letters = {letter for text in _lacked(str(error.diagnostic)) for letter in text} - {REPLACEMENT}
        if not letters:
            raise
        raise _LackedError(letters) from error
    except BaseException as error:
        # A panic of Rust is no Exception, and would end the process that a tenant's text came to.
        if type(error).__name__ != "PanicException":
            raise
        raise _LackedError(set()) from error
    return made


def _lacked(diagnostic: str) -> Iterable[str]:
    """The texts that no font has, of what Typst said: it names every one."""
    for found in _LACKED.finditer(diagnostic):
        yield _ESCAPED.sub(lambda at: chr(int(at[1], 16)) if at[1] else at[2], found[1])


def _notice(lacking: str, letters: set[str]) -> str:
    named = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(letters)[:NAMED_MAX_COUNT])
    return f"{lacking} {named}{' …' if len(letters) > NAMED_MAX_COUNT else ''}"


def _texts(said: Any) -> Iterable[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, list | dict):
        for part in said.values() if isinstance(said, dict) else said:
            yield from _texts(part)


def _without(said: Any, letters: set[str]) -> Any:
    """The same with REPLACEMENT for each of these letters."""
    table = {ord(letter): REPLACEMENT for letter in letters}
    return _each_text(said, lambda text: text.translate(table))


def _each_text(said: Any, change: Callable[[str], str]) -> Any:
    if isinstance(said, str):
        return change(said)
    if isinstance(said, dict):
        return {name: _each_text(part, change) for name, part in said.items()}
    return [_each_text(part, change) for part in said] if isinstance(said, list) else said


def _table(table: Table, language: str) -> dict[str, Any]:
    return {
        "title": table.title,
        "headings": list(table.headings),
        "rows": [[_cell(cell, language) for cell in row] for row in table.rows],
        "total": [_cell(cell, language) for cell in table.total or ()],
        "empty": table.empty,
    }


def _cell(cell: str | Amount | int, language: str) -> str:
    if isinstance(cell, Amount):
        exact = Decimal(cell.value) if cell.currency == POINTS else decimal_amount(cell.value, cell.currency)
        places = max(0, -int(exact.as_tuple().exponent))
        return str(format_decimal(exact, format="#,##0" + ("." + "0" * places if places else ""), locale=language))
    return cell if isinstance(cell, str) else str(format_decimal(cell, locale=language))
