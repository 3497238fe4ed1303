"""Tables (CSV and its relatives) as activities, row by row, gzipped or not.

Rules: each row is one event, filled as the mapping says. Its id is the mapped `id` column; without one,
`row:<hash of the mapped row>:<how many rows like it came before, plus one>`, so that two identical rows
are two events, and importing the file again gives the same ids wherever rows were added at its end.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from plaudit.importers.mapping import RowMapper, TableMapping
from plaudit.importers.records import Bad, Input, Record, Source, SourceError

#: A cell longer than this is taken for a quotation mark that was never closed.
CELL_MAX_CHARS = 128 * 1024
_NOT_IN_URIS = re.compile(r"[\x00-\x20\"#%/<>?\[\\\]^`{|}\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class CsvOptions:
    """How the table is written. `columns` names them when the file has no header line.

    Without an `encoding` it is what the file's byte order mark says, or UTF-8.
    """

    delimiter: str = ","
    encoding: str | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    source: str | None = None


def default_source(path: str) -> str:
    """`csv:` and the file's name without .gz: the same for a file wherever it lies, zipped or not."""
    name = Path(path).name.removesuffix(".gz") if path != "-" else "stdin"
    return "csv:" + _NOT_IN_URIS.sub(lambda found: quote(found[0], errors="surrogateescape"), name)


def open_table(path: str, mapping: TableMapping, options: CsvOptions) -> Source:
    """The rows of a file as a source of records. Raises SourceError: unreadable, or a column is missing."""
    source_input = Input(path)
    encoding = options.encoding or source_input.encoding or "utf-8"
    try:
        # Bytes that are not of the encoding spoil their row, not the rest of the file.
        text = io.TextIOWrapper(source_input.stream, encoding=encoding, errors="surrogateescape", newline="")
    except LookupError:
        raise SourceError(f"there is no encoding {encoding!r}") from None
    csv.field_size_limit(CELL_MAX_CHARS)
    rows = _rows(path, text, options.delimiter)
    first = next(rows, None)
    if first is None:
        return Source(iter(()), source_input.total, source_input.position)
    if isinstance(first[1], str):
        raise SourceError(f"{path}: line {first[0]}: {first[1]}")
    if options.header:
        columns = tuple(name.strip() for name in first[1])
    else:
        columns = options.columns or tuple(str(number) for number in range(1, len(first[1]) + 1))
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise SourceError(f"{path}: there are two columns {repeated[0]!r}; name them with --columns")
    try:
        mapper = RowMapper(mapping, columns, options.source or default_source(path))
    except SourceError as error:
        looks_unseparated = len(columns) == 1 and any(one in columns[0] for one in ",;\t|")
        hint = "; is another character between the cells (--separator)?" if looks_unseparated else ""
        raise SourceError(f"{error}{hint}") from None

    def records() -> Iterator[Record]:
        try:
            if not options.header:
                yield from _of_row(mapper, first, len(columns))
            for row in rows:
                yield from _of_row(mapper, row, len(columns))
        finally:
            mapper.close()
            source_input.close()

    return Source(records(), source_input.total, source_input.position)


Row = tuple[int, Sequence[str] | str]


def _rows(path: str, text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    """Line number (of the row's last line) and cells of each row that is not empty, or what is wrong with it."""
    reader = csv.reader(_without_mark(text), delimiter=delimiter, strict=False)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, f"not a readable row: {error}"
            continue
        except EOFError:
            raise SourceError(f"{path}: the gzip file ends in the middle; get it again") from None
        except (OSError, UnicodeError) as error:
            raise SourceError(f"{path}: after line {reader.line_num}: {error}") from None
        if cells:
            yield reader.line_num, cells


def _without_mark(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines without the byte order mark that an encoding leaves there which somebody named."""
    yield text.readline().removeprefix("\ufeff")
    yield from text


def _of_row(mapper: RowMapper, row: Row, width: int) -> Iterator[Record]:
    line, cells = row
    place = f"line {line}"
    if isinstance(cells, str):
        yield Bad(place, cells)
    elif len(cells) != width:
        yield Bad(place, f"the row does not have {width} cells")
    elif not all(cell.isascii() or _is_text(cell) for cell in cells):
        yield Bad(place, "a cell holds bytes that are not of the file's encoding")
    else:
        yield from mapper.records(place, cells)


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in cell)
