"""Members' pages and those for everybody as people see them: redeeming, taking one's data, being forgotten."""

import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import orjson
import pytest
from playwright.async_api import expect

from plaudit.calls import request
from tests.browser.conftest import FULL, Console, Visitor
from tests.browser.membership import CLOSED, MEMBERS, NAMES, joined
from tests.browser.test_roles_in_a_browser import dead_ends, wrong_with
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PAGES = (
    "/me",
    "/me/badges",
    "/me/badges/helper",
    "/me/badges/kind",
    "/me/topics",
    "/me/place",
    "/me/place?period=all",
    "/me/boards",
    "/me/boards/month",
    "/me/rewards",
    "/me/rewards/stickers",
    "/me/rewards/mug",
    "/me/payouts",
    "/me/data",
    "/me/data/erase",
    f"/here/{'A' * 50}",
    "/account",
    "/c/makers/rules",
    "/c/makers/badges",
    "/verify",
    "/c/makers/leaderboard",
    "/c/makers/boards",
    "/c/makers/boards/month",
    "/c/makers",
    "/c/makers/celebrations",
    "/c/makers/nominations",
    "/me/celebrations",
    "/me/draws",
    "/me/guidelines",
    "/me/messages",
    "/me/quests",
)
#: Of the same make as another one: looked at when all are.
ALIKE = {"/me/badges/kind", "/me/place?period=all", "/me/rewards/mug", "/account"}
#: Empty here: journeys look at them with something to show.
ALIKE |= {
    "/me/celebrations",
    "/me/draws",
    "/me/guidelines",
    "/me/messages",
    "/me/quests",
    "/c/makers/celebrations",
    "/c/makers/nominations",
}
#: The links of a navigation whose words run out of their room, or lie on another's.
OVERLAPPING = """found => found.filter((one, at) => {
  const words = document.createRange(), next = found[at + 1]?.getBoundingClientRect();
  words.selectNodeContents(one);
  const room = one.getBoundingClientRect(), taken = words.getBoundingClientRect();
  return taken.right > room.right + 1 || (next && next.top === room.top && taken.right > next.left + 1);
}).map(one => one.innerText)"""
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "dark", 320)]
PAGE_MAX_BYTES = 40_000


@pytest.fixture(scope="session")
async def makers(console: Console) -> Mapping[str, str]:
    return await joined(console.state)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_a_member_is_whole_and_readable(
    console: Console, makers: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 800}}
    wrong = []
    async with console.visitor(community=MEMBERS, identity="forum:daichi", **look) as visitor:
        for path in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            status = await visitor.go(path)
            wrong += [f"{path}: {one}" for one in await visitor.violations()]
            wrong += [f"{path}: status {status}"] if status != 200 else []
            wrong += [f"{path}: {await visitor.width()} px wide"] if await visitor.width() > width else []
            wrong += [f"{path}: too large"] if len(await visitor.page.content()) > PAGE_MAX_BYTES else []
            wrong += [f"{path}: {one}" for one in visitor.complaints]
            visitor.complaints.clear()
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "theme", "width"), [look for look in (LOOKS if FULL else CHOSEN) if look[2] < 400]
)
async def test_no_link_of_a_visitor_on_a_phone_is_a_dead_end(
    console: Console, makers: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 780}}
    async with console.visitor(community=MEMBERS, identity="forum:daichi", **look) as visitor:
        await visitor.page.context.clear_cookies()

        assert await dead_ends(visitor, [f"/c/{MEMBERS}", "/sign-in", "/verify"], below=2) == []
        pages = [f"/c/{MEMBERS}{one}" for one in ("", "/rules", "/badges", "/boards", "/celebrations")]
        assert await wrong_with(visitor, [*pages, "/sign-in", "/verify"], width=width) == []


