"""What a child process does for programmes: reads one and tries its conditions, however long that would take."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from services.scoring.children.domain import Limit
from services.scoring.programmes.domain.reading import document_of, read_programme
from shared.contracts.programme import Programme


def check(request: Mapping[str, Any], limit: Limit) -> Iterator[Mapping[str, Any]]:
    """Read the `text` of a request within its `seconds` of the processor: yields a document, or mistakes."""
    limit(request["seconds"])
    read = read_programme(request["text"], clock=time.process_time)
    limit(0)
    if isinstance(read, Programme):
        yield {"document": document_of(read)}
    else:
        yield {"mistakes": [[one.line, one.column, one.field, one.detail] for one in read]}
