"""Check-ins and receipts at the console: an organiser's screen, a member's phone, and what became of the event."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from tests.integration.console.conftest import Site, submit
from tests.integration.console.test_console_own_pages import sign_in_as_member
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


async def an_occasion(site: Site, browser: httpx.AsyncClient, *, hours: float = -1, **typed: str) -> str:
    """The path of an occasion's screen that was added by the form; the community counts in UTC."""
    begins = datetime.now(UTC) + timedelta(hours=hours)
    fields = {"title": "Meet-up", "begins_at": f"{begins:%Y-%m-%dT%H:%M}", "hours": "2", "capacity": ""} | typed
    added = await submit(browser, "/check-ins/add", **fields)
    assert added.status_code == 303, added.text
    return added.headers["location"]


async def code_at(site: Site, path: str) -> str:
    """The code that a screen shows, as a phone would read it."""
    headers = await authorization(site.ingest.pool, site.community, "events:write")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.ingest.http.port}", headers=headers, timeout=60
    ) as api:
        answer = await api.get(f"/v1/occasions/{path.rpartition('/')[2]}/code")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["code"])


async def test_an_organiser_shows_the_code_and_a_member_checks_in_by_it_once(site: Site) -> None:
    async with site.browser() as organiser, site.browser() as member:
        await site.sign_in(organiser, "manager")
        path = await an_occasion(site, organiser, capacity="1")
        screen = await organiser.get(path)
        assert "<svg" in screen.text
        # It looks again by itself, soon after there is another code and never at once.
        assert 2 <= int(screen.headers["refresh"]) <= 32
        assert "style=" not in screen.text
        await sign_in_as_member(site, member, site.community)
        here = f"/here/{await code_at(site, path)}"

        looked = await member.get(here)
        assert "0 people" in (await organiser.get(path)).text
        done, again = await submit(member, here), await submit(member, here)

        assert (looked.status_code, done.status_code, again.status_code) == (200, 200, 200)
        assert "You are checked in: Meet-up" in done.text
        assert "You were checked in already: Meet-up" in again.text
        full = await organiser.get(path)
        assert "As many are here as may" in full.text
        assert "refresh" not in full.headers
        await sign_in_as_member(site, member, site.community)
        late = await submit(member, f"/here/{await code_at(site, path)}")
        assert (late.status_code, "As many have checked in as may" in late.text) == (409, True)
        forged = await submit(member, f"/here/{'A' * 50}")
        assert (forged.status_code, "The code lets nobody check in" in forged.text) == (422, True)

        # What became of it stands by its source, and the event's receipts in one list.
        source = f"urn:plaudit:occasion:{path.rpartition('/')[2]}"

        async def counted() -> bool:
            return source in (await organiser.get("/receipts")).text

        await until(counted)
        uid = await site.ingest.pool.fetchval(
            "select event_uid::text from receipts where community = $1 order by receipt_id desc limit 1",
            site.community,
        )
        chain = await organiser.get(f"/receipts/events/{uid}")
        assert (chain.status_code, "The event came once" in chain.text) == (200, True)
        never = await organiser.get(f"/receipts/events/{uuid4()}")
        assert (never.status_code, "It never came" in never.text) == (200, True)


async def test_an_occasion_says_when_nobody_can_check_in_and_what_was_typed_wrong(site: Site) -> None:
    async with site.browser() as organiser:
        await site.sign_in(organiser, "manager")
        for hours, said in ((5, "It has not begun"), (-50, "It is over")):
            screen = await organiser.get(await an_occasion(site, organiser, hours=hours))
            assert said in screen.text
            assert "refresh" not in screen.headers
            assert not re.search(r"/here/", screen.text)
        wrong = await submit(organiser, "/check-ins/add", title="", begins_at="soon", capacity="-1", hours="2")
        assert wrong.status_code == 422
        for field in ("title", "begins_at", "capacity"):
            assert f'id="{field}-error"' in wrong.text
        assert (await organiser.get(f"/check-ins/{uuid4()}")).status_code == 404
        assert "Meet-up" in (await organiser.get("/check-ins")).text


async def test_screens_are_for_organisers_and_checking_in_for_members(site: Site) -> None:
    async with site.browser() as moderator, site.browser() as member, site.browser() as nobody:
        await site.sign_in(moderator, "moderator")
        await sign_in_as_member(site, member, site.community)
        for path in ("/check-ins", "/check-ins/add", f"/check-ins/{uuid4()}"):
            assert (await moderator.get(path)).status_code == 404, path
            assert (await member.get(path)).status_code == 404, path
        assert (await moderator.get(f"/here/{'A' * 50}")).status_code == 404
        assert (await member.get("/here/%3Cb%3E")).status_code == 404
        assert (await member.post(f"/here/{'A' * 50}")).status_code == 403  # a form that no page of ours made
        assert (
            (await nobody.get(f"/here/{'A' * 50}")).headers["location"].startswith("/sign-in?back=%2Fhere%2FAAA")
        )
