"""The trace of whoever commands a payout run goes on to the payouts, and to who follows them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.analytics.main import SPEC as ANALYTICS
from services.analytics.settings import Settings as AnalyticsSettings
from shared import spans
from shared.settings import ServiceSettings
from tests.integration.services.process import running
from tests.integration.services.rewards.office import Office
from tests.otlp import Arrived, Collector, collecting
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

RUNS = "POST /v1/payout-runs"


@pytest.fixture
def collector() -> Any:
    with collecting() as found:
        spans.begin(ServiceSettings(traces_endpoint=found.url))
        yield found
        spans.end()


async def test_the_trace_of_a_run_goes_on_to_its_payouts(
    stack: Any, tmp_path: Path, world: Any, collector: Collector
) -> None:
    office = Office(stack, tmp_path, world)
    analytics = AnalyticsSettings(**stack.settings("analytics"))
    async with office.open(), running(ANALYTICS, analytics):
        await office.prepare()
        trace_id = await _traced_run(office)

        async def followed() -> bool:
            return "process payouts.v1" in _by_name(collector.of(trace_id))

        await until(followed)
    found = collector.of(trace_id)
    named = _by_name(found)
    request, following = named[RUNS], named["process payouts.v1"]
    # One of them finds out that the command was not answered before.
    transactions = [one.span for one in found if one.span.name == "transaction"]
    assert transactions
    assert all(one.parent_span_id == request.span.span_id for one in transactions)
    assert (request.service, following.service) == ("plaudit-rewards", "plaudit-analytics")
    assert following.span.parent_span_id in [one.span_id for one in transactions]


async def _traced_run(office: Office) -> str:
    """Compute a run; the trace that the request came with."""
    trace_id = uuid4().hex
    await office.ask("POST", "/v1/payout-runs", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    return trace_id


def _by_name(found: list[Arrived]) -> dict[str, Arrived]:
    return {one.span.name: one for one in found}
