"""What the pages of members and those for everybody promise, also while the other services are away."""

from uuid import uuid4

import httpx
import pytest

from tests.integration.console.conftest import COMMUNITY, Site, submit
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

REDEMPTION = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"
CODE = f"/me/rewards/chosen/{REDEMPTION}"
PAGES = (
    "/me",
    "/me/place",
    "/me/rewards",
    "/me/rewards/mug",
    CODE,
    "/claim/token",
    "/me/payouts",
    "/me/data",
    "/me/data/erase",
)
FORMS = (
    *("/me/rewards/mug", f"/me/rewards/chosen/{REDEMPTION}/give-up", "/me/payouts/bank", "/me/data"),
    *("/claim/token", "/me/data/export", "/me/data/erase"),
)


async def sign_in_as_member(site: Site, browser: httpx.AsyncClient, community: str = COMMUNITY) -> None:
    """Sign in somebody whom a platform knows."""
    identity = {"channel": "forum", "id": f"ada-{uuid4().hex[:8]}"}
    scopes = ("members:write", "sign_in:write")
    headers = await authorization(site.ingest.pool, community, *scopes)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.ingest.http.port}", headers=headers, timeout=60
    ) as api:
        declared = {"identities": [identity], "name": "Ada"}
        assert (await api.put("/v1/members/identities", json=declared)).is_success
        made = await api.post("/v1/sign-in-links", json={"identity": identity})
        assert made.status_code == 201, made.text
    await browser.get("/sign-in/link", params={"k": made.json()["link"]})
    assert (await submit(browser, "/sign-in/link")).status_code == 303


async def test_a_members_pages_say_who_is_away_and_keep_the_rest(site: Site) -> None:
    async with site.browser() as browser:
        await sign_in_as_member(site, browser)
        for path in PAGES:
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert "does not answer" in page.text, path
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert page.headers["cache-control"] == "no-store"
        # Half of an archive would pass for all of it, and nobody is forgotten who could not be told what is open.
        archive = await submit(browser, "/me/data", "/me/data/export")
        assert archive.status_code == 503
        assert "text/html" in archive.headers["content-type"]
        erased = await submit(browser, "/me/data", "/me/data/erase", word="forget me", forfeit="yes")
        assert (erased.status_code, (await browser.get("/me/data")).status_code) == (503, 200)
        # What was typed stays, and in no address.
        refused = await submit(browser, "/me/data", "/me/payouts/bank", name="Ada", iban="NL91 ABNA")
        assert refused.status_code == 503
        assert 'value="NL91 ABNA"' in refused.text
        empty = await submit(browser, "/me/data", "/me/payouts/bank", name="", iban="")
        assert empty.status_code == 422
        # What is no key of a form of ours is in no header, and breaks no page.
        for key in ("ü", "٣", "a b", "x" * 65, ""):
            chosen = await submit(browser, "/me/data", "/me/rewards/mug", key=key)
            assert chosen.status_code == 404, key
        wished = await submit(browser, "/me/data", wish="boards", value="no")
        assert wished.headers["location"] == "/me/data"
        assert "Be on boards" in (await browser.get("/me/data")).text


async def test_members_pages_are_nobody_elses_and_take_no_form_that_they_did_not_make(site: Site) -> None:
    async with site.browser() as manager, site.browser() as member:
        await site.sign_in(manager, "manager", "operator")
        await sign_in_as_member(site, member)
        for path in PAGES:
            assert (await manager.get(path)).status_code == 404, path
        for path in FORMS:
            assert (await manager.post(path)).status_code == 404, path
            assert (await member.post(path)).status_code == 403, path


async def test_a_community_that_shows_nothing_is_as_if_there_were_none(site: Site) -> None:
    async with site.browser() as browser:
        for community in (COMMUNITY, "nobody", "No-Slug", "%00", "x" * 70):
            for page in ("", "/rules", "/leaderboard"):
                assert (await browser.get(f"/c/{community}{page}")).status_code == 404, community
            card = await browser.get(f"/c/{community}/cards/{REDEMPTION}.svg")
            # Recognition is away: nobody says that there is no such card.
            assert card.status_code in (404, 503)
            assert "cache-control" not in card.headers or "public" not in card.headers["cache-control"]
