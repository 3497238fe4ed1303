"""Quests and draws: a member completes one and has what comes with it, two do one together, a draw is verified."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.draw import draw
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import LOOKED_AT, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "quests"
TODAY = datetime.now(UTC).date()
PROGRAMME = f"""\
programme: quests
title: Harbour Makers
rules:
  - {{id: answer, title: Answered somebody, on: [forum.reply.v1], points: 10}}
  - {{id: topic, title: Started a topic, on: [forum.post.v1], points: 5}}
recognition:
  badges:
    - {{id: pathfinder, title: Pathfinder, when: 'quest("first-steps") >= 1', gives: {{reward: stickers}}}}
    - {{id: sixty, title: Sixty points, at_least: 60}}
  levels: [{{id: earner, title: Earner, points: 60, gives: {{points: 500}}}}]
  quests:
    - id: first-steps
      title: First steps
      description: How everybody begins here.
      steps:
        - {{id: ask, title: Start a topic, rule: topic}}
        - {{id: help, title: Answer twice, rule: answer, times: 2}}
      in_order: true
      gives: {{points: 50, ticket: spring}}
    - id: relay
      title: Relay
      steps: [{{id: help, title: Answer three times, rule: answer, times: 3}}]
      team: {{max_members: 2}}
      within_days: 7
      gives: {{reward: stickers}}
    - {{id: sprint, title: Sprint, within_days: 3, steps: [{{id: t, title: Start topics, rule: topic, times: 9}}]}}
    - {{id: past, title: The past, ends: "2026-01-31", steps: [{{id: t, title: Start a topic, rule: topic}}]}}
rewards:
  catalogue: [{{id: stickers, title: A pack of stickers, points: 1000, stock: 100}}]
  draws:
    - {{id: spring, title: Spring draw, description: For all who began., reward: stickers, winners: 3,
       ends: "{TODAY + timedelta(days=9)}"}}
    - {{id: winter, title: Winter draw, reward: stickers, ends: "{TODAY - timedelta(days=9)}"}}
