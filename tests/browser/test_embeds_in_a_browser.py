"""Embeds on another site: in the community's look, where it allows the site, and never of who is hidden."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import issue_key, local_people
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import FULL, Console, Visitor
from tests.integration.services.ingest.test_communities import logo
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PIER = "pier"
PROGRAMME = """
programme: pier
title: Pier
rules:
  - {id: message, title: Wrote, on: [chat.message.v1], points: 10}
guidelines:
  version: "1"
  text: Be kind.
  summary: What we keep to.
  categories: [{id: spam, title: Spam}]
recognition:
  boards: [{id: month, title: This month, period: month, public: true}]
  kudos: {per_month: 5, values: [{id: patience, title: Patience}]}
  milestones:
    - {id: first, title: First message, rule: message, at: [1]}
"""
NAMES = {
    "ada": "Ada Brightwell",
    "mallory": "<b onmouseover=alert(1)>Mallory</b>",
    "quiet": "Quinn Quiet",
    "hidden": "Hidde Hidden",
    "suspended": "Susi Suspended",
}
#: Who is on no board and in no celebration that others see; thanks of who is suspended stay.
ABSENT = ("quiet", "hidden", "suspended")
#: Who thanks whom; the last is taken back.
THANKS = (("ada", "mallory"), ("suspended", "ada"), ("ada", "quiet"), ("hidden", "ada"), ("mallory", "ada"))
THANKS_SHOWN_COUNT = 2
WORDS = "<i>Thank you</i> for staying with it."
SCOPES = (
    "events:write",
    "programmes:write",
    "programmes:approve",
    "members:read",
    "members:write",
    "recognition:read",
    "guidelines:write",
)
COLOURS = {"background": "#fff8ef", "text": "#2a1a10", "accent": "#b0341a"}
WIDTHS = (200, 480, 800) if FULL else (200,)


def message(who: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"m-{who}",
        "source": "urn:pier",
        "type": "chat.message.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "chat", "actor": {"id": who, "name": NAMES[who]}, "length_chars": 40},
    }


def thanks() -> list[dict[str, Any]]:
    """Kudos of the pier, and the retraction of the last."""

    def event(event_id: str, kind: str, who: str, **data: Any) -> dict[str, Any]:
        said = {"channel": "chat", "actor": {"id": who, "name": NAMES[who]}, **data}
        return message(who) | {"id": event_id, "type": kind, "data": said}

    given = [
        event(
            f"k-{nth}",
            "kudos.given.v1",
            giver,
            object={"id": f"k-{nth}", "author": {"id": receiver, "name": NAMES[receiver]}},
            message=WORDS,
            value="patience",
        )
        for nth, (giver, receiver) in enumerate(THANKS)
    ]
    target = {"source": "urn:pier", "id": given[-1]["id"]}
    return [*given, event("k-back", "activity.retracted.v1", THANKS[-1][0], target=target)]


@contextmanager
def site(text: list[str]) -> Iterator[str]:
    """Another site, whose one page is what `text` has first."""

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><link rel=icon href=data:,>{text[0]}".encode())

        def log_message(self, *_: object) -> None:
            """Nothing is said of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def furnished(state: StackState, sites: list[str]) -> dict[str, str]:
    """The pier with members; the ids of members by name."""
    urls, office = state.service_urls, local_people(state).office
    look = {"name": "The pier", "colours": COLOURS, "logo_png": logo(32)}
    wanted = {"id": PIER, "title": "Pier", "look": look, "embed_sites": sites}
    wanted["public"] = ["boards", "names", "celebrations", "cards", "kudos"]
    request("POST", f"{office.ingest_url}/v1/communities", office.key, json=wanted)
    key = issue_key(state, PIER, "embeds", SCOPES)["key"]
    yaml = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
    request("POST", f"{urls['scoring']}/v1/programmes", key, **yaml)
    # What happens before a milestone's past is counted is of that past, and celebrated with nobody.
    await wait_until_idle(state)
    request("POST", f"{urls['ingest']}/v1/events", key, json=[*(message(who) for who in NAMES), *thanks()])
    ids: dict[str, str] = {}

    async def scored() -> bool:
        items = request("GET", f"{urls['recognition']}/v1/leaderboard", key)["items"]
        ids.update({who: one["member_id"] for one in items for who in NAMES if NAMES[who] == one["name"]})
        return len(ids) == len(NAMES)

    await until(scored)
    said = f"{urls['ingest']}/v1/members"
    request(
        "PUT", f"{said}/{ids['quiet']}/preferences", key, json={"source": "test", "opt_outs": {"boards": True}}
    )
    request("PUT", f"{said}/{ids['hidden']}/standing", key, json={"hidden": True})
    spam = {"member": ids["suspended"], "reason": "spam"}
    request("POST", f"{urls['scoring']}/v1/suspensions", key, json=spam, headers={"Idempotency-Key": "spam"})
    for who in ("ada", "hidden"):
        request("PUT", f"{said}/{ids[who]}/preferences", key, json={"source": "test", "consents": {"card": True}})
    return ids