async def test_a_member_reads_why_and_why_not_redeems_and_gives_up(
    console: Console, makers: Mapping[str, str]
) -> None:
    # By forms alone: a phone without script does all of it.
    phone = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
    async with console.visitor(community=MEMBERS, identity="forum:giulia", **phone) as visitor:
        page = visitor.page
        await expect(page.locator("h1")).to_have_text("Hello Giulia Ferrante, you have 610 points")
        why = page.locator("#why")
        await expect(why).to_contain_text("Answered a question: length in characters 7: at least 20 are needed")
        await expect(why).to_contain_text("The limit was reached")
        await expect(why).to_contain_text("No rule gives points for it")

        await page.get_by_role("link", name="Rewards").click()
        await expect(page.get_by_text("4,390 points are missing")).to_be_visible()
        await page.get_by_role("link", name="A pack of stickers").click()
        await page.get_by_role("button", name="Spend 50 points").click()
        await expect(page.get_by_role("status")).to_contain_text("The points are reserved for it")
        await expect(page.locator("h1")).to_have_text("You have 560 points to spend")
        await expect(page.locator("#chosen")).to_contain_text("waits for the community")
        await page.get_by_role("button", name="Give up A pack of stickers").click()
        await expect(page.locator("#chosen")).to_contain_text("cancelled: the points are back")
        await expect(page.locator("h1")).to_have_text("You have 610 points to spend")
        await visitor.go("/me/rewards/mug")
        await expect(page.get_by_text("4,390 are missing")).to_be_visible()
        await expect(page.locator(".deed")).to_have_count(0)

        await page.get_by_role("link", name="Payouts").click()
        bank = page.locator("#bank")
        await page.get_by_label("Account holder").fill("Giulia Ferrante")
        await page.get_by_label("IBAN").fill("NL91 ABNA 0417 1643 01")
        await bank.get_by_role("button", name="Save").click()
        await expect(page).to_have_title(re.compile("^Error:"))
        await expect(page.get_by_label("IBAN")).to_have_value("NL91 ABNA 0417 1643 01")
        await page.get_by_label("IBAN").fill("NL91 ABNA 0417 1643 00")
        await bank.get_by_role("button", name="Save").click()
        await expect(bank).to_contain_text("NL91…4300")
        assert "0417" not in await page.content()


async def test_a_badge_is_given_with_words_and_taken_back_and_a_secret_has_no_page(
    console: Console, makers: Mapping[str, str]
) -> None:
    phone = {"locale": "it-IT", "color_scheme": "dark", "viewport": {"width": 320, "height": 800}}
    path = f"/members/{makers['linh']}/badges"
    async with (
        console.visitor(community=MEMBERS, **phone) as manager,
        console.visitor(community=MEMBERS, identity="forum:linh", locale="en-GB") as linh,
    ):
        page = manager.page
        await manager.go(path)
        await page.get_by_role("button", name="Dai il badge").click()
        await expect(page.get_by_role("alert")).to_contain_text("Ci sono 2 problemi")
        assert (await manager.violations(), await manager.width()) == ([], 320)
        await page.locator("#badge").select_option("hero")
        await page.get_by_label("Per che cosa").fill("Kept the booth open")
        await page.get_by_role("button", name="Dai il badge").click()
        await expect(page.locator(".badges").first).to_contain_text("“Kept the booth open”")
        await linh.go("/me/badges/hero")
        await expect(linh.page.locator("blockquote")).to_have_text("“Kept the booth open”")
        await manager.go(path)
        await page.locator("#held").select_option("hero")
        await page.get_by_label("Perché").fill("It was for another")
        await page.get_by_role("button", name="Riprendi").click()
        await expect(page.get_by_role("status")).to_be_visible()
        await expect(page.locator("#held option[value=hero]")).to_have_count(0)

        # Whoever does not hold the secret one has no page of it; whoever runs the community has.
        await manager.go("/badges")
        await expect(page.locator("main")).to_contain_text("Night owl")
        assert await linh.go("/me/badges/owl") == await linh.go("/badges/owl/picture") == 404
        for shown in ("/me/badges", f"/c/{MEMBERS}/badges"):
            await linh.go(shown)
            assert "Night owl" not in await linh.page.content()


