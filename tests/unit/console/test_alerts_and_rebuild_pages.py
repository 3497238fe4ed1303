"""The page of alerts, and what the page of parts says of a rebuild, before services that say something of them."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from console.app import create_app
from console.asking import Services
from console.settings import Settings
from console.sign_in.domain import Session
from shared.services import SERVICES
from tests.unit.console.test_every_route import HERE, Database, signed_in

GOAL = {
    "name": "goal_off_target",
    "about": "heard",
    "state": "raised",
    "since": "2026-01-30T09:00:00Z",
    "told_on": "2026-01-30",
    "told_at": "2026-01-30T09:00:00Z",
    "values": {
        "title": "Heard <b>of</b>",
        "state": "off_pace",
        "actual": "30",
        "target": "1200",
        "forecast": "90",
    },
}
RED = GOAL | {"name": "indicator_red", "about": "answered_in_time", "values": {"practice": "8"}}
LOST = GOAL | {"name": "lineage_lost", "about": "payout_lots", "values": {"count": "3"}}
REBUILD = {
    "state": "reading",
    "records_read": 750_000,
    "records_left": 250_000,
    "records_per_second": 2_000.0,
    "seconds_left": 125.0,
    "started_at": "2026-01-30T09:00:00Z",
}


async def shown(path: str, said: dict[str, Any], *, language: str = "en") -> str:
    """The page's main part, where services answer what is said by the path and its state, and nothing else."""
    session = replace(signed_in(is_member=False), ends_at=signed_in(is_member=False).ends_at)

    def answer(request: httpx.Request) -> httpx.Response:
        key = request.url.path + (f"?{request.url.params['state']}" if "state" in request.url.params else "")
        if key in said:
            return httpx.Response(200, json=said[key])
        return httpx.Response(404, json={"type": "urn:plaudit:problem:unknown", "title": "None", "status": 404})

    async def find(_: str) -> Session:
        return session

    urls = {service: f"http://{service}" for service in SERVICES}
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        app = create_app(Settings(), Database(), Services(urls, client, 1_000_000))  # type: ignore[arg-type]
        sessions: Any = SimpleNamespace(find=find)
        app.state.console = replace(app.state.console, sessions=sessions)
        cookies = {"plaudit-session": session.secret}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE, cookies=cookies) as browser:
            page = await browser.get(path, headers={"Accept-Language": language})
    assert page.status_code == 200, page.text
    found = re.search(r"<main.*</main>", page.text, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"\s+", " ", found[0]).split())


def alerts(*standing: Any, over: Any = ()) -> dict[str, Any]:
    return {
        "/v1/alerts?raised": {"items": list(standing), "next": None},
        "/v1/alerts?cleared": {"items": [one | {"state": "cleared"} for one in over], "next": None},
    }


async def test_alerts_that_stand_say_what_they_are_about_and_lead_to_where_that_is() -> None:
    page = await shown("/alerts", alerts(GOAL, RED, LOST, over=[RED]))
    assert "3 things need somebody" in page
    assert "Heard &lt;b&gt;of&lt;/b&gt;" in page
    assert "30 of 1,200" in page
    for words in ("Questions answered within 24 hours", "Payouts that lead to no award", "What is over"):
        assert words in page
    for place in ("/goals/heard", "/scorecard/answered_in_time", "/explorer", "/messages", "/me/messages"):
        assert f'href="{place}"' in page


async def test_where_nothing_stands_the_page_says_so_and_where_one_turns_messages_on() -> None:
    page = await shown("/alerts", alerts())
    assert "Nothing needs anybody" in page
    assert 'href="/messages"' in page


async def test_the_page_speaks_italian() -> None:
    page = await shown("/alerts", alerts(GOAL), language="it")
    assert "Una cosa ha bisogno di qualcuno" in page
    assert "Un obiettivo manca il traguardo" in page


@pytest.mark.parametrize(
    ("rebuild", "words"),
    [
        (REBUILD, "750,000 of 1,000,000 records are read. About 3 minutes are left."),
        (REBUILD | {"state": "stopped"}, "nobody reads for it"),
        (REBUILD | {"state": "there", "records_left": 0, "seconds_left": 0.0}, "it is there"),
    ],
)
async def test_the_page_of_parts_says_how_far_a_rebuild_is(rebuild: Any, words: str) -> None:
    assert words in await shown("/parts", {"/v1/rebuild": rebuild})


async def test_the_page_of_parts_says_nothing_where_there_is_none() -> None:
    assert "built anew" not in await shown("/parts", {"/v1/rebuild": {"state": "none"}})
