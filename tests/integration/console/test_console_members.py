"""Members' pages on a real ingest, the other services away: what is found, who may, what is down."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.integration.console.conftest import FORM_TOKEN, Site, console, submit
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

LINK = re.compile(r'href="/members/([0-9a-f-]{36})"')


@pytest.fixture(scope="module")
async def ada(site: Site) -> AsyncIterator[str]:
    """The id of a member."""
    headers = await authorization(site.ingest.pool, site.community, "members:write")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.ingest.http.port}", headers=headers, timeout=60
    ) as client:
        body = {"name": "Ada <Found>", "identities": [{"channel": "forum", "id": "ada.found"}]}
        made = await client.put("/v1/members/identities", json=body)
        assert made.status_code == 200, made.text
        yield str(made.json()["member_id"])


async def test_a_member_is_found_and_their_page_says_which_parts_are_away(site: Site, ada: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        found = await submit(browser, "/members", "/members/search", q="found")
        assert LINK.findall(found.text) == [ada]
        assert "Ada &lt;Found&gt;" in found.text
        assert "points and levels cannot be shown just now" in found.text
        token = FORM_TOKEN.search(found.text)
        assert token is not None
        palette = await browser.post("/members/find", data={"form_token": token[1], "q": "ada f"})
        (one,) = palette.json()["items"]
        assert (one["href"], one["text"], one["sub"]) == (f"/members/{ada}", "Ada <Found>", "forum:ada.found")
        assert (await submit(browser, "/members", "/members/search", q="nobody like it")).text.count(ada) == 0

        page = await browser.get(f"/members/{ada}")
        assert page.status_code == 200
        for service in ("analytics", "scoring", "recognition"):
            assert f"{service} does not answer" in page.text
        assert "ada.found" in page.text
        assert "Forget them" not in page.text
        assert (await browser.get(f"/members/{ada}/forget")).status_code == 404
        assert (await browser.get("/members/01a218cc-0000-762b-ab02-a98782000327")).status_code == 404
        assert (await browser.get("/members?mark=nonsense&after=x")).status_code == 200


async def test_what_is_said_of_members_is_said_by_whoever_may(site: Site, ada: str) -> None:
    async with site.browser() as manager, site.browser() as moderator:
        await site.sign_in(manager, "manager")
        await site.sign_in(moderator, "moderator")
        assert "Say of those chosen" not in (await moderator.get("/members")).text
        refused = await submit(moderator, "/members", "/members/mark", act="hide", **{f"m-{ada}": "yes"})
        assert refused.status_code == 404
        done = await submit(manager, "/members", "/members/mark", act="hide", **{f"m-{ada}": "yes", "m-x": "yes"})
        assert done.status_code == 200
        assert LINK.findall(done.text) == [ada]
        again = await submit(manager, "/members", "/members/mark", act="hide", **{f"m-{ada}": "yes"})
        assert "One was so already" in again.text
        assert "Undo" not in again.text
        assert "hidden" in (await manager.get(f"/members/{ada}")).text
        undone = await submit(manager, f"/members/{ada}", f"/members/{ada}/standing", act="show")
        assert (undone.status_code, undone.headers["location"]) == (303, f"/members/{ada}")
        assert "Nobody was chosen" in (await submit(manager, "/members", "/members/mark", act="bot")).text
        assert (await submit(manager, "/members", "/members/mark", act="king")).status_code == 404


async def test_members_are_compared_then_merged_then_parted(site: Site, ada: str) -> None:
    headers = await authorization(site.ingest.pool, site.community, "members:write")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.ingest.http.port}", headers=headers, timeout=60
    ) as client:
        body = {"name": "Ada Chats", "identities": [{"channel": "chat", "id": "ada.chats"}]}
        other = str((await client.put("/v1/members/identities", json=body)).json()["member_id"])
    page, form = f"/members/{ada}", f"/members/{ada}/merge"
    async with site.browser() as manager, site.browser() as moderator:
        await site.sign_in(manager, "manager")
        await site.sign_in(moderator, "moderator")
        assert (await moderator.get(form)).status_code == 404
        assert "Merge with another" not in (await moderator.get(page)).text
        found = await submit(manager, form, form, q="ada")
        assert f'href="{form}?with={other}"' in found.text
        assert f"with={ada}" not in found.text

        seen = await manager.get(f"{form}?with={other}")
        assert "Ada Chats would be one with Ada &lt;Found&gt;" in seen.text
        assert "2 members would be one person" in seen.text
        assert "recognition does not answer" in seen.text
        assert "ada.chats" not in (await manager.get(page)).text

        done = await submit(manager, f"{form}?with={other}", form, member_id=other)
        assert (done.status_code, done.headers["location"]) == (303, page)
        whole = (await manager.get(page)).text
        assert "Of 2 members who are one person" in whole
        assert "ada.chats" in whole
        sent_on = await manager.get(f"/members/{other}")
        assert (sent_on.status_code, sent_on.headers["location"]) == (303, page)
        again = await manager.get(f"{form}?with={other}")
        assert (again.status_code, "They are one member already" in again.text) == (409, True)
        assert "Part: Ada Chats" not in (await moderator.get(page)).text

        parted = await submit(manager, page, f"{page}/unmerge", member_id=other)
        assert (parted.status_code, parted.headers["location"]) == (303, f"/members/{other}")
        assert "ada.chats" in (await manager.get(f"/members/{other}")).text
        assert "Nobody is merged into them." in (await manager.get(page)).text
        assert (await manager.get(f"{form}?with=nobody")).status_code == 404


async def test_an_archive_is_whole_or_is_none(site: Site, ada: str) -> None:
    async with site.browser() as operator:
        await site.sign_in(operator, "operator")
        asked = await submit(operator, f"/members/{ada}", f"/members/{ada}/export")
        assert asked.status_code == 503
        assert "Nothing was downloaded" in asked.text


async def test_kept_views_are_found_by_the_palette_and_have_counts(site: Site, ada: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        fields = {"page": "/members", "query": "mark=person", "name": "Our people"}
        form = FORM_TOKEN.search((await browser.get("/members")).text)
        assert form is not None
        kept = await browser.post("/views", data={"form_token": form[1], **fields})
        page = await browser.get(kept.headers["location"])
        tabs = re.findall(r'<nav class="tabs".*?</nav>', page.text, re.DOTALL)
        assert re.search(r'Our people <span class="count">\d+</span>', tabs[-1]), tabs
        token = FORM_TOKEN.search(page.text)
        assert token is not None
        found: list[dict[str, Any]] = (
            await browser.post("/members/find", data={"form_token": token[1], "q": "our pe"})
        ).json()["items"]
        assert [one["href"] for one in found] == ["/members?mark=person"]


async def test_a_members_page_without_ingest_says_so(stack: Any, site: Site, ada: str) -> None:
    async with (
        console(stack, site.ingest, ask_seconds=0.0001) as slow,
        site.browser() as browser,
        slow.browser() as waiting,
    ):
        # The session is of both; only the second has no time to wait for an answer.
        await site.sign_in(browser, "operator")
        waiting.cookies.update(browser.cookies)
        for path in (
            "/members",
            f"/members/{ada}",
            f"/members/{ada}/merge",
            f"/members/{ada}/merge?with=01a218cc-0000-762b-ab02-a98782000327",
            "/members/suggestions",
        ):
            page = await waiting.get(path)
            assert page.status_code == 200, path
            assert "ingest does not answer" in page.text, path