async def test_a_level_is_fixed_by_hand_and_let_go_and_a_freeze_is_given(
    console: Console, makers: Mapping[str, str]
) -> None:
    phone = {"locale": "it-IT", "color_scheme": "dark", "viewport": {"width": 320, "height": 800}}
    path = f"/members/{makers['daichi']}/levels"
    async with (
        # Forms are enough, without script.
        console.visitor(community=MEMBERS, java_script_enabled=False, locale="en-GB") as manager,
        console.visitor(community=MEMBERS, identity="forum:daichi", **phone) as daichi,
    ):
        page = manager.page
        await daichi.go("/me")
        level = daichi.page.locator("#level")
        await expect(level).to_contain_text("Trusted")
        await expect(level).to_contain_text("Prossimo: Host")
        await manager.go(path)
        await page.get_by_role("button", name="Fix it").click()
        await expect(page.get_by_role("alert")).to_contain_text("There are 2 problems")
        await page.locator("#level").select_option("leader")
        await page.locator("#lock-reason").fill("Leads the call")
        await page.get_by_role("button", name="Fix it").click()
        await expect(page.locator("main")).to_contain_text("“Leads the call”")
        await daichi.go("/me")
        await expect(level).to_contain_text("Leader")
        await expect(level).to_contain_text("fissato a mano")
        assert "Leads the call" not in await daichi.page.content()
        assert (await daichi.violations(), await daichi.width()) == ([], 320)
        await page.locator("#unlock-reason").fill("Handed over")
        await page.get_by_role("button", name="Let it go").click()
        await expect(page.locator("main")).not_to_contain_text("Leads the call")
        await daichi.go("/me")
        await expect(level).to_contain_text("Trusted")
        await page.locator("#streak").select_option("weekly")
        await page.locator("#freeze-reason").fill("We were down")
        await page.get_by_role("button", name="Give the freeze").click()
        await expect(page.locator(".streaks")).to_contain_text("One freeze left.")
        assert await daichi.go(path) == 404


async def test_a_member_shows_a_card_for_as_long_as_they_wish(
    console: Console, makers: Mapping[str, str], tmp_path: Path
) -> None:
    card = f"{console.state.console_url}/c/{MEMBERS}/cards/{makers['leaver']}"
    async with (
        httpx.AsyncClient(timeout=60) as anybody,
        console.visitor(community=MEMBERS, identity="forum:leaver", locale="en-GB") as visitor,
    ):
        page = visitor.page
        assert (await anybody.get(f"{card}.svg")).status_code == 404
        await visitor.go("/me/data")
        await page.get_by_role("button", name="Show it to everybody").click()
        await expect(page.get_by_text("everybody may see it", exact=True)).to_be_visible()

        async def shown() -> bool:
            return (await anybody.get(f"{card}.svg")).status_code == 200

        await until(shown)
        # A page elsewhere shows it as a picture; in a frame where the community allows its site.
        text = f'<img src="{card}.svg">'
        (tmp_path / "profile.html").write_text(text)
        with elsewhere(tmp_path) as address:
            await page.goto(f"{address}/profile.html")
            await page.wait_for_function("document.querySelector('img').naturalWidth === 440")
        await visitor.go("/me/data")
        await page.get_by_role("button", name="Show it no more").click()
        await until(lambda: _gone(anybody, f"{card}.svg"))


