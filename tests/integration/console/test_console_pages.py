"""What the frame promises of every page."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from console.frame.rendering import Templates
from shared.telemetry import TRACE_ID
from tests.integration.console.conftest import FORM_TOKEN, Site, console, submit
from tests.waiting import until

pytestmark = pytest.mark.stack

TRACE = re.compile(r"trace ([0-9a-f]{32})<")
PAGES = (
    "/overview",
    "/figures/active-members",
    "/figures/points",
    "/figures/rejected",
    "/leaderboard",
    "/explorer",
)


async def test_a_part_whose_service_is_down_says_so_and_the_rest_stays(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        for path in PAGES[:-1]:
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert re.search("(analytics|recognition) does not answer", page.text), path
            assert "Try again" in page.text
            # All of a page's questions are in one trace, by which whoever runs it finds them in the logs.
            assert len(set(TRACE.findall(page.text))) == 1
        # An id that nobody can say anything about now is not said to be none.
        asked = await browser.get("/explorer/b1eb0827-3103-577e-b2bc-bf975893ea70")
        assert asked.status_code == 503
        assert "Not everybody answered" in asked.text


async def test_a_page_that_broke_shows_the_trace_that_its_log_has(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    render = Templates.render

    def breaks(templates: Templates, language: str, template: str, context: Mapping[str, Any]) -> str:
        if template == "pages/not_found.html":
            raise ZeroDivisionError
        return render(templates, language, template, context)

    logged: list[str | None] = []
    noting = logging.Filter()
    monkeypatch.setattr(noting, "filter", lambda record: logged.append(TRACE_ID.get()) or True)
    caplog.handler.addFilter(noting)
    monkeypatch.setattr(Templates, "render", breaks)
    async with site.browser() as browser:
        broken = await browser.get("/no-such-page", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    caplog.handler.removeFilter(noting)
    assert broken.status_code == 500
    (shown,) = TRACE.findall(broken.text)
    # Nobody's browser decides in which trace a visit is.
    assert shown != "a" * 32
    assert shown in logged


async def test_a_page_that_one_may_not_see_is_as_if_there_were_none(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "moderator")
        forbidden, nowhere = await browser.get("/try-it"), await browser.get("/no-such-page")
        assert (forbidden.status_code, nowhere.status_code) == (404, 404)
        assert 'href="/try-it"' not in forbidden.text
        same = [TRACE.sub("", re.sub(r'value="[^"]*"', "", page.text)) for page in (forbidden, nowhere)]
        assert same[0] == same[1]
        # A form is not taken either.
        assert (await browser.post("/try-it", data={"type": "x"})).status_code == 404


async def test_members_pages_are_for_members_alone(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        assert (await browser.get("/me")).status_code == 404


@pytest.mark.parametrize("how", ["without", "of-another", "cross-site", "no-session"])
async def test_a_form_that_no_page_of_ours_made_does_nothing(site: Site, how: str) -> None:
    async with site.browser() as browser, site.browser() as other:
        await site.sign_in(browser, "manager")
        await site.sign_in(other, "manager")
        token = FORM_TOKEN.search((await browser.get("/account")).text)
        others = FORM_TOKEN.search((await other.get("/account")).text)
        assert token is not None
        assert others is not None
        fields = {"without": {}, "of-another": {"form_token": others[1]}}.get(how, {"form_token": token[1]})
        headers = {"Origin": "https://evil.example"} if how == "cross-site" else {}
        if how == "no-session":
            session = browser.cookies["plaudit-session"]
            browser.cookies.clear()
        refused = await browser.post("/sign-out", data=fields, headers=headers)
        assert refused.status_code == 403
        assert "Nothing was done" in refused.text
        if how == "no-session":
            browser.cookies.set("plaudit-session", session)
        assert (await browser.get("/account")).status_code == 200


async def test_browsers_are_told_what_a_page_may_do_and_pages_do_no_more(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        for path in (*PAGES, "/account", "/sign-in", "/no-such-page"):
            page = await browser.get(path)
            policy = page.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["cache-control"] == "no-store"
            assert not re.search(r"<[^>]+\s(style|on\w+)=|<style|<script(?![^>]+src=)|javascript:", page.text), (
                path
            )
            assert len(page.content) < 40_000, path
        static = sorted({*re.findall(r'(?:href|src)="(/static/[^"#]+)"', page.text)})
        sizes = [len((await browser.get(one)).read()) for one in static]
        assert len(static) > 4
        assert sum(sizes) < 110_000
        kept = await browser.get(static[0])
        assert "immutable" in kept.headers["cache-control"]


async def test_another_name_that_leads_here_is_refused(site: Site) -> None:
    async with site.browser() as browser:
        assert (await browser.get("/sign-in", headers={"Host": "evil.example"})).status_code == 421
        assert (await browser.get("/livez", headers={"Host": "10.0.0.1"})).status_code == 200


async def test_nobody_sees_another_community(site: Site) -> None:
    event = {
        "specversion": "1.0",
        "id": "secret-1",
        "source": "urn:other",
        "type": "chat.message.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": {"channel": "chat", "actor": {"id": "ada"}, "length_chars": 5},
    }
    async with site.browser() as theirs, site.browser() as ours:
        await site.sign_in(theirs, "manager", community="other-community")
        await site.sign_in(ours, "manager")
        form = FORM_TOKEN.search((await theirs.get("/try-it?as=json")).text)
        assert form is not None
        sent = await theirs.post("/try-it", data={"form_token": form[1], "event": json.dumps(event)})
        receipt = sent.headers["location"].removeprefix("/try-it/").partition("?")[0]

        async def traced() -> Any:
            shown = await theirs.get(f"/explorer/{receipt}")
            assert shown.status_code == 200
            return re.search(r'"/explorer/([0-9a-f]{32})"', shown.text)

        trace = await until(traced)
        # Whatever a platform's log has of it leads to what came by it.
        for said in (trace[1], f"00-{trace[1]}-00f067aa0ba902b7-01"):
            found = await theirs.post("/explorer", data={"form_token": form[1], "q": said})
            assert "One event came by this trace" in (await theirs.get(found.headers["location"])).text
        # Who could know it too is away here, and might.
        assert (await ours.get(f"/explorer/{trace[1]}", follow_redirects=True)).status_code == 503
        assert (await ours.get(f"/explorer/{receipt}")).status_code == 404
        assert (await ours.get(f"/try-it/{receipt}")).status_code == 404


async def test_what_was_typed_wrong_is_said_by_its_field_and_kept(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        fields = {"type": "forum.reply.v1", "actor": "", "length": "many", "other": "kofi & <co>"}
        refused = await submit(browser, "/try-it", **fields)
        assert refused.status_code == 422
        assert "There are 2 problems" in refused.text
        assert '<a href="#actor">' in refused.text
        assert refused.text.count('aria-invalid="true"') == 2
        assert 'value="many"' in refused.text
        assert "kofi &amp; &lt;co&gt;" in refused.text
        assert "<title>Error:" in refused.text


async def test_a_type_that_the_programme_declares_has_a_form_of_its_fields(site: Site) -> None:
    fields = [
        {"name": "minutes", "title": "Minutes", "type": "integer", "required": True},
        {"name": "company", "title": "Company", "personal": True},
        {"name": "kind", "title": "Kind", "type": "choice", "values": ["live", "later"]},
    ]
    declared = {"types": [{"id": "webinar.attended.v1", "title": "Attended a webinar", "fields": fields}]}
    await site.ingest.pool.execute(
        "insert into declared_event_types values ($1, 1, '2026-01-01', $2::jsonb)",
        site.community,
        json.dumps(declared),
    )
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        assert (
            '<a href="/try-it?type=webinar.attended.v1">Attended a webinar</a>'
            in (await browser.get("/try-it")).text
        )
        form = "/try-it?type=webinar.attended.v1"
        said = {"type": "webinar.attended.v1", "actor": "ada", "field-company": "Example"}
        refused = await submit(browser, form, "/try-it", **said, **{"field-minutes": "9" * 30})
        assert (refused.status_code, 'href="#field-minutes"' in refused.text) == (422, True)
        # Ingest looks at the values; it believes what it knew of the community for a moment.
        async with asyncio.timeout(30):
            sent = refused
            while sent.status_code != 303:
                sent = await submit(
                    browser, form, "/try-it", **said, **{"field-minutes": "45", "field-kind": "live"}
                )
        assert sent.headers["location"].startswith("/try-it/r")


async def test_a_page_speaks_the_readers_language_and_keeps_what_was_chosen(site: Site) -> None:
    async with site.browser(**{"Accept-Language": "it-IT,it;q=0.9"}) as browser:
        page = await browser.get("/sign-in")
        assert '<html lang="it"' in page.text
        assert "Entra in Plaudit" in page.text
        chosen = await submit(
            browser, "/sign-in", "/preferences", language="en", theme="dark", back="//evil.example"
        )
        assert chosen.headers["location"] == "/"
        page = await browser.get("/sign-in")
        assert '<html lang="en" data-theme="dark"' in page.text


async def test_no_name_or_secret_gets_into_an_address(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        found: httpx.Response = await submit(browser, "/explorer", q="forum:somebody@example.org")
        assert found.status_code == 404
        assert "somebody" not in str(found.url)


@pytest.mark.parametrize(
    "event",
    [
        '{"data": [1]}',
        '{"data": "text"}',
        '{"type": ["a"], "data": {"actor": "ada", "in_reply_to": "x", "object": 3}}',
        '{"data": {"object": {"author": []}}}',
        '{"data": ' + "[" * 400 + "]" * 400 + "}",
    ],
    ids=["list", "text", "odd types", "odd author", "deep"],
)
async def test_what_is_typed_as_json_may_be_anything(site: Site, event: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        answer = await submit(browser, "/try-it?as=json", "/try-it", event=event)
        assert answer.status_code == 422
        assert "Error:" in answer.text


async def test_a_number_too_long_for_any_page_breaks_nothing(site: Site) -> None:
    async with site.browser() as browser:
        for page in ("/programme", "/waiting/programmes", "/explorer/programme"):
            assert (await browser.get(f"{page}/{'9' * 5000}")).status_code == 414
        await site.sign_in(browser, "administrator")
        assert (await browser.get(f"/waiting/programmes/{'9' * 500}")).status_code < 500


async def test_a_form_that_comes_too_slowly_is_not_waited_for(stack: Any, ingest: Any) -> None:
    async with console(stack, ingest, body_seconds=0.3) as site:
        host, port = site.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /preferences HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 9\r\n\r\nform".encode()
        )
        async with asyncio.timeout(180):
            assert (await reader.readline()).startswith(b"HTTP/1.1 403")
        writer.close()
