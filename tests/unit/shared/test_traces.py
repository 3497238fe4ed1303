"""Which traceparents are valid by W3C Trace Context, and what goes on from one."""

import pytest

from shared.telemetry import new_traceparent
from shared.traces import TRACEPARENT_MAX_CHARS, continued_trace, trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
VALID = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("given", "is_valid"),
    [
        (VALID, True),
        (VALID[:-2] + "00", True),
        # A later version: what is known of it stands first.
        ("cc" + VALID[2:], True),
        ("cc" + VALID[2:] + "-what-the-future-will-be-like", True),
        ("cc" + VALID[2:] + ".what", False),
        ("ff" + VALID[2:], False),
        (VALID + "-more", False),
        (VALID + "-", False),
        (VALID[:-1], False),
        (VALID.upper(), False),
        (VALID.replace(TRACE, "0" * 32), False),
        (VALID.replace("00f067aa0ba902b7", "0" * 16), False),
        (VALID.replace("4bf9", "4bg9"), False),
        (VALID + "\r\nx", False),
        (" " + VALID, False),
        ("cc" + VALID[2:] + "-" + "x" * TRACEPARENT_MAX_CHARS, False),
        ("٠٠" + VALID[2:], False),
        ("", False),
        (None, False),
    ],
)
def test_a_trace_goes_on_under_a_span_of_its_own_where_it_is_valid(given: str | None, is_valid: bool) -> None:
    fresh = new_traceparent()

    trace = continued_trace(given, fresh)

    assert trace_id_of(given) == (TRACE if is_valid else None)
    assert trace.split("-")[2] == fresh.split("-")[2]
    assert (trace != fresh) == is_valid
    assert (trace.split("-")[1] == TRACE) == is_valid