@pytest.fixture(scope="session")
def page_text() -> list[str]:
    return [""]


@pytest.fixture(scope="session")
def allowed(page_text: list[str]) -> Iterator[str]:
    with site(page_text) as address:
        yield address


@pytest.fixture(scope="session")
async def pier(console: Console, allowed: str) -> Mapping[str, str]:
    return await furnished(console.state, [allowed])


async def shown_without_the_absent(anybody: httpx.AsyncClient) -> None:
    """Wait until boards, celebrations and the wall have heard of whoever is on none."""
    counts = {"leaderboard": len(NAMES) - len(ABSENT), "celebrations": len(NAMES) - len(ABSENT)}
    counts["kudos"] = THANKS_SHOWN_COUNT

    async def so() -> bool:
        said = {path: (await anybody.get(f"{path}.json")).json()["items"] for path in counts}
        return {path: len(items) for path, items in said.items()} == counts

    await until(so)


async def test_an_embed_is_framed_by_an_allowed_site_and_by_no_other(
    console: Console, pier: Mapping[str, str], page_text: list[str], allowed: str
) -> None:
    base = f"{console.state.console_url}/c/{PIER}/embeds"
    context = await console.browser.new_context(locale="it-IT", color_scheme="dark")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    of_ada = f"cards/{pier['ada']}"
    paths = ("leaderboard?theme=light", "boards/month?language=en", "celebrations", "kudos", of_ada)
    page_text[0] = "".join(f'<iframe src="{base}/{path}" width="200" height="500"></iframe>' for path in paths)
    async with httpx.AsyncClient(base_url=base, timeout=60) as anybody:
        await shown_without_the_absent(anybody)
    await page.goto(allowed)
    for nth, says in enumerate(("Classifica", "This month", "Festeggiamenti", "Kudos", NAMES["ada"])):
        await expect(page.frame_locator("iframe").nth(nth).locator("h1")).to_have_text(says)
    board = page.frame_locator("iframe").nth(0)
    # Markup in a name is shown, the logo is there, and the colours are the community's, in the theme asked for.
    await expect(board.locator("li").filter(has_text=NAMES["mallory"])).to_be_visible()
    assert await board.locator("img").evaluate("one => one.naturalWidth") == 32
    for nth, colour in ((0, "rgb(255, 248, 239)"), (1, "rgb(42, 26, 16)")):
        html = page.frame_locator("iframe").nth(nth).locator("html")
        assert await html.evaluate("one => getComputedStyle(one).backgroundColor") == colour
        assert await html.evaluate("one => one.scrollWidth") <= 200
        assert await html.evaluate("one => one.querySelectorAll('script').length") == 0
    assert await context.cookies() == []
    assert complaints == []
    with site(page_text) as other:
        await page.goto(other)

        async def refused() -> bool:
            return len([one for one in complaints if "frame-ancestors" in one]) == len(paths)

        await until(refused)
    await context.close()


async def test_of_who_is_hidden_suspended_or_wants_no_part_an_embed_says_nothing(
    console: Console, pier: Mapping[str, str]
) -> None:
    base = f"{console.state.console_url}/c/{PIER}/embeds"
    async with httpx.AsyncClient(base_url=base, timeout=60) as anybody:
        await shown_without_the_absent(anybody)
        paths = (
            "leaderboard",
            "leaderboard?period=all&count=25",
            "boards/month",
            "celebrations?count=25",
            "kudos",
        )
        for path in paths:
            plain, _, query = path.partition("?")
            for kind in ("", ".json"):
                answer = await anybody.get(f"{plain}{kind}?{query}")
                assert answer.status_code == 200, path
                assert NAMES["ada"] in answer.text, path
                absent = ABSENT[:2] if path == "kudos" else ABSENT
                assert not [who for who in absent if NAMES[who] in answer.text], path
                assert not [one for one in pier.values() if one in answer.text], path
                assert "<b onmouseover" not in answer.text or kind == ".json"
                assert "<i>" not in answer.text or kind == ".json"
        said = (await anybody.get("kudos.json")).json()["items"]
        assert {(one["giver"], one["receiver"]) for one in said} == {
            (NAMES[giver], NAMES[receiver]) for giver, receiver in THANKS[:THANKS_SHOWN_COUNT]
        }
        assert {(one["message"], one["value"]) for one in said} == {(WORDS, "Patience")}
        # The hidden one wants a card, and has none; the others said nothing.
        for who in ("hidden", "quiet", "mallory"):
            assert (await anybody.get(f"cards/{pier[who]}")).status_code == 404
        assert (await anybody.get(f"cards/{pier['ada']}.json")).json()["name"] == NAMES["ada"]


