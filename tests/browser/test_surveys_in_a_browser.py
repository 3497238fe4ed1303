"""Surveys: found on a member's page, answered by a link without signing in or script, and read by a manager."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from shared.postgres import database_url
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "asking"
PROGRAMME = """\
programme: asking
title: Harbour Makers
rules:
  - {id: answered, title: Answered a survey, on: [survey.response.v1], points: 5}
surveys:
  quiet_days: 0
  ask:
    - id: recommend
      title: Would you recommend us?
      kind: nps
      question: {en: "How likely are you to <b>recommend</b> us?", it: "Quanto è probabile che ci consiglieresti?"}
      each: quarter
      comment: true
    - id: helped
      title: Were you helped?
      kind: csat
      question: {en: Were you helped?}
      each: month
      anonymous: true
"""


async def furnished(console: Console) -> tuple[str, list[dict[str, Any]]]:
    """A community of six members who are asked; the manager's id, and what each is asked."""
    office, urls = local_people(console.state).office, console.state.service_urls
    request(
        "POST", f"{urls['ingest']}/v1/communities", office.key, json={"id": COMMUNITY, "title": "Harbour Makers"}
    )
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "programmes:read", "events:write", "members:read")
    with temporary_key(console.state, COMMUNITY, "surveys", scopes, urls) as key:
        events = [
            {
                "specversion": "1.0",
                "id": f"m{number}",
                "source": "urn:asking",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {
                    "channel": "chat",
                    "actor": {"id": f"m{number}", "name": f"Ada {number}"},
                    "object": {"id": "o"},
                },
            }
            for number in range(6)
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)

        async def asked() -> list[dict[str, Any]] | None:
            url = f"{urls['ingest']}/v1/members/chat:m{{}}/survey-invitations".format
            found = [one for number in range(6) for one in request("GET", url(number), key)["items"]]
            return found if len(found) == 12 else None

        found = await until(asked)
    assert found is not None
    return str(manager["person_id"]), found


async def test_a_link_is_answered_without_signing_in_and_a_manager_sees_what_five_say(console: Console) -> None:
    manager, asked = await furnished(console)
    links = {kind: [one["token"] for one in asked if one["kind"] == kind] for kind in ("nps", "csat")}
    how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 800}}
    async with console.visitor(community=COMMUNITY, identity="chat:m0", **how) as ada:
        await ada.go("/me/surveys")
        await expect(ada.page.locator("h1")).to_have_text("2 questions wait for you")
        await ada.page.get_by_role("link", name="recommend").click()
        await expect(ada.page.locator("h1")).to_have_text("How likely are you to <b>recommend</b> us?")
        await ada.page.get_by_role("button", name="Send the answer").click()
        await expect(ada.page.locator("#score-error")).to_contain_text("Choose a number")
        await ada.page.get_by_label("9", exact=True).check()
        await ada.page.get_by_label("In your words").fill("=cmd() <script>alert(1)</script>")
        await ada.page.get_by_role("button", name="Send the answer").click()
        await expect(ada.page.locator("h1")).to_have_text("Thank you for your answer")
    base = console.state.service_urls["ingest"]
    async with httpx.AsyncClient(base_url=base, timeout=60) as anybody:
        for place, token in enumerate(links["csat"][:5]):
            path = f"/v1/survey-invitations/{token}/answer"
            assert (await anybody.post(path, json={"score": place + 1})).status_code == 200
        for place, token in enumerate(links["nps"][1:]):
            path = f"/v1/survey-invitations/{token}/answer"
            assert (await anybody.post(path, json={"score": 5 + place})).status_code == 200
    await wait_until_idle(console.state)
    # Answers of the month that goes on are not shown yet: these are of the one before.
    analytics = await asyncpg.connect(database_url(console.state.postgres_admin_url, "plaudit_analytics"))
    for table, day in (
        ("survey_asked", "asked_on"),
        ("survey_answers", "answered_on"),
        ("survey_blocks", "counted_on"),
    ):
        await analytics.execute(f"update {table} set {day} = {day} - 31 where community = $1", COMMUNITY)
    await analytics.close()
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:

        async def is_counted() -> bool:
            await mara.go("/surveys")
            return "fewer than five" not in await mara.page.locator("tbody").inner_text()

        await until(is_counted)
        await expect(mara.page.locator("tbody")).to_contain_text("Would you recommend us?")
        await mara.go("/surveys/helped")
        await expect(mara.page.locator("h1")).to_have_text("Were you helped? – 40")
        table = await mara.page.request.get(f"{console.state.console_url}/surveys/helped/table.csv")
        assert table.ok, table.status
        assert b'"5","40.0"' in await table.body()
        assert await mara.go("/surveys/none") == 404
        # Words are theirs; a suggestion is made of them once.
        await mara.go("/surveys/recommend")
        await mara.page.get_by_role("link", name="What members wrote").click()
        await expect(mara.page.locator("#list")).to_contain_text("=cmd() <script>alert(1)</script>")
        await mara.page.get_by_role("link", name="Make it a suggestion").click()
        form = mara.page.url.removeprefix(console.state.console_url)
        await mara.page.get_by_label("What, in a line").fill(" ")
        await mara.page.get_by_role("button", name="Suggest it for them").click()
        await expect(mara.page.get_by_role("alert").first).to_contain_text("There is a problem")
        await mara.page.get_by_label("What, in a line").fill("A <dark> theme")
        await mara.page.get_by_role("button", name="Suggest it for them").click()
        await expect(mara.page.get_by_role("status")).to_contain_text("on the list in a moment")
        assert "/ideas/" in mara.page.url
        await mara.go("/surveys/recommend/words")
        await expect(mara.page.get_by_role("link", name="It is a suggestion")).to_have_count(1)
    for language, theme, width in (("en-GB", "light", 1280), ("it-IT", "dark", 320)):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        people = (
            ({"person": manager}, ("/surveys", "/surveys/recommend", "/surveys/recommend/words", form)),
            (
                {"identity": "chat:m1"},
                ("/me/surveys", f"/survey/{links['nps'][1]}", f"/survey/{links['csat'][5]}"),
            ),
        )
        for who, paths in people:
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    assert await visitor.go(path) == 200
                    assert await visitor.violations() == [], path
                    assert await visitor.width() <= width, path
                    if SHOTS:
                        name = path.strip("/")[:30].replace("/", "-")
                        await visitor.page.screenshot(
                            path=Path(SHOTS) / f"{name}-{theme}-{width}.png", full_page=True
                        )
