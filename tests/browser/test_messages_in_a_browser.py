"""Messages: what goes which way, in which words, what became of each, and what a member wants to hear of."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from services.ingest.messages.handlers.sealing import Link, write_link
from services.ingest.settings import Settings
from shared.postgres import database_url
from tests.browser.conftest import LOOKED_AT, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "letters"
SHOTS = os.environ.get("PLAUDIT_SHOTS")
#: Whoever sends may have taken it up before the page is read.
WAITS = re.compile("waits|is being sent")
SCOPES = ("members:write", "members:read", "messages:read", "messages:write")
STATES = (("sent", None), ("unknown", "no_answer"), ("bounced", "refused"), ("dropped", "unwanted"))


async def furnished(console: Console) -> tuple[str, str]:
    """A community with a manager and a member who is reached by mail: the manager's id, and the address's."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Letter Writers", "time_zone": "Europe/Rome", "languages": ["en", "it"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    with temporary_key(console.state, COMMUNITY, "letters", SCOPES, urls) as key:
        body = {"identities": [{"channel": "forum", "id": "grace"}], "name": "Grace"}
        member = request("PUT", f"{urls['ingest']}/v1/members/identities", key, json=body)["member_id"]
        said = {"address": "grace@example.org", "confirmed": True}
        request("PUT", f"{urls['ingest']}/v1/members/{member}/messaging/address", key, json=said)
    conn = await asyncpg.connect(database_url(console.state.postgres_admin_url, "plaudit_ingest"))
    try:
        for state, why in STATES:
            await conn.execute(
                """
                insert into messages (community, message_id, request_id, channel, kind, member_id, "values", state,
                    requested_at, due_at, in_digest, tries_count, settled_at, why, said)
                values ($1, $2, $2, 'mail', 'badge', $3::text::uuid, '{"title": "Ten accepted answers"}', $4, $5,
                    $5, false, 1, $5, $6, '250 OK')
                """,
                COMMUNITY,
                uuid4(),
                member,
                state,
                datetime.now(UTC),
                why,
            )
        address = await conn.fetchval(
            "select address_id::text from message_addresses where community = $1", COMMUNITY
        )
    finally:
        await conn.close()
    return str(manager["person_id"]), address


async def test_messages_are_chosen_worded_looked_at_and_ended(console: Console) -> None:
    manager, address = await furnished(console)
    how: dict[str, Any] = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        page = mara.page
        await mara.go("/overview")
        await page.get_by_role("link", name="Messages", exact=True).first.click()
        await expect(page.locator("h1")).to_have_text("Nobody is written to")
        await expect(page.locator("main")).to_contain_text("No mail is sent here yet")
        await expect(page.locator("#log tbody tr")).to_have_count(4)
        # What cannot be is said, and nothing is lost of what was typed.
        await page.get_by_label("Mail", exact=True).first.check()
        await page.get_by_label("Who writes").fill("The writers")
        await page.get_by_role("button", name="Save").first.click()
        await expect(page.get_by_role("alert").first).to_contain_text("PLAUDIT_SMTP_HOST")
        await expect(page.get_by_label("Who writes")).to_have_value("The writers")
        await page.get_by_label("Mail", exact=True).first.uncheck()
        await page.get_by_label("Quiet from").fill("21:00")
        await page.get_by_label("to", exact=True).fill("08:00")
        await page.get_by_role("button", name="Save").first.click()
        await expect(page.get_by_label("Quiet from")).to_have_value("21:00")
        await page.get_by_role("link", name="Look at them, and send them again or leave it").click()
        await expect(page.locator("#log tbody tr")).to_have_count(1)
        await page.locator("#log tbody a").first.click()
        await expect(page.locator("main")).to_contain_text("If it went, they get it twice.")
        await page.get_by_role("button", name="Send it again").click()
        await expect(page.locator("h1")).to_contain_text(WAITS)
        await mara.go("/messages/words/badge/en")
        await page.get_by_label("Text").fill("{% for x in name %}{% endfor %}")
        await page.get_by_role("button", name="See how it reads").click()
        await expect(page.locator("main")).to_contain_text("A template names values and asks `if`")
        await page.get_by_label("Subject").fill("{{ title }} for {{ name }}")
        await page.get_by_label("Text").fill("**Well done**, {{ name }}")
        await page.get_by_role("button", name="See how it reads").click()
        await expect(page.locator("main")).to_contain_text("Ten accepted answers for Ada")
        await expect(page.locator(".prose strong")).to_have_text("Well done")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("main")).to_contain_text("These are your own words.")
        await page.get_by_role("button", name="Back to the words that come with Plaudit").click()
        await expect(page.locator("main")).to_contain_text("These words come with Plaudit")
        assert await mara.go("/messages/words/none/en") == 404
        assert await mara.go(f"/messages/{uuid4()}") == 404
    async with console.visitor(community=COMMUNITY, identity="forum:grace", **how) as grace:
        assert await grace.go("/messages") == 404
        await grace.go("/me/messages")
        await expect(grace.page.locator("main")).to_contain_text("grace@example.org")
        await grace.page.get_by_label("A level was reached").uncheck()
        await grace.page.get_by_label("How often").select_option("weekly")
        await grace.page.get_by_role("button", name="Save").last.click()
        await expect(grace.page.get_by_label("A level was reached")).not_to_be_checked()
        await expect(grace.page.get_by_label("How often")).to_have_value("weekly")
    own = Settings(text_keys=console.state.text_keys)
    stop = write_link(own, Link("address", COMMUNITY, address, "badge"))
    await a_link_is_followed_by_nobody_in_particular(console, stop)
    async with console.visitor(community=COMMUNITY, identity="forum:grace", **how) as grace:
        await grace.go("/me/messages")
        await expect(grace.page.get_by_label("A badge was given")).not_to_be_checked()
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community=COMMUNITY, person=manager, **look) as mara:
            await mara.go("/messages")
            one = await mara.page.locator("#log tbody a").first.get_attribute("href")
            for name, path in (("page", "/messages"), ("words", "/messages/words/badge/it"), ("one", one or "")):
                await looked_at(mara, path, width=width, shot=f"{name}-{theme}-{width}")
        async with console.visitor(community=COMMUNITY, identity="forum:grace", **look) as grace:
            await looked_at(grace, "/me/messages", width=width, shot=f"mine-{theme}-{width}")
            await looked_at(grace, f"/unsubscribe/{stop}", width=width, shot=f"stop-{theme}-{width}")


async def a_link_is_followed_by_nobody_in_particular(console: Console, stop: str) -> None:
    context = await console.browser.new_context(locale="en-GB", java_script_enabled=False)
    page, url = await context.new_page(), console.state.console_url
    await page.goto(f"{url}/unsubscribe/{stop}")
    await expect(page.locator("h1")).to_have_text("No more messages of this kind from Letter Writers?")
    await page.get_by_role("button", name="No more of these").click()
    await expect(page.locator("h1")).to_have_text("You get no more of these")
    none = await page.goto(f"{url}/unsubscribe/none.of_ours")
    assert none is not None
    assert none.status == 404
    await page.goto(f"{url}/confirm-address/none.of_ours")
    await page.get_by_role("button", name="Yes, it is mine").click()
    await expect(page.locator("h1")).to_have_text("This link is over, or none of ours")
    await context.close()


async def looked_at(visitor: Any, path: str, *, width: int, shot: str) -> None:
    """A page is whole and readable."""
    assert await visitor.go(path) == 200
    assert await visitor.violations() == []
    assert await visitor.width() <= width
    if SHOTS:
        await visitor.page.screenshot(path=Path(SHOTS) / f"messages-{shot}.png", full_page=True)