async def test_an_embed_may_be_kept_and_everything_else_stays_in_no_frame(
    console: Console, pier: Mapping[str, str], allowed: str
) -> None:
    async with httpx.AsyncClient(base_url=console.state.console_url, timeout=60) as anybody:
        one = await anybody.get(f"/c/{PIER}/embeds/leaderboard?language=en")
        assert f"frame-ancestors 'self' {allowed}" in one.headers["content-security-policy"]
        assert "x-frame-options" not in one.headers
        assert "set-cookie" not in one.headers
        assert (one.headers["cache-control"], "vary" in one.headers) == ("public, max-age=60", False)
        again = await anybody.get(one.url.raw_path.decode(), headers={"If-None-Match": one.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "frame-ancestors" in again.headers["content-security-policy"]
        assert (await anybody.get(f"/c/{PIER}/embeds/leaderboard.json")).headers[
            "access-control-allow-origin"
        ] == "*"
        for path in (
            f"/c/{PIER}/leaderboard",
            "/sign-in",
            f"/c/{PIER}/embeds/logo.png",
            "/c/none/embeds/leaderboard",
        ):
            answer = await anybody.get(path)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["x-frame-options"] == "DENY", path
        for wrong in ("leaderboard?utm=x", "celebrations?period=week"):
            refused = await anybody.get(f"/c/{PIER}/embeds/{wrong}")
            assert (refused.status_code, refused.headers["cache-control"]) == (422, "no-store")
        # A community that there is not and a board that there is not are told apart by nobody.
        nothing = [
            (answer.status_code, answer.text)
            for path in (f"{PIER}/embeds/boards/other", "none/embeds/leaderboard", "%00/embeds/leaderboard")
            for answer in [await anybody.get(f"/c/{path}")]
        ]
        assert nothing == [(404, "There is no such embed.\n")] * 3


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_embed_is_whole_and_readable(console: Console, pier: Mapping[str, str], width: int) -> None:
    wrong = []
    for theme in ("light", "dark"):
        look: dict[str, Any] = {"color_scheme": theme, "viewport": {"width": width, "height": 700}}
        context = await console.browser.new_context(locale="it-IT", **look)
        visitor = Visitor(await context.new_page(), console.state.console_url)
        for path in ("leaderboard", "boards/month", "celebrations", "kudos", f"cards/{pier['ada']}"):
            wrong += await visitor.wrong_at(f"/c/{PIER}/embeds/{path}", width=width)
        await context.close()
    assert wrong == []


async def test_a_manager_pastes_an_embed_and_an_administrator_allows_a_site(
    console: Console, pier: Mapping[str, str]
) -> None:
    async with console.visitor(community=PIER, locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/embeds")
        await expect(page.locator("h1")).to_have_text("One site may show the community in a frame")
        await expect(page.frame_locator("iframe.preview").locator("h1")).to_have_text("Leaderboard")
        await page.get_by_label("Theme").select_option("dark")
        await page.get_by_label("How many").select_option("5")
        await page.get_by_role("button", name="Look").click()
        pasted = page.get_by_role("region", name="To paste into a page")
        await expect(pasted).to_contain_text(f'/c/{PIER}/embeds/leaderboard?theme=dark&count=5"')
        await page.get_by_role("link", name="Kudos", exact=True).last.click()
        await expect(page.frame_locator("iframe.preview").locator("h1")).to_have_text("Kudos")
        sites = page.get_by_label("Sites")
        await sites.fill(f"{await sites.input_value()}\nhttps://acme.example; script-src *")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("is no site")
        kept = (await sites.input_value()).splitlines()[0]
        await sites.fill(f"{kept}\nhttps://*.acme.example")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("h1")).to_have_text("2 sites may show the community in a frame")
        assert [one for one in visitor.complaints if "422" not in one] == []
