"""W3C Trace Context: which traceparent is valid, and the trace that goes on from it.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
from typing import Final

#: Of later versions than 00 what is known stands first, and more may follow it; there is no version ff.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)
#: What is longer is not looked at.
TRACEPARENT_MAX_CHARS: Final = 512


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace's id, 32 hexadecimal digits, of a valid traceparent; None for none and for any other text.

    Not valid are version ff, ids of zeros alone, upper case, and in version 00 anything behind the flags.
    """
    if traceparent is None or len(traceparent) > TRACEPARENT_MAX_CHARS:
        return None
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found["more"] is not None and found["version"] == "00"):
        return None
    return found["trace"]


def continued_trace(traceparent: str | None, fresh: str) -> str:
    """The trace that a request came with, under a span of its own; a `fresh` one where it came with none.

    Both are W3C traceparents. No two commands have the same, so what has a command's came of it.
    """
    trace_id = trace_id_of(traceparent)
    return fresh if trace_id is None else f"00-{trace_id}-{fresh.split('-')[2]}-01"
