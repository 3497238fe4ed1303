"""What a child process does for programmes: reads one and tries its conditions, however long that would take."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.scoring.children.domain import Limit
from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import document_of, read_with_warnings


def check(request: Mapping[str, Any], limit: Limit) -> Iterator[Mapping[str, Any]]:
    """Read the `text` of a request within its `seconds` of the processor.

    Yields a document with warnings, or mistakes.
    """
    limit(request["seconds"])
    read = read_with_warnings(request["text"], clock=time.process_time)
    limit(0)
    if read.programme is not None:
        yield {"document": document_of(read.programme), "warnings": _plain(read.warnings)}
    else:
        yield {"mistakes": _plain(read.mistakes)}


def _plain(mistakes: Iterable[Mistake]) -> list[tuple[int, int, str, str]]:
    return [(mistake.line, mistake.column, mistake.field, mistake.detail) for mistake in mistakes]
