"""How many statements a batch of plain events takes in each service: a round trip each, shared by its events."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from bench import chain
from bench.chain import Chain, Link
from shared.postgres import create_pool
from shared.service import ServiceSpec
from shared.services import SERVICES
from tests.conftest import Stack

pytestmark = pytest.mark.stack

PROGRAMMES = Path(__file__).parents[3] / "programmes"
#: So many that they are copied in, not inserted.
EVENTS_COUNT = 100
MEMBERS_COUNT = 10
MORNING = datetime(2026, 3, 4, 8, tzinfo=UTC)
#: For a batch and all that follows from it, with begin and commit, by programme. Two of scoring's are asked once a
#: second, not of each batch.
MOST = {
    "messages.yaml": {"ingest": 11, "scoring": 16, "recognition": 17, "rewards": 11, "analytics": 15},
    "starter.yaml": {"ingest": 11, "scoring": 16, "recognition": 20, "rewards": 11, "analytics": 15},
}


@pytest.fixture
async def services(stack: Stack) -> AsyncIterator[Chain]:
    """The handlers of all services, of which each is given what another tells of this test's community."""
    links = {}
    try:
        for name in SERVICES:
            spec: ServiceSpec = import_module(f"services.{name}.main").SPEC
            at_once: dict[str, Any] = {"programme_lead_seconds": 0} if name == "scoring" else {}
            settings = spec.settings(**stack.settings(name), pool_max_count=2, **at_once)
            links[name] = Link(spec, settings, await create_pool(name, settings), psutil.Process())
        yield Chain(links)
    finally:
        for link in links.values():
            await link.pool.close()


def messages(day: int) -> list[dict[str, Any]]:
    """Messages of a day, as many of each member, each to the next."""
    return [
        {
            "specversion": "1.0",
            "id": f"{day}-{number}",
            "source": "https://chat.example.org",
            "type": "chat.message.v1",
            "time": (MORNING + timedelta(days=day, seconds=number)).isoformat(),
            "data": {
                "channel": "chat",
                "actor": {"id": f"u{number % MEMBERS_COUNT}"},
                "object": {"id": f"m{day}-{number}", "author": {"id": f"u{(number + 1) % MEMBERS_COUNT}"}},
            },
        }
        for number in range(EVENTS_COUNT)
    ]


@pytest.mark.parametrize("programme", MOST)
async def test_a_batch_of_plain_events_takes_few_statements(services: Chain, programme: str) -> None:
    community = f"c{uuid4().hex[:12]}"
    for link in services.links.values():
        link.keys = f"{community}|%".encode()
    # What makes money of points two people publish, and no event asks for it.
    text = re.sub(r"(?m)^rewards:\n(?:[ #].*\n|\n)*", "", (PROGRAMMES / programme).read_text())
    await chain.publish(services, community, text)
    await services.feed(community, messages(0))

    services.reset_costs()
    await services.feed(community, messages(1))

    taken = {service: link.cost.statements_count for service, link in services.links.items()}
    assert all(taken[service] > 0 for service in SERVICES)
    assert {service: count for service, count in taken.items() if count > MOST[programme][service]} == {}
