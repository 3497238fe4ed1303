"""Boards: a member's place with neighbours, who leads for managers and everybody, and results with prizes."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from shared.postgres import database_url, role_name
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "boards"
PROGRAMME = """\
programme: boards
title: Harbour Makers
rules:
  - {id: message, title: Wrote a message, on: [chat.message.v1], points: 30}
recognition:
  boards:
    - id: month
      title: This month
      period: month
      public: true
      size: 3
      freeze_after_days: 3
      prizes: [{id: first, title: Dinner for two}, {id: next, title: A mug, people: 2, tie: earliest}]
    - {id: ever, title: From the beginning, description: All that was ever earned.}
"""
NAMES = {"ada": "Ada Brightwell", "bo": "Bo Lind", "cy": "Cy Okafor", "dee": "Dee Marsh"}


async def furnished(console: Console) -> dict[str, str]:
    """A community with a manager and four members on its boards, and results of last month; their ids."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request(
        "POST", f"{urls['ingest']}/v1/communities", office.key, json=declared | {"public": ["boards", "names"]}
    )
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "events:write", "members:read", "recognition:read")
    with temporary_key(console.state, COMMUNITY, "boards", scopes, urls) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)

        async def is_declared() -> bool:
            return len(request("GET", f"{urls['recognition']}/v1/boards", key)["items"]) == 2

        await until(is_declared)
        events = [
            {
                "specversion": "1.0",
                "id": f"{who} {number}",
                "source": "urn:boards",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {"channel": "chat", "actor": {"id": who, "name": NAMES[who]}, "object": {"id": "t"}},
            }
            for who, count in (("ada", 3), ("bo", 2), ("cy", 2), ("dee", 1))
            for number in range(count)
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)
        members = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
    ids = {one["name"].split()[0].lower(): one["member_id"] for one in members}
    await put_results(console.state, ids)
    return ids | {"manager": str(manager["person_id"])}


def last_month() -> date:
    today = datetime.now(UTC).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


async def put_results(state: StackState, ids: dict[str, str]) -> None:
    """Results as they are kept, of the month before the community was there."""
    conn = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("recognition")))
    first = last_month()
    last = datetime.now(UTC).date().replace(day=1) - timedelta(days=1)
    await conn.execute(
        """
        insert into board_cuts (community, board_id, period, starts_on, ends_on, title, cut_at, is_final, is_whole,
                                members, late_awards, late_points)
        values ($1, 'month', 'month', $2, $3, 'This month', now(), true, true, 3, 1, 30)
        """,
        COMMUNITY,
        first,
        last,
    )
    for place, (who, rank, points, prize) in enumerate(
        (("bo", 1, 900, "Dinner for two"), ("ada", 2, 600, "A mug"), ("dee", 2, 600, "A mug")), start=1
    ):
        await conn.execute(
            "insert into board_results"
            " (community, board_id, period, starts_on, place, member_id, rank, points, reached_at)"
            " values ($1, 'month', 'month', $2, $3, $4, $5, $6, now())",
            COMMUNITY,
            first,
            place,
            ids[who],
            rank,
            points,
        )
        await conn.execute(
            """
            insert into board_prizes values ($1, gen_random_uuid(), 'month', 'This month', $2, $3, $4, 'first', $5,
                                             $6, $7, now(), 1)
            """,
            COMMUNITY,
            first,
            last,
            ids[who],
            prize,
            rank,
            points,
        )
    await conn.close()


async def test_boards_for_members_managers_and_everybody(console: Console) -> None:
    ids = await furnished(console)
    how: dict[str, Any] = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community=COMMUNITY, identity="chat:cy", **how) as cy:
        page = cy.page
        await cy.go("/me/place")
        await page.get_by_role("link", name="All boards").click()
        await expect(page.locator("h1")).to_have_text("There are 2 boards")
        await page.get_by_role("link", name="This month").click()
        await expect(page.locator("h1")).to_have_text("This month: you have place 2")
        near = page.locator("#near")
        await expect(near).to_contain_text("One other has as many points.")
        # Who was in no results is new; who fell hears so.
        await expect(near.locator("tr", has_text="You")).to_contain_text("new")
        await expect(near.locator("tr", has_text="Bo Lind")).to_contain_text("one place down")
        await expect(near.locator("tr", has_text="Ada Brightwell")).to_contain_text("one place up")
        assert await near.locator("a[href*='/members/']").count() == 0
        await page.locator("#results a").click()
        await expect(page.locator("h1")).to_contain_text("This month: Bo Lind was first")
        await expect(page.locator("table")).to_contain_text("Dinner for two")
        assert await cy.go("/me/boards/nobodys") == 404
        assert await cy.go("/boards") == 404
    async with console.visitor(community=COMMUNITY, person=ids["manager"], **how) as mara:
        page = mara.page
        await mara.go("/boards")
        await page.get_by_role("link", name="This month").click()
        await expect(page.locator("h1")).to_have_text("This month: Ada Brightwell leads with 90")
        await expect(page.locator("#board")).to_contain_text("The first 3 are listed.")
        await expect(page.locator("#prizes")).to_contain_text("for the next 2")
        await page.locator("#board").get_by_role("link", name="Ada Brightwell", exact=True).click()
        await expect(page).to_have_url(re.compile(ids["ada"]))
        for path in ("/boards/nobodys", "/boards/month/results/2020-01-01", "/boards/month/results/never"):
            assert await mara.go(path) == 404
    visitor = await console.browser.new_context(locale="it-IT")
    page = await visitor.new_page()
    base = f"{console.state.console_url}/c/{COMMUNITY}/boards"
    await page.goto(base)
    await expect(page.locator("h1")).to_have_text("C'è una classifica")
    await page.get_by_role("link", name="This month").click()
    await expect(page.locator("h1")).to_have_text("This month: Ada Brightwell è in testa con 90")
    answer = await page.goto(f"{base}/ever")
    assert answer is not None
    assert answer.status == 404
    await visitor.close()


#: What those of every page of the console do not have: results, and a member who has won.
PAGES = {
    ("manager", "en-GB", "light", 1280): ("/boards/month", "/boards/month/results/{month}"),
    ("member", "it-IT", "dark", 320): ("/me/boards", "/me/boards/month", "/me/boards/month/results/{month}"),
    ("everybody", "en-GB", "light", 320): ("/c/boards/boards/month/results/{month}",),
}


async def test_pages_of_boards_in_languages_themes_and_widths(console: Console) -> None:
    """Comes after the other, whose community it looks at."""
    office = local_people(console.state).office
    manager = add_person(office, COMMUNITY, "Nora Haddad", ["manager"], kind="person", email=None)
    for (who, language, theme, width), paths in PAGES.items():
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        by: dict[str, Any] = {"identity": "chat:ada"} if who == "member" else {"person": str(manager["person_id"])}
        async with console.visitor(community=COMMUNITY, **by, **look) as visitor:
            for number, path in enumerate(paths):
                found = await visitor.wrong_at(path.format(month=last_month()), width=width)
                assert found == []
                size = len((await visitor.page.content()).encode())
                assert size <= 40_000, (path, size)
                if SHOTS:
                    await visitor.page.screenshot(
                        path=Path(SHOTS) / f"boards-{who}-{number}-{theme}-{width}.png", full_page=True
                    )
