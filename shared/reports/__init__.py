"""Reports as files: what services answer, on paper (PDF), for spreadsheets (CSV) and for programs (Parquet).

The same report is the same bytes, whenever and wherever it is made: a digest says whether two are one.
"""

from shared.reports.building import month_end, year_statement
from shared.reports.domain import Column, Kind, Report, Sheet, Table
from shared.reports.files import FORMATS, as_bytes, write_sheet

__all__ = [
    "FORMATS",
    "Column",
    "Kind",
    "Report",
    "Sheet",
    "Table",
    "as_bytes",
    "month_end",
    "write_sheet",
    "year_statement",
]
