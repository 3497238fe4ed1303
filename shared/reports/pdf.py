"""Reports on paper: A4, tagged for who reads by ear (PDF/UA-1), the same bytes for the same report."""

import json
from decimal import Decimal
from typing import Any, Final

import typst
from babel.numbers import format_decimal

from shared.currencies import decimal_amount
from shared.reports.domain import Amount, Report, Table

POINTS = "PTS"
#: What is said comes in as data: nothing that a tenant wrote is markup.
_TEMPLATE: Final = """
#let report = json(bytes(sys.inputs.report))
#set document(title: report.title, date: none)
#set text(font: "Libertinus Serif", size: 9.5pt, lang: report.language)
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
"""


def as_pdf(report: Report) -> bytes:
    """A report as PDF/UA-1. Characters that Libertinus lacks, as those of Chinese, are shown as boxes."""
    said = {
        "title": report.title,
        "language": report.language,
        "lines": list(report.lines),
        "tables": [_table(table, report.language) for table in report.tables],
    }
    made: bytes = typst.compile(
        _TEMPLATE.encode(),
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=0,
        sys_inputs={"report": json.dumps(said)},
    )
    return made


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
