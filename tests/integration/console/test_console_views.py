"""Saved views of tables, which are kept in the console's own database."""

import re

import httpx
import pytest

from console.pages.views import routes
from console.pages.views.routes import VIEWS_MAX_COUNT
from tests.integration.console.conftest import FORM_TOKEN, Site

pytestmark = pytest.mark.stack

POINTS = "/figures/points"


async def post(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    token = FORM_TOKEN.search((await browser.get("/account")).text)
    assert token is not None
    return await browser.post(path, data={"form_token": token[1], **fields})


async def tabs(browser: httpx.AsyncClient, path: str = POINTS) -> list[str]:
    page = (await browser.get(path)).text
    found = re.search(r'<nav class="tabs".*?</nav>', page, re.DOTALL)
    return [] if found is None else re.findall(r"<a [^>]*>([^<]*)</a>", found[0])


async def test_a_view_is_kept_removed_and_brought_back_by_whoever_made_it(site: Site) -> None:
    async with site.browser() as browser, site.browser() as other:
        await site.sign_in(browser, "manager")
        await site.sign_in(other, "manager")
        kept = await post(browser, "/views", page=POINTS, query="days=7&rule=a%26b", name=" Only <a>  ")
        assert kept.headers["location"] == f"{POINTS}?days=7&rule=a%26b"
        shown = await browser.get(kept.headers["location"])
        assert "The view is saved" in shown.text
        assert "The view is saved" not in (await browser.get(POINTS)).text
        assert await tabs(browser) == ["All", "Only &lt;a&gt;"]
        assert await tabs(browser, "/figures/events") == []
        assert await tabs(other) == []

        remove = re.search(r'action="(/views/[0-9a-f-]+/remove)"', shown.text)
        assert remove is not None
        assert (await post(other, remove[1], back=POINTS)).status_code == 404
        assert (await post(browser, remove[1], back=POINTS)).status_code == 303
        told = (await browser.get(POINTS)).text
        undo = re.search(r'action="(/views/[0-9a-f-]+/restore)"', told)
        assert undo is not None
        assert await tabs(browser) == []
        assert (await post(browser, undo[1], back=POINTS)).status_code == 303
        assert await tabs(browser) == ["All", "Only &lt;a&gt;"]


async def test_views_are_bounded_and_lead_nowhere_else(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        for number in range(VIEWS_MAX_COUNT + 1):
            await post(browser, "/views", page=POINTS, query=f"rule=r{number}", name=f"v{number}")
        assert "A page has twelve views at most" in (await browser.get("/account")).text
        assert len(await tabs(browser)) == VIEWS_MAX_COUNT + 1
        for page in ("//evil.example", "https://evil.example", "/a?b", ""):
            assert (await post(browser, "/views", page=page, query="a=b", name="x")).status_code == 404
        browser.cookies.set("plaudit-toast", "view-removed~https://evil.example")
        asked = await browser.get(POINTS)
        assert "The view is removed" in asked.text
        assert "evil.example" not in asked.text


async def test_a_view_of_too_much_is_none_and_all_pages_have_an_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ALL_VIEWS_MAX_COUNT", 3)
    async with site.browser() as browser:
        person_id = await site.sign_in(browser, "manager")
        many = "&".join(f"a{number}=1" for number in range(30))
        assert (await post(browser, "/views", page=POINTS, query=many, name="x")).status_code == 404
        for number in range(5):
            await post(browser, "/views", page=f"/page-{number}", query="a=b", name="x")
        kept = await site.database.fetch("select page from saved_views where person_id = $1", person_id)
        assert sorted(row["page"] for row in kept) == ["/page-0", "/page-1", "/page-2"]
