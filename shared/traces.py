"""W3C Trace Context: which traceparent is valid, the trace that goes on from it, and the spans that it has.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: Of later versions than 00 what is known stands first, and more may follow it; there is no version ff.
_TRACEPARENT: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)
#: What is longer is not looked at.
TRACEPARENT_MAX_CHARS: Final = 512


class SpanKind(StrEnum):
    """What a span is in its trace, as OpenTelemetry has it."""

    SERVER = "server"
    CONSUMER = "consumer"
    PRODUCER = "producer"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Span:
    """A span that has ended: `traceparent` is its own, `parent` that of what caused it (None: nothing known).

    Times are nanoseconds since 1970 in UTC. Attributes name no member and no person.
    """

    service: str
    name: str
    kind: SpanKind
    traceparent: str
    parent: str | None
    began_ns: int
    ended_ns: int
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    failed: bool = False
    #: The traceparents of others that it had to do with, each in a trace of its own.
    links: Sequence[str] = ()


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


def ids_of(traceparent: str) -> tuple[str, str]:
    """The ids of the trace and of the span, of a valid traceparent of whatever version."""
    return traceparent[3:35], traceparent[36:52]
