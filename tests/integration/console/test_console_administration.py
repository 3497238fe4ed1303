"""People, keys and the community through the console, as an administrator does it in a browser without script."""

import html
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.console.conftest import COMMUNITY, FORM_TOKEN, Site, submit
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

PAGES = {
    "/people": "administrator",
    "/people/add": "administrator",
    "/keys": "administrator",
    "/keys/add": "administrator",
    "/community": "administrator",
    "/audit": "operator",
    "/audit.csv": "operator",
    "/audit?service=rewards&from=2026-01-31&object=x": "operator",
    "/parts": "operator",
    "/parts/ingest": "operator",
    "/programme": "manager",
    "/programme/versions": "manager",
    "/programme/edit": "author",
    "/programme/drafts": "manager",
    "/campaigns": "manager",
    "/by-hand": "author",
    "/held": "author",
    "/waiting": "manager",
    f"/waiting/payout-runs/{uuid4()}": "finance_maker",
    f"/waiting/outcomes/{uuid4()}": "finance_approver",
}
#: What each of these roles may see of the pages above.
SEEN = {
    "moderator": {"/by-hand", "/held"},
    "operator": {
        "/people",
        "/campaigns",
        "/parts",
        "/parts/ingest",
        "/programme",
        "/programme/versions",
        "/programme/drafts",
    }
    | {"/waiting", "/by-hand", "/held", "/campaigns"}
    | {path for path in PAGES if path.startswith(("/audit", "/waiting/"))},
    "administrator": {path for path, role in PAGES.items() if role not in {"finance_maker", "author"}}
    - set(list(PAGES)[-2:]),
    "manager": {"/programme", "/programme/versions", "/programme/edit", "/programme/drafts", "/waiting"}
    | {"/by-hand", "/held", "/campaigns"},
}


