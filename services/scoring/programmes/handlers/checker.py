"""What a child process does for programmes: reads one and tries its conditions, or says what may stand in it."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from services.scoring.children.domain import Limit
from services.scoring.programmes.domain.completing import Cursor, completions
from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import document_of, read_with_warnings


def check(request: Mapping[str, Any], limit: Limit) -> Iterator[Mapping[str, Any]]:
    """Read the `text` of a request within its `seconds` of the processor; where it has a `cursor`, complete it.

    With `reviewed_since`, a day, it is warned of rules that were reviewed before. Yields a document with warnings
    and what its conditions can take, or mistakes; or completions.
    """
    limit(request["seconds"])
    if "cursor" in request:
        completed = completions(request["text"], Cursor(*request["cursor"]))
        limit(0)
        yield {"column": completed.column, "found": [list(one) for one in completed.found]}
        return
    since = date.fromisoformat(request["reviewed_since"]) if "reviewed_since" in request else None
    read = read_with_warnings(request["text"], clock=time.process_time, reviewed_since=since)
    limit(0)
    if read.programme is not None:
        warnings = _plain(read.warnings)
        yield {"document": document_of(read.programme), "warnings": warnings, "steps": read.steps}
    else:
        yield {"mistakes": _plain(read.mistakes)}


def _plain(mistakes: Iterable[Mistake]) -> list[tuple[int, int, str, str]]:
    return [(mistake.line, mistake.column, mistake.field, mistake.detail) for mistake in mistakes]
