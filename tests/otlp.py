"""A collector of traces, made of OpenTelemetry's own messages: what came in by OTLP over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan


@dataclass(frozen=True)
class Arrived:
    """A span as the collector has it."""

    service: str
    span: ProtoSpan

    @property
    def trace_id(self) -> str:
        return self.span.trace_id.hex()

    @property
    def said(self) -> dict[str, str | int]:
        return values(self.span.attributes)


@dataclass
class Collector:
    """Where spans are sent, and what came."""

    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)

    def of(self, trace_id: str) -> list[Arrived]:
        return [one for one in list(self.arrived) if one.trace_id == trace_id]

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(values(resource.resource.attributes)["service.name"])
            for scope in resource.scope_spans:
                self.arrived += [Arrived(service, span) for span in scope.spans]


def values(attributes: "list[KeyValue]") -> dict[str, str | int]:
    """Attributes as a dict; of texts and whole numbers alone."""
    return {one.key: one.value.string_value or one.value.int_value for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of this machine, in a thread of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
