"""Nudges: a manager sees what each does and who got it, a member why they got theirs, and ends a kind of them."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "nudges"
#: Two looks of each page, or all of them.
FULL = os.environ.get("PLAUDIT_BROWSER") == "full"
LOOKS = [("en-GB", "light", 1280), ("it-IT", "dark", 320)]
LOOKS += [("en-GB", "dark", 320), ("it-IT", "light", 1280)] if FULL else []
PROGRAMME = """\
programme: nudges
title: Harbour Makers
rules:
  - {id: reply, title: Answered somebody, on: [forum.reply.v1], points: 3}
recognition:
  nudges:
    of:
      - {id: answered, title: Somebody answered you, kind: answered, holdout_percent: 0, wished: [forum.post.v1]}
      - {id: hello, title: Welcome, kind: welcome, holdout_percent: 0, wished: [forum.post.v1]}
"""


def _said(name: str, by: str, kind: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:nudges",
        "type": kind,
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": by, "name": by.title()}, **data},
    }


async def furnished(console: Console) -> str:
    """A community with a manager, in which Bo answered Ada; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json={"id": COMMUNITY, "title": "Harbour"})
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "programmes:read", "events:write", "recognition:read", "analytics:read")
    with temporary_key(console.state, COMMUNITY, "nudges", scopes, (*urls,)) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)

        async def is_in_force() -> bool:
            return bool(request("GET", f"{urls['recognition']}/v1/nudges", key)["nudges"])

        await until(is_in_force)
        answer = _said("a", "bo", "forum.reply.v1", in_reply_to={"id": "q", "author": {"id": "ada"}})
        request("POST", f"{urls['ingest']}/v1/events", key, json=[_said("q", "ada", "forum.post.v1"), answer])

        async def is_compared() -> bool:
            found = request("GET", f"{urls['analytics']}/v1/lift/nudges", key)["items"]
            return {one["nudge"] for one in found} == {"answered", "hello"}

        await until(is_compared)
    return str(manager["person_id"])


async def test_a_manager_sees_what_nudges_do_and_a_member_ends_a_kind(console: Console) -> None:
    manager = await furnished(console)
    for language, theme, width in LOOKS:
        look: dict[str, Any] = {"locale": language, "color_scheme": theme}
        look["viewport"] = {"width": width, "height": 900}
        async with console.visitor(community=COMMUNITY, person=manager, **look) as mara:
            for path in ("/nudges", "/nudges?nudge=answered") if FULL else ("/nudges",):
                assert await mara.go(path) == 200
                assert await mara.violations() == []
                assert await mara.width() <= width
            await expect(mara.page.locator("#latest tbody")).to_contain_text("Ada")
            assert mara.complaints == []
        async with console.visitor(community=COMMUNITY, identity="forum:ada", **look) as ada:
            assert await ada.go("/me/nudges") == 200
            assert await ada.violations() == []
            assert await ada.width() <= width
            await expect(ada.page.locator("#own")).to_contain_text("Somebody answered you")
            assert await ada.go("/nudges") == 404
    async with console.visitor(community=COMMUNITY, identity="forum:ada", locale="en-GB") as ada:
        await ada.go("/me/nudges")
        await ada.page.get_by_role("button", name="No more of these: When somebody answers me").click()
        await expect(ada.page.locator("#kinds")).to_contain_text("You want none of these")
        await ada.go("/me/messages")
        await expect(ada.page.get_by_label("A nudge: somebody answered them")).not_to_be_checked()
        await expect(ada.page.get_by_label("A nudge: welcome")).to_be_checked()