"""
NAMES = {"ada": "Ada Brightwell", "bo": "Bo Lind"}


def event(kind: str, who: str, name: str, at: datetime) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:quests",
        "type": kind,
        "time": at.isoformat(),
        "data": {"channel": "forum", "actor": {"id": who, "name": NAMES[who]}, "length_chars": 90},
    }


@pytest.mark.timeout(600)
async def test_members_do_quests_alone_and_together_and_have_what_comes_with_them(
    console: Console, tmp_path: Path
) -> None:
    state, office, urls = console.state, local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = str(add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person")["person_id"])
    scopes = (
        "programmes:write",
        "events:write",
        "members:read",
        "recognition:read",
        "rewards:read",
        "points:read",
    )
    with temporary_key(state, COMMUNITY, "quests", scopes, urls) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        await wait_until_idle(state)
        now = datetime.now(UTC)
        # The answers come before the topic, and count after it: by when each was done.
        acts = [
            event("forum.reply.v1", "ada", "r1", now - timedelta(minutes=2)),
            event("forum.reply.v1", "ada", "r2", now - timedelta(minutes=1)),
            event("forum.reply.v1", "bo", "r3", now - timedelta(minutes=1)),
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=acts)
        await wait_until_idle(state)
        late = [event("forum.post.v1", "ada", "p1", now - timedelta(minutes=3))]
        request("POST", f"{urls['ingest']}/v1/events", key, json=late)
        members = {
            one["name"]: one["member_id"] for one in request("GET", f"{urls['ingest']}/v1/members", key)["items"]
        }
        ada = members[NAMES["ada"]]

        async def ada_has_it_all() -> bool:
            found = request("GET", f"{urls['recognition']}/v1/members/{ada}/recognition", key)
            badges = {one["name"] for one in found["badges"]}
            return bool(found["points"] == 75) and badges == {"pathfinder", "sixty"}

        # 25 that she earned, and 50 with the quest: these make the badge that gives none, and never the level
        # that gives some.
        await until(ada_has_it_all)
        await wait_until_idle(state)
        found = request("GET", f"{urls['recognition']}/v1/members/{ada}/recognition", key)
        assert (found["level"], found["next_level"]["points_missing"]) == (None, 35)
        given = request("GET", f"{urls['rewards']}/v1/members/{ada}/redemptions", key)["items"]
        assert [(one["reward_id"], one["points"], one["state"]) for one in given] == [("stickers", 0, "confirmed")]
        balance = request("GET", f"{urls['rewards']}/v1/members/{ada}/balance", key)
        assert balance["available"] == 75

        how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
        async with console.visitor(community=COMMUNITY, identity="forum:ada", **how) as visitor:
            page = visitor.page
            await visitor.go("/me")
            await page.get_by_role("link", name="My quests").first.click()
            await expect(page.locator("h1")).to_have_text("2 quests are open to you")
            await expect(page.locator("#first-steps")).to_contain_text("completed")
            relay = page.locator("#relay")
            await relay.get_by_role("button", name="Join this team").click()
            await expect(page.get_by_role("alert")).to_contain_text("Say what the team is called")
            await relay.get_by_label("Name of the team").fill("The owls")
            await relay.get_by_role("button", name="Make a team of this name").click()
            await expect(relay).to_contain_text("The owls: Ada Brightwell")
        async with console.visitor(community=COMMUNITY, identity="forum:bo", **how) as visitor:
            page = visitor.page
            await visitor.go("/me/quests")
            relay = page.locator("#relay")
            await relay.get_by_label("Name of the team").fill("The eagles")
            await relay.get_by_role("button", name="Join this team").click()
            await expect(page.get_by_role("alert")).to_contain_text("The quest has no team of that name")
            await relay.get_by_label("Name of the team").fill("the owls")
            await relay.get_by_role("button", name="Join this team").click()
            await expect(relay).to_contain_text("The owls: Ada Brightwell, Bo Lind")
            assert await visitor.go("/quests") == 404
            now = datetime.now(UTC)
            acts = [event("forum.reply.v1", who, f"t{n}", now) for n, who in enumerate(("ada", "bo", "ada"))]
            request("POST", f"{urls['ingest']}/v1/events", key, json=acts)

            async def the_relay_is_done() -> bool:
                await visitor.go("/me/quests")
                return "completed" in await relay.inner_text()

            await until(the_relay_is_done)
            await visitor.go("/me/draws")
            await expect(page.get_by_text("You have no ticket.").first).to_be_visible()

        async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
            page = visitor.page
            await visitor.go("/quests")
            await expect(page.locator("#first-steps")).to_contain_text("one member completed it")
            await expect(page.get_by_text("Gives: 50 points, a ticket in “Spring draw”")).to_be_visible()

            async def winter_is_frozen() -> bool:
                return await visitor.go("/draws/winter") == 200 and "to be drawn" in await page.inner_text("h1")

            await until(winter_is_frozen)
            await page.get_by_role("button", name="Draw").click()
            await expect(page.get_by_text("Nobody had a ticket")).to_be_visible()
            await expect(page.locator(".deed")).to_have_count(0)
            await visitor.go("/draws/spring")
            await expect(page.get_by_text("Nobody yet")).to_be_visible()
            assert await visitor.go("/draws/none") == 404
        record = request("GET", f"{urls['rewards']}/v1/draws/winter/record", key)
        file = tmp_path / "winter.json"
        file.write_text(json.dumps(record))
        verified = CliRunner().invoke(draw, ["verify", str(file), "--commitment", record["commitment"]])
        assert verified.output == "right: 0 of 0 tickets won, as seed and tickets have it\n"

    wrong = []
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        for who, paths in (
            ({"person": manager}, ("/quests", "/draws", "/draws/spring", "/draws/winter")),
            ({"identity": "forum:ada"}, ("/me/quests", "/me/draws")),
        ):
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    wrong += await visitor.wrong_at(path, width=width)
                    wrong += [f"{path}: too large"] if len(await visitor.page.content()) > 40_000 else []
                    if SHOTS:
                        name = path.strip("/").replace("/", "-")
                        shot = Path(SHOTS) / f"quests-{name}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)
    assert wrong == []
