"""Reports as bytes: PDF, CSV and Parquet. Libraries are loaded when they are needed."""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

from shared.currencies import decimal_amount
from shared.reports.domain import Kind, Report, Sheet
from shared.spreadsheets import csv_lines

#: Media types by how a file's name ends.
FORMATS: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
#: Rows that are held at once.
PIECE_MAX_COUNT = 2_000
ROW_GROUP_COUNT = 100_000
MEMORY_MAX_MB = 256
POINTS = "PTS"
#: How a column's values are kept in Parquet.
TYPES: Final = {
    Kind.TEXT: "varchar",
    Kind.DAY: "date",
    Kind.MOMENT: "timestamp",
    Kind.COUNT: "bigint",
    Kind.AMOUNT: "bigint",
}
#: Nothing, where rows wait to be written as Parquet.
NONE: Final = "\\N"


def as_bytes(report: Report, ending: str) -> bytes:
    """A report as a file of a format: `pdf`, `csv` or `parquet`."""
    if ending == "pdf":
        from shared.reports.pdf import as_pdf  # noqa: PLC0415 -- 60 ms

        return as_pdf(report)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"report.{ending}"
        write_sheet(path, report.sheet)
        return path.read_bytes()


def write_sheet(path: Path, sheet: Sheet) -> int:
    """Write a sheet as CSV or Parquet, as the path ends; return how many rows it has.

    No more than PIECE_MAX_COUNT rows and MEMORY_MAX_MB are held, however many there are.
    """
    if path.suffix == ".csv":
        with path.open("wb") as file:
            return _write_csv(file, sheet)
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as plain:
        count = _write_plain(plain, sheet)
        plain.flush()
        _convert(Path(plain.name), path, sheet)
    return count


def _pieces(sheet: Sheet) -> Iterator[list[Sequence[Any]]]:
    piece: list[Sequence[Any]] = []
    for row in sheet.rows:
        piece.append(row)
        if len(piece) == PIECE_MAX_COUNT:
            yield piece
            piece = []
    if piece:
        yield piece


def _write_csv(file: IO[bytes], sheet: Sheet) -> int:
    """For spreadsheets: no cell is a formula, and amounts are numbers of their currency."""
    kinds = [column.kind for column in sheet.columns]
    names = [column.name for column in sheet.columns]
    place = names.index("currency") if "currency" in names else None
    count = 0
    file.write(csv_lines([names]))
    for piece in _pieces(sheet):
        file.write(
            csv_lines(
                [
                    _shown(cell, kind, POINTS if place is None else row[place])
                    for cell, kind in zip(row, kinds, strict=True)
                ]
                for row in piece
            )
        )
        count += len(piece)
    return count


def _shown(cell: Any, kind: Kind, currency: str) -> Any:
    if kind is not Kind.AMOUNT or cell is None:
        return cell
    return Decimal(cell) if currency in (POINTS, "") else decimal_amount(cell, currency)


def _write_plain(file: IO[str], sheet: Sheet) -> int:
    """For Parquet: values as they are."""
    writer = csv.writer(file)
    count = 0
    for piece in _pieces(sheet):
        writer.writerows([NONE if cell is None else _plain(cell) for cell in row] for row in piece)
        count += len(piece)
    return count


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None).isoformat()
    return cell.isoformat() if isinstance(cell, date) else cell


def _convert(source: Path, target: Path, sheet: Sheet) -> None:
    import duckdb  # noqa: PLC0415 -- 100 ms

    columns = {column.name: TYPES[column.kind] for column in sheet.columns}
    # One thread: rows keep their order, and the same rows are the same bytes.
    with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": f"{MEMORY_MAX_MB}MB"}) as conn:
        rows = conn.read_csv(
            str(source),
            header=False,
            columns=columns,
            delimiter=",",
            quotechar='"',
            escapechar='"',
            na_values=NONE,
            # All is said above, and of no rows nothing can be found out.
            auto_detect=False,
        )
        rows.write_parquet(str(target), compression="zstd", row_group_size=ROW_GROUP_COUNT)
