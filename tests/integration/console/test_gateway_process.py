"""The gateway as a process of its own before a real ingest: events come through it, and without it."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.services import SERVICES
from tests.integration.console.conftest import free_port
from tests.integration.services.process import running
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


@asynccontextmanager
async def gateway(ingest_url: str, metrics_port: int) -> AsyncIterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The process, and its address; the other four services are away."""
    port = free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    urls = {service: ingest_url if service == "ingest" else nowhere for service in SERVICES}
    environment = {f"PLAUDIT_{service.upper()}_URL": url for service, url in urls.items()}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "console.gateway.main"],
        env={
            **environment,
            "PLAUDIT_HTTP_PORT": str(port),
            "PLAUDIT_METRICS_PORT": str(metrics_port),
            "PYTHONPATH": ":".join(sys.path),
        },
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:

            async def is_up() -> bool:
                try:
                    return (await client.get("/readyz")).is_success
                except httpx.TransportError:
                    return False

            await until(is_up)
        yield url, process
    finally:
        process.kill()
        process.wait(10)


def event(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"post-{number}",
        "source": "https://forum.example.org",
        "type": "forum.post.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": {"channel": "forum", "actor": {"id": "ada"}},
    }


async def test_ingest_takes_events_through_the_gateway_and_after_its_death(stack: Any) -> None:
    async with running(SPEC, Settings(**stack.settings("ingest"))) as parts:
        direct = f"http://127.0.0.1:{parts.http.port}"
        key = await authorization(parts.pool, f"gateway-{uuid4().hex[:8]}", "events:write", "receipts:read")
        metrics_port = free_port()
        async with (
            httpx.AsyncClient(headers=key, timeout=60) as client,
            gateway(direct, metrics_port) as (url, process),
        ):
            through = await client.post(f"{url}/v1/events", json=event(1))
            assert through.status_code == 202, through.text
            # What ingest refuses is refused as it does, and what it says of shares comes back.
            assert "ratelimit" in through.headers
            refused = await client.post(f"{url}/v1/events", json={"specversion": "1.0"})
            assert (
                refused.json()["type"]
                == (await client.post(f"{direct}/v1/events", json={"specversion": "1.0"})).json()["type"]
            )
            nobody = await client.post(
                f"{url}/v1/events", json=event(2), headers={"Authorization": "Bearer plk_x_y"}
            )
            assert (nobody.status_code, nobody.json()["type"]) == (401, "urn:plaudit:problem:unknown-access-key")

            # What it measures is not at the address that everybody has.
            assert (await client.get(f"{url}/metrics")).status_code == 404
            measured = (await client.get(f"http://127.0.0.1:{metrics_port}/metrics")).text
            assert 'plaudit_http_requests_total{method="POST",route="/v1/events",status="202"} 1.0' in measured

            process.kill()
            process.wait(10)
            with pytest.raises(httpx.TransportError):
                await client.post(f"{url}/v1/events", json=event(3))
            after = await client.post(f"{direct}/v1/events", json=event(3))
            assert after.status_code == 202

            async def is_complete() -> bool:
                receipts = [through.json()["receipt_id"], after.json()["receipt_id"]]
                answers = [(await client.get(f"{direct}/v1/receipts/{one}")).json() for one in receipts]
                return all(one["counts"]["accepted"] == 1 for one in answers)

            await until(is_complete)