async def test_a_member_takes_their_data_and_is_forgotten(console: Console, makers: Mapping[str, str]) -> None:
    async with console.visitor(community=MEMBERS, identity="forum:leaver", locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/me/data")
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Download the archive").click()
        with zipfile.ZipFile(io.BytesIO((await (await coming.value).path()).read_bytes())) as archive:
            held, read = orjson.loads(archive.read("data.json")), archive.read("index.html").decode()
        assert held["services"].keys() >= {"ingest", "scoring", "recognition", "analytics"}
        assert "Lea Ver" in read

        await page.get_by_role("link", name="See what would go").click()
        await expect(page.get_by_text("That they were erased, and by whom")).to_be_visible()
        await page.get_by_label("To be sure").fill("please")
        await page.get_by_role("button", name="Forget me for good").click()
        await expect(page.get_by_role("alert")).to_contain_text("There are 2 problems")
        await page.get_by_label("I give up the 150 points that are left").check()
        await page.get_by_label("To be sure").fill("Forget me")
        await page.get_by_role("button", name="Forget me for good").click()
        await expect(page.locator("h1")).to_have_text("You are forgotten")
        assert await visitor.violations() == []
        await visitor.go("/me")
        assert "/sign-in" in page.url

        def named() -> list[str | None]:
            board = f"{console.state.service_urls['recognition']}/v1/leaderboard"
            return [
                one["name"]
                for one in httpx.get(board, headers={"Plaudit-Community": MEMBERS}, timeout=60).json()["items"]
            ]

        async def forgotten() -> bool:
            return "Lea Ver" not in named()

        await until(forgotten)


@contextmanager
def elsewhere(directory: Path) -> Iterator[str]:
    """Another site, with the files of a directory."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SilentHandler, directory=str(directory)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class SilentHandler(SimpleHTTPRequestHandler):
    """Writes nothing to the terminal."""

    def log_message(self, *_: object) -> None:
        pass


async def _gone(anybody: httpx.AsyncClient, url: str) -> bool:
    return (await anybody.get(url)).status_code == 404


async def test_a_visitor_sees_only_what_is_public(console: Console, makers: Mapping[str, str]) -> None:
    urls = console.state.service_urls
    context = await console.browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    visitor = Visitor(await context.new_page(), console.state.console_url)
    page = visitor.page
    assert await visitor.go(f"/c/{MEMBERS}") == 200
    await expect(page.locator("h1")).to_have_text("2 things give points in Harbour Makers")
    # Each link of the navigation has its room, however many pages the community shows.
    assert await page.locator(".m-nav a").evaluate_all(OVERLAPPING) == []
    history = page.locator("#history")
    await expect(history).to_contain_text("Answered a question +60 +50")
    for never in ("length_chars", "daily_cap", *NAMES.values(), *(makers[who] for who in NAMES)):
        assert never not in await page.content()
    await page.get_by_role("link", name="Leaderboard").click()
    await expect(page.get_by_role("row", name="Daichi Petrov")).to_be_visible()
    # Whoever is called by markup is shown by it; ids of members stand nowhere.
    await expect(page.get_by_role("row", name=NAMES["mallory"])).to_be_visible()
    assert not [who for who in NAMES if makers[who] in await page.content()]
    assert await page.locator("b[onmouseover]").count() == 0
    # What is another's, or not shown, is as if there were none.
    paths = [
        f"/c/{CLOSED}",
        f"/c/{CLOSED}/rules",
        "/c/nobody/rules",
        "/c/makers/figures",
        "/c/%00/rules",
        "/c/makers/cards",
    ]
    for path in paths:
        assert await visitor.go(path) == 404, path
    for path in ("/me", "/me/data", "/leaderboard", "/explorer", "/people"):
        await visitor.go(path)
        assert "/sign-in" in page.url, path
    async with httpx.AsyncClient(base_url=console.state.console_url, timeout=60) as anybody:
        for card in (f"/c/{MEMBERS}/cards/{makers['linh']}", f"/c/{CLOSED}/cards/{makers['linh']}"):
            answers = [await anybody.get(f"{card}{kind}") for kind in (".svg", ".json")]
            assert [(one.status_code, one.text) for one in answers] == [(404, "There is no such card.\n")] * 2

        wish = {"source": "test", "consents": {"card": True}}
        path = f"{urls['ingest']}/v1/members/{makers['mallory']}/preferences"
        request("PUT", path, makers["key"], json=wish)
        card = f"/c/{MEMBERS}/cards/{makers['mallory']}"

        async def shown() -> bool:
            return (await anybody.get(f"{card}.svg")).status_code == 200

        await until(shown)
        picture, data = await anybody.get(f"{card}.svg"), await anybody.get(f"{card}.json")
        assert "<b" not in picture.text
        assert "&lt;b onmouseover=" in picture.text
        assert data.json().keys() == {
            "community",
            "name",
            "points",
            "level",
            "next_level",
            "badges",
            "badges_count",
        }
        assert not [who for who in NAMES if makers[who] in picture.text + data.text]
        assert picture.headers["cache-control"] == "public, max-age=300"
        again = await anybody.get(f"{card}.svg", headers={"If-None-Match": picture.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert picture.headers["x-frame-options"] == "DENY"
    await context.close()
