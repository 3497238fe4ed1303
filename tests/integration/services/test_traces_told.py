"""One trace leads from the request with an event through all services; a collector has all of it."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from services.analytics.main import SPEC as ANALYTICS
from services.ingest.main import SPEC as INGEST
from services.recognition.main import SPEC as RECOGNITION
from services.rewards.main import SPEC as REWARDS
from services.scoring.main import SPEC as SCORING
from shared import spans
from shared.contracts.facts import MESSAGE_REQUESTED
from shared.service import Errand, Parts, Timer
from shared.service.spec import Begin
from shared.settings import ServiceSettings
from shared.topics import MESSAGES
from shared.transaction import Transaction
from tests.integration.services.process import running
from tests.integration.services.world import authorization
from tests.otlp import Arrived, Collector, collecting
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SPECS = (INGEST, SCORING, RECOGNITION, REWARDS, ANALYTICS)
PROGRAMME = """
programme: traced
title: Traced
rules:
  - {id: post, title: Wrote, on: [forum.post.v1], points: 10}
"""
CLIENTS_SPAN = "00f067aa0ba902b7"
#: How the event gets through, span for span: service, name, and the span it comes of.
WAY = {
    ("plaudit-ingest", "POST /v1/events"): None,
    ("plaudit-ingest", "send engagement.raw.v1"): ("plaudit-ingest", "POST /v1/events"),
    ("plaudit-ingest", "process engagement.raw.v1"): ("plaudit-ingest", "send engagement.raw.v1"),
    ("plaudit-scoring", "process engagement.events.v1"): ("plaudit-ingest", "process engagement.raw.v1"),
    ("plaudit-recognition", "process points.awarded.v1"): ("plaudit-scoring", "process engagement.events.v1"),
    ("plaudit-rewards", "process points.awarded.v1"): ("plaudit-scoring", "process engagement.events.v1"),
    ("plaudit-analytics", "process points.awarded.v1"): ("plaudit-scoring", "process engagement.events.v1"),
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        spans.begin(ServiceSettings(traces_endpoint=found.url))
        yield found
        spans.end()


def event() -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "post-1",
        "source": "https://forum.example.org",
        "type": "forum.post.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": {"channel": "forum", "actor": {"id": "ada-lovelace"}, "attributes": {"tag": "x"}},
    }


async def publish(scoring: Parts, community: str) -> None:
    headers = await authorization(scoring.pool, community, "programmes:write")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{scoring.http.port}", timeout=60) as http:
        answer = await http.post(
            "/v1/programmes", content=PROGRAMME, headers={**headers, "Content-Type": "application/yaml"}
        )
        assert answer.is_success, answer.text


async def test_one_trace_leads_from_the_request_through_all_services(stack: Any, collector: Collector) -> None:
    community, trace_id = f"c{uuid4().hex[:12]}", uuid4().hex
    async with AsyncExitStack() as started:
        parts = {
            spec.name: await started.enter_async_context(
                running(spec, spec.settings(**stack.settings(spec.name) | _at_once(spec.name)))
            )
            for spec in SPECS
        }
        await publish(parts["scoring"], community)
        headers = await authorization(parts["ingest"].pool, community, "events:write")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts['ingest'].http.port}", timeout=60) as http:
            said = {
                "traceparent": f"00-{trace_id}-{CLIENTS_SPAN}-01",
                "Content-Type": "application/cloudevents+json",
            }
            answer = await http.post("/v1/events", json=event(), headers={**headers, **said})
            assert answer.status_code == 202, answer.text

            async def whole() -> bool:
                return set(WAY) <= set(_by_name(collector.of(trace_id)))

            await until(whole)
            metrics = await http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    found = collector.of(trace_id)
    by_id = {one.span.span_id.hex(): one for one in found}
    assert len(by_id) == len(found), "no two spans have one id"
    named = _by_name(found)
    for name, above in WAY.items():
        parent = named[name].span.parent_span_id.hex()
        if above is None:
            assert parent == CLIENTS_SPAN
        else:
            came_of = by_id[parent]
            assert (came_of.service, came_of.span.name) == above, name
            assert came_of.span.start_time_unix_nano <= named[name].span.start_time_unix_nano
    served = named["plaudit-ingest", "POST /v1/events"]
    assert served.said["http.response.status_code"] == 202
    # Nobody is named, and nobody's text is there.
    assert not any(word in str(one.span) for one in found for word in ("ada-lovelace", community, "forum.example"))
    _assert_has_exemplar(metrics, "plaudit_http_request_seconds", trace_id)


async def test_what_a_clock_begins_has_a_trace_that_goes_on_in_whoever_consumes_it(
    stack: Any, collector: Collector
) -> None:
    """A pass that tells something, its links, what is below it; one that only looked, and one that fails."""
    community, cause = f"c{uuid4().hex[:12]}", f"00-{uuid4().hex}-{CLIENTS_SPAN}-01"

    async def tells(tx: Transaction[Any]) -> None:
        for trace in (cause, cause, None):
            request_id = str(uuid4())
            tx.tell(
                MESSAGES,
                MESSAGE_REQUESTED,
                fact_id=request_id,
                community=community,
                subject=request_id,
                data={"request_id": request_id, "kind": "badge", "member_id": str(uuid4()), "values": {}},
                traceparent=trace,
            )

    async def looks(tx: Transaction[Any]) -> None:
        await tx.conn.fetchval("select 1")

    async def fails(tx: Transaction[Any]) -> None:
        raise ConnectionError

    async def runs(begin: Begin, _until: float) -> None:
        for handler in (looks, tells):
            async with begin() as tx:
                await handler(tx)

    async with running(INGEST, INGEST.settings(**stack.settings("ingest"))) as parts:
        for name, handler in (("looks", looks), ("fails", fails), ("tells", tells)):
            await parts.run_timer(Timer(f"test-{name}", every_seconds=1.0, run=handler))
        await parts.run_errand(Errand("test-runs", every_seconds=1.0, run=runs))

        def begun() -> dict[str, Arrived]:
            return {one.span.name: one for one in list(collector.arrived) if " test-" in one.span.name}

        async def is_consumed() -> bool:
            works = begun()
            return {"timer test-tells", "errand test-runs"} <= set(works) and all(
                "process message.requested.v1"
                in {below.span.name for below in collector.of(works[name].span.trace_id.hex())}
                for name in ("timer test-tells", "errand test-runs")
            )

        await until(is_consumed)
    found = begun()
    assert set(found) == {"timer test-fails", "timer test-tells", "errand test-runs"}
    for name, transactions in (("timer test-tells", 1), ("errand test-runs", 2)):
        work = found[name]
        assert work.span.parent_span_id == b""
        assert [link.trace_id.hex() for link in work.span.links] == [cause[3:35]]
        assert (work.said["plaudit.transactions"], work.said["plaudit.facts"]) == (transactions, 3)
        below = _by_name(collector.of(work.span.trace_id.hex()))["plaudit-ingest", "process message.requested.v1"]
        assert below.span.parent_span_id == work.span.span_id
    assert found["timer test-fails"].span.status.code == Status.STATUS_CODE_ERROR


def _at_once(service: str) -> dict[str, Any]:
    """What is published is in force at once."""
    return {"programme_lead_seconds": 0} if service == "scoring" else {}


def _by_name(found: list[Arrived]) -> dict[tuple[str, str], Arrived]:
    return {(one.service, one.span.name): one for one in found}


def _assert_has_exemplar(answer: httpx.Response, metric: str, trace_id: str) -> None:
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    exemplars = [
        sample.exemplar.labels["trace_id"]
        for family in text_string_to_metric_families(answer.text)
        if family.name == metric
        for sample in family.samples
        if sample.exemplar is not None
    ]
    assert trace_id in exemplars