def texts(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def added(browser: httpx.AsyncClient, *roles: str) -> str:
    """The id of somebody whom an administrator adds."""
    fields = {f"role-{role}": "yes" for role in roles}
    answer = await submit(browser, "/people/add", name=f"Grace {uuid4().hex[:4]}", **fields)
    return answer.headers["location"].removeprefix("/people/")


async def link_for(browser: httpx.AsyncClient, person: str) -> str:
    """A link that an administrator makes for somebody."""
    made = await submit(browser, f"/people/{person}", f"/people/{person}/link")
    link = re.search(r"http://[^<]+/sign-in/link\?k=[^<]+", made.text)
    assert link is not None, made.text
    return link[0]


@pytest.mark.parametrize("role", SEEN)
async def test_pages_are_for_whoever_may_see_them(site: Site, role: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, role)
        asked = {path: (await browser.get(path)).status_code for path in PAGES}
        assert {path for path, status in asked.items() if status != 404} == SEEN[role]
        # What one may see and nobody answers says so, and is no error of the console.
        assert set(asked.values()) <= {200, 404, 503}


async def test_pages_do_no_more_than_browsers_are_told(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator", "operator", "finance_approver", "manager")
        for path in PAGES:
            page = await browser.get(path)
            assert not re.search(r"<[^>]+\s(style|on\w+)=|<style|<script(?![^>]+src=)|javascript:", page.text), (
                path
            )
            assert len(page.content) < 40_000, path
            if path not in {
                "/people",
                "/people/add",
                "/keys",
                "/keys/add",
                "/community",
                "/parts",
                "/parts/ingest",
            }:
                assert "not answer" in page.text, path


async def test_a_person_is_added_given_roles_disabled_and_enabled(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator")
        refused = await submit(browser, "/people/add", name="", **{"role-manager": "yes"})
        assert refused.status_code == 422
        assert '<a href="#name">Say what they are called</a>' in refused.text
        assert 'id="role-manager" value="yes" checked' in refused.text

        added = await submit(browser, "/people/add", name="Grace Hopper", email="grace@example.org")
        page = added.headers["location"]
        assert re.fullmatch(r"/people/[0-9a-f-]{36}", page)
        assert "They have no role" not in (await browser.get(page)).text  # a form is there instead
        await submit(browser, page, f"{page}/roles", **{"role-finance_maker": "yes", "role-manager": "yes"})
        shown = await browser.get(page)
        assert "Saved" in shown.text
        assert shown.text.count(" checked>") == 2
        # What it stops is said before.
        assert "payout runs that they made or approved" in shown.text
        await submit(browser, page, f"{page}/disable")
        shown = await browser.get(page)
        assert "Enable again" in shown.text
        assert "/link" not in shown.text
        await submit(browser, page, f"{page}/enable")
        assert "Disable Grace Hopper" in (await browser.get(page)).text
        assert "Grace Hopper" in (await browser.get("/people")).text


async def test_a_link_made_for_somebody_signs_them_in_and_nobody_decides_about_themselves(site: Site) -> None:
    async with site.browser() as browser, site.browser() as theirs:
        await site.sign_in(browser, "administrator")
        person = await added(browser, "administrator")
        link = await link_for(browser, person)
        assert link.startswith(site.url)
        # It is not made by looking at a page again.
        assert "psl_" not in (await browser.get(f"/people/{person}")).text
        await theirs.get(link)
        assert (await submit(theirs, "/sign-in/link")).status_code == 303

        page = await theirs.get(f"/people/{person}")
        assert "Nobody decides about themselves" in page.text
        assert f"/people/{person}/roles" not in page.text
        refused = await submit(theirs, "/people/add", f"/people/{person}/disable")
        assert refused.status_code == 403
        assert "Nobody decides about themselves" in refused.text
        assert (await theirs.get(f"/people/{uuid4()}")).status_code == 404


async def test_a_key_is_made_shown_once_rotated_and_revoked(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator")
        owner = await added(browser, "manager")
        form = await browser.get(f"/keys/add?person={owner}")
        assert 'name="scope-events:write"' in form.text
        assert 'name="scope-payouts:approve"' not in form.text  # their roles do not give it
        wanted = {"person": owner, "name": "forum <plugin>", "days": "30"}
        refused = await submit(browser, f"/keys/add?person={owner}", "/keys/add", **wanted)
        assert (refused.status_code, "nothing is not enough" in refused.text) == (422, True)
        together = {"scope-events:write": "yes", "scope-public:read": "yes"}
        refused = await submit(browser, f"/keys/add?person={owner}", "/keys/add", **wanted, **together)
        assert (refused.status_code, "does that alone" in refused.text) == (422, True)
        made = await submit(
            browser, f"/keys/add?person={owner}", "/keys/add", **wanted, **{"scope-events:write": "yes"}
        )
        first = secret_in(made)
        key_id = first.split("_")[1]
        page = f"/keys/{key_id}"
        shown = await browser.get(page)
        assert first not in shown.text
        assert "forum &lt;plugin&gt;" in shown.text
        assert await scopes_of(site, first) == ["events:write"]

        rotated = await submit(browser, page, f"{page}/rotate", hours="1")
        second = secret_in(rotated)
        assert second != first
        assert "replaced, works on for a while" in (await browser.get(page)).text
        assert await scopes_of(site, second) == ["events:write"]

        revoked = await submit(browser, page, f"{page}/revoke")
        assert revoked.headers["location"] == page
        assert "It lets nobody in any more" in (await browser.get(page)).text
        await until(lambda: is_refused(site, first))
        listed = texts(await browser.get(f"/keys?person={owner}"))
        assert listed.count("forum") >= 2
        # Nor is anything else at ingest asked for by what stands in the place of an id.
        for said in ("nobody", "%3Flimit=1", "%2E%2E", first):
            assert (await browser.get(f"/keys/{said}")).status_code == 404


def secret_in(page: httpx.Response) -> str:
    found = re.search(r"plk_[0-9a-f]{12}_[A-Za-z0-9_-]+", page.text)
    assert found is not None, page.text
    return found[0]


async def scopes_of(site: Site, key: str) -> Any:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.ingest.http.port}", timeout=60) as client:
        return (await client.get("/v1/key", headers={"Authorization": f"Bearer {key}"})).json()["scopes"]


async def is_refused(site: Site, key: str) -> bool:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.ingest.http.port}", timeout=60) as client:
        answer = await client.get("/v1/key", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code == 401


@pytest.fixture
async def declared(site: Site) -> str:
    """A community that was declared, as the installation's administrator does."""
    name = f"declared-{uuid4().hex[:8]}"
    admin = await add_person(site.ingest.pool, "plaudit", "administrator")
    headers = await authorization(site.ingest.pool, "plaudit", "communities:write", person_id=admin)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.ingest.http.port}", timeout=60) as client:
        made = await client.post("/v1/communities", json={"id": name, "title": "Harbour"}, headers=headers)
    assert made.status_code == 201, made.text
    return name


async def test_the_community_is_changed_by_a_form(site: Site, declared: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator", community=declared)
        form = fields_of(await browser.get("/community"))
        assert (form["title"], form["revision"], form["bots"]) == ("Harbour", "1", "*[bot]")
        wrong = form | {"time_zone": "Europe/Romee", "languages": "xx", "background": "#fff"}
        refused = await submit(browser, "/community", **wrong)
        assert refused.status_code == 422
        assert "There is no such time zone (There is no time zone `Europe/Romee`; did you mean" in refused.text
        assert '<a href="#languages">' in refused.text
        assert 'value="Europe/Romee"' in refused.text

        wanted = form | {"title": "Harbour Makers", "look_name": "Makers", "publishing": "two_people"}
        wanted |= {"time_zone": "Europe/Rome", "public-boards": "yes"}
        assert (await submit(browser, "/community", **wanted)).status_code == 303
        page = await browser.get("/community")
        assert "Harbour Makers: it takes two people to publish a programme" in page.text
        assert "Days are those of Europe/Rome" in page.text
        assert "· Makers ·" in page.text  # at once, everywhere
        # Of two who change it at a time, the second is told.
        stale = await submit(browser, "/community", **(form | {"title": "Other"}))
        assert stale.status_code == 409
        assert "Somebody changed it meanwhile" in stale.text


async def test_that_fewer_people_publish_is_approved_on_a_page_by_another(site: Site, declared: str) -> None:
    async with site.browser() as asker, site.browser() as approver:
        await site.sign_in(asker, "administrator", community=declared)
        for wanted in ("two_people", "one_person"):
            form = fields_of(await asker.get("/community"))
            assert (await submit(asker, "/community", **(form | {"publishing": wanted}))).status_code == 303
        asked = (await asker.get("/community")).text
        assert "it takes two people to publish a programme" in asked
        assert "You asked: another administrator approves it." in asked
        assert (await submit(asker, "/community", "/community/review-policy/approve")).status_code == 403

        await site.sign_in(approver, "administrator", community=declared)
        assert "/community#review-policy" in (await approver.get("/waiting")).text
        assert (await submit(approver, "/community", "/community/review-policy/approve")).status_code == 303
        assert "one person publishes a programme" in (await approver.get("/community")).text
        assert (await submit(approver, "/community", "/community/review-policy/withdraw")).status_code == 409


def fields_of(page: httpx.Response) -> dict[str, str]:
    """The fields of the form as they are filled."""
    inputs = re.findall(r'<input[^>]* name="([\w-]+)"[^>]* value="([^"]*)"', page.text)
    chosen = re.findall(r'<select[^>]* name="(\w+)".*?<option value="(\w+)" selected>', page.text, re.DOTALL)
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', page.text)
    found = dict([*inputs, *chosen, *areas])
    ticked = set(re.findall(r'type="checkbox" name="([\w-]+)"[^>]* checked', page.text))
    boxes = set(re.findall(r'type="checkbox" name="([\w-]+)"', page.text))
    skipped = boxes - ticked | {"form_token"}
    return {name: value for name, value in found.items() if name not in skipped}


async def test_a_community_that_nobody_declared_says_who_does(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator")
        assert "Nobody declared this community" in (await browser.get("/community")).text


async def test_parts_say_their_version_and_who_does_not_answer(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "operator")
        page = texts(await browser.get("/parts"))
        assert "4 of 6 parts do not do their work" in page
        assert re.search(r"ingest [\d.]+ ready", page)
        assert page.count("it does not answer") >= 4
        assert (await browser.get("/parts/kafka")).status_code == 404


async def test_a_draft_stays_where_scoring_does_not_answer(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        text = "programme: makers\r\ntitle: 'A & <b>B'\r\n"
        for button in ("check", "publish", "mend", "try"):
            page = await submit(browser, "/programme/edit", text=text, **{button: "1:makers:menders"})
            assert page.status_code in {200, 422, 503}
            assert "scoring does not answer. Nothing is lost: the text stays here" in page.text
            shown = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
            assert shown is not None
            expected = text.replace("makers", "menders") if button == "mend" else text
            assert html.unescape(shown[1]) == expected.replace("\r\n", "\n")
        part = await submit(browser, "/programme/edit", "/programme/edit/check", text=text)
        assert (part.status_code, "<html" in part.text, "data-part=" in part.text) == (200, False, True)
        offered = await submit(
            browser, "/programme/edit", "/programme/edit/complete", text=text, line="1", column="1"
        )
        assert offered.json() == {"column": 1, "items": []}
        for path in ("", "/check", "/complete"):
            assert (await browser.post(f"/programme/edit{path}", data={"text": text})).status_code == 403
        for line in ("", "x", "-1"):
            wrong = await submit(browser, "/programme/edit", "/programme/edit/complete", line=line, column="1")
            assert wrong.status_code == 404


@pytest.mark.parametrize("action", ["/people/add", "/keys/add", "/community"])
async def test_a_form_of_no_page_changes_nothing(site: Site, action: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "administrator")
        refused = await browser.post(action, data={"name": "x", "title": "x"})
        assert (refused.status_code, "Nothing was done" in refused.text) == (403, True)
        token = FORM_TOKEN.search((await browser.get("/people/add")).text)
        assert token is not None
    assert COMMUNITY
