"""Spans: told where there is a collector, of the share of traces that is chosen, and without cost elsewhere."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared import otlp, spans
from shared.consumer.traced import HEADER, BatchSpans
from shared.settings import ServiceSettings
from shared.spans import goes_on, span_within
from shared.telemetry import SPANS_ENDED, SPANS_SENT
from shared.traces import Span, SpanKind, trace_id_of
from tests.otlp import collecting

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CAUSE = f"00-{TRACE}-00f067aa0ba902b7-01"
TOLD_IN = f"00-{TRACE}-b7ad6b7169203331-01"
#: A version that is to come: what is known of it stands first.
LATER = f"cc-{TRACE}-00f067aa0ba902b7-01-more-of-it"


class Told(list[Span]):
    """A sender that keeps what it is given."""

    def send(self, span: Span) -> None:
        self.append(span)

    def close(self) -> None:
        self.clear()


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    def begin(share: float = 1.0) -> Told:
        told = Told()
        monkeypatch.setattr(spans, "_sender", told)
        monkeypatch.setattr(spans, "_share", share)
        return told

    return begin


def record(offset: int, *headers: tuple[str, bytes]) -> Any:
    return SimpleNamespace(topic="points.awarded.v1", partition=1, offset=offset, headers=headers)


def test_a_service_without_a_collector_imports_nothing_of_the_library() -> None:
    code = (
        "import sys, services.scoring.main; print([n for n in sys.modules if n.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_a_collector_nothing_is_told() -> None:
    assert not spans.is_told(CAUSE)
    assert spans.exemplar(CAUSE) is None
    with span_within("scoring", "transaction", SpanKind.INTERNAL, CAUSE):
        pass


def test_the_share_is_chosen_by_the_end_of_the_traces_id(tell: Callable[..., Told]) -> None:
    tell(0.5)
    assert spans.is_told(f"00-{'f' * 18}{'7' * 14}-00f067aa0ba902b7-01")
    assert not spans.is_told(f"00-{'0' * 18}{'8' * 14}-00f067aa0ba902b7-01")
    tell(0.0)
    assert not spans.is_told(f"00-{'f' * 18}{'0' * 14}-00f067aa0ba902b7-01")


def test_what_goes_on_from_a_request_is_of_its_trace_and_no_two_are_alike() -> None:
    one, other = goes_on(CAUSE), goes_on(CAUSE)
    assert trace_id_of(one) == trace_id_of(other) == TRACE
    assert len({one, other, CAUSE}) == 3


def test_a_batch_has_one_span_for_each_trace_below_the_one_that_the_header_names(
    tell: Callable[..., Told],
) -> None:
    told = tell()
    other = CAUSE.replace("4bf9", "4bfa")
    batch = BatchSpans(
        "rewards",
        [
            (record(7, (HEADER, TOLD_IN.encode())), {"traceparent": CAUSE}),
            (record(8), {"traceparent": CAUSE}),
            (record(9, (HEADER, b"\xff")), {"traceparent": other}),
            (record(10), {}),
            (record(11), record(11)),
        ],
        max_count=10,
    )
    batch.tell()
    first, second = told
    assert (first.parent, first.attributes["messaging.batch.message_count"]) == (TOLD_IN, 2)
    # A header that is no traceparent says nothing: the message does.
    assert second.parent == other
    topic = "points.awarded.v1"
    assert batch.carried == {(topic, CAUSE): first.traceparent, (topic, other): second.traceparent}
    assert batch.exemplar == {"trace_id": TRACE, "span_id": first.traceparent[36:52]}


def test_a_header_of_another_trace_is_not_believed(tell: Callable[..., Told]) -> None:
    told = tell()
    stranger = CAUSE.replace("4bf9", "4bfa").encode()
    BatchSpans("rewards", [(record(1, (HEADER, stranger)), {"traceparent": CAUSE})], max_count=1).tell()
    assert [span.parent for span in told] == [CAUSE]


def test_of_more_traces_than_a_batch_tells_the_first_are_told(tell: Callable[..., Told]) -> None:
    told = tell()
    causes = [CAUSE.replace("4bf9", f"{number:04x}") for number in range(1, 6)]
    BatchSpans(
        "rewards", [(record(n), {"traceparent": cause}) for n, cause in enumerate(causes)], max_count=2
    ).tell()
    assert [span.parent for span in told] == causes[:2]


def test_a_span_within_a_request_says_whether_it_failed(tell: Callable[..., Told]) -> None:
    told = tell()
    with pytest.raises(ZeroDivisionError), span_within("scoring", "transaction", SpanKind.INTERNAL, TOLD_IN):
        raise ZeroDivisionError
    assert [(span.name, span.failed) for span in told] == [("transaction", True)]


@pytest.mark.parametrize("parent", [CAUSE, LATER, None])
def test_the_collector_has_the_ids_that_were_chosen(parent: str | None) -> None:
    with collecting() as collector:
        spans.begin(ServiceSettings(traces_endpoint=f"{collector.url}/"))
        spans.tell(
            Span(
                "scoring",
                "POST /v1/x",
                SpanKind.SERVER,
                TOLD_IN,
                parent,
                1_000,
                3_000,
                {"http.route": "/v1/x"},
                True,
            )
        )
        spans.end()
    (arrived,) = collector.arrived
    span = arrived.span
    assert (arrived.service, span.name, arrived.said) == ("plaudit-scoring", "POST /v1/x", {"http.route": "/v1/x"})
    assert (span.trace_id.hex(), span.span_id.hex()) == (TRACE, TOLD_IN[36:52])
    assert span.parent_span_id.hex() == ("" if parent is None else "00f067aa0ba902b7")
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_000, 3_000)
    assert span.status.code == span.status.STATUS_CODE_ERROR


def counted() -> tuple[float, float]:
    """Spans that ended, and those that a collector took, of this process."""
    return SPANS_ENDED._value.get(), SPANS_SENT._value.get()


def test_a_collector_that_is_away_keeps_nobody_waiting_and_what_it_lacks_is_counted() -> None:
    with collecting() as collector:
        away = collector.url
    ended, sent = counted()
    spans.begin(ServiceSettings(traces_endpoint=away, spans_waiting_max_count=2))
    for _ in range(5):
        spans.tell(Span("scoring", "x", SpanKind.SERVER, TOLD_IN, None, 1, 2))
    spans.end()
    assert not spans.are_told()
    assert counted() == (ended + 5, sent)


def test_what_a_collector_took_is_counted() -> None:
    ended, sent = counted()
    with collecting() as collector:
        spans.begin(ServiceSettings(traces_endpoint=collector.url))
        for _ in range(3):
            spans.tell(Span("scoring", "x", SpanKind.SERVER, TOLD_IN, None, 1, 2))
        spans.end()
    assert counted() == (ended + 3, sent + 3)


@pytest.mark.parametrize("path", ["", "/", "/v1/traces", "/v1/traces/"])
def test_a_collector_is_named_with_or_without_the_path_of_traces(path: str) -> None:
    with collecting() as collector:
        spans.begin(ServiceSettings(traces_endpoint=collector.url + path))
        spans.tell(Span("scoring", "x", SpanKind.SERVER, TOLD_IN, None, 1, 2))
        spans.end()
    assert [one.trace_id for one in collector.arrived] == [TRACE]


def test_of_a_collectors_answer_no_more_is_read_than_its_head() -> None:
    broken_off = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_without_end() -> None:
            asking, _ = listening.accept()
            with asking:
                asking.recv(65_536)
                asking.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                with contextlib.suppress(OSError):
                    while True:
                        asking.sendall(b"100000\r\n" + bytes(0x100000) + b"\r\n")
                broken_off.set()

        threading.Thread(target=answer_without_end, daemon=True).start()
        spans.begin(ServiceSettings(traces_endpoint=f"http://127.0.0.1:{listening.getsockname()[1]}"))
        spans.tell(Span("scoring", "x", SpanKind.SERVER, TOLD_IN, None, 1, 2))
        assert broken_off.wait(60)
        spans.end()


def test_a_process_that_stops_waits_for_no_collector_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(BatchSpanProcessor, "shutdown", lambda _: released.wait())
    monkeypatch.setattr(otlp, "CLOSE_SECONDS", 0.01)
    spans.begin(ServiceSettings(traces_endpoint="http://127.0.0.1:9"))
    spans.end()
    assert not spans.are_told()
    released.set()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "ftp://x", "http://", "http://x/?a", "http://x y"])
def test_what_is_no_address_is_refused_when_the_process_starts(endpoint: str) -> None:
    with pytest.raises(ValueError, match="traces_endpoint"):
        ServiceSettings(traces_endpoint=endpoint)
