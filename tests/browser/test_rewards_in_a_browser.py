"""A voucher from its codes to whom it is given: stocked by a manager, chosen by one, claimed by another."""

import os
import re
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from services.rewards.catalogue.api.pictures import EXAMPLE
from services.rewards.providers.domain.contract import Product
from shared.postgres import database_url, role_name
from tests.browser.conftest import LOOKED_AT, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "bookshop"
PROGRAMME = b"""\
programme: bookshop
title: Readers
rules: [{id: answer, title: Answered somebody, on: [forum.reply.v1], points: 300}]
rewards: {catalogue: [{id: sticker, title: Sticker, points: 20}]}
"""
NAMES = {"ada": "Ada Brightwell", "bo": "Bo Lind"}


def reply(who: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"r-{who}",
        "source": "https://forum.bookshop.example",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": who, "name": NAMES[who]}, "length_chars": 90},
    }


async def what_a_provider_has(conn: asyncpg.Connection) -> None:
    """As if it had been asked: one card is gone that is a reward, one is another, and one is new."""
    books, other = (
        orjson.dumps(Product(name, f"Card {name}", "EUR", ["IT"], [500, 1000], 500, 1000)._asdict()).decode()
        for name in ("sandbox-books", "sandbox-other")
    )
    dearer = other.replace('"fee_basis_points":0', '"fee_basis_points":150').replace("[500,1000]", "[500]")
    await conn.execute(
        """
        insert into provider_accounts (community, provider, account_id, revision, connected_at, connected_by)
        values ($1, 'sandbox', gen_random_uuid(), 1, now(), 'somebody')
        """,
        COMMUNITY,
    )
    await conn.execute(
        """
        insert into provider_refreshes (community, provider, revision, asked_at, due_at, answered_at)
        values ($1, 'sandbox', 1, now(), now() + interval '1 day', now())
        """,
        COMMUNITY,
    )
    await conn.execute(
        """
        insert into provider_products
        values ($1, 'sandbox', 'sandbox-books', 'EUR', $2, null), ($1, 'sandbox', 'sandbox-new', 'EUR', null, $3),
            ($1, 'sandbox', 'sandbox-other', 'EUR', $3, $4)
        """,
        *(COMMUNITY, books, other, dearer),
    )


async def a_card_of_which_nobody_knows(console: Console, manager: str) -> str:
    """The page of an order at a provider, whose card a manager named on the reward's page."""
    state, rewards = console.state, console.state.service_urls["rewards"]
    scopes = ("rewards:read", "rewards:write")
    with temporary_key(state, COMMUNITY, "bookshop", scopes, state.service_urls) as key:
        card = {"id": "book-card", "kind": "gift_card", "title": "Book card", "points": 10}
        request("POST", f"{rewards}/v1/catalogue/rewards", key, json=card)
        async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
            await visitor.go("/catalogue/book-card")
            for label, text in (("Product", "sandbox-books"), ("What it is worth", "10.00"), ("Currency", "EUR")):
                await visitor.page.get_by_label(label, exact=True).fill(text)
            await visitor.page.get_by_role("button", name="Say so").click()
            await expect(visitor.page.locator("#card")).to_contain_text("sandbox-books")
        chosen = {"member_id": "forum:ada", "reward_id": "book-card"}
        made = request("POST", f"{rewards}/v1/redemptions", key, json=chosen, headers={"Idempotency-Key": "card"})
    conn = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("rewards")))
    try:
        # There is no account anywhere: what a provider would leave behind that does not answer.
        await conn.execute(
            "update provider_orders set unknown_since = now(), tries_count = 3, reason = $2 where community = $1",
            COMMUNITY,
            "no answer within 10 s",
        )
        await what_a_provider_has(conn)
    finally:
        await conn.close()
    path = f"/gift-cards/{made['redemption_id']}"
    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
        await visitor.go(path)
        await expect(visitor.page.locator("h1")).to_contain_text("nobody knows")
        await visitor.page.get_by_label("How you know").fill("Their support says so")
        await visitor.page.get_by_role("button", name="Say so").click()
        await expect(visitor.page.locator(".deed")).to_contain_text("Their support says so")
        await visitor.page.get_by_role("button", name="Confirm it").click()
        await expect(visitor.page.locator("main")).to_contain_text("Whoever said")
    return path


@pytest.mark.timeout(600)
async def test_a_voucher_goes_from_its_codes_to_whom_it_is_given(console: Console) -> None:
    state, office, urls = console.state, local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Readers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = str(add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person")["person_id"])
    with temporary_key(state, COMMUNITY, "bookshop", ("programmes:write", "events:write"), urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        await wait_until_idle(state)
        request("POST", f"{urls['ingest']}/v1/events", key, json=[reply(who) for who in NAMES])
        await wait_until_idle(state)

    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/catalogue")
        await expect(page.get_by_text("The catalogue has nothing of its own yet")).to_be_visible()
        await expect(page.get_by_text("Declared by the programme")).to_be_visible()
        await page.get_by_role("link", name="Add a reward").first.click()
        await page.get_by_label("Id", exact=True).fill("Book Voucher")
        await page.get_by_label("Kind").select_option("voucher")
        await page.get_by_label("Title", exact=True).fill("Book voucher")
        await page.get_by_label("Points", exact=True).fill("120")
        await page.get_by_label("Tags").fill("ONLINE, for readers, online")
        await page.get_by_label("Stock").fill("5")
        await page.get_by_label("Members see how many are left").check()
        await page.get_by_role("button", name="Add it").click()
        await expect(page.locator("#id-error, .error").first).to_be_visible()
        await page.get_by_label("Id", exact=True).fill("book-voucher")
        await page.get_by_role("button", name="Add it").click()
        await expect(page.locator("#stock-error")).to_contain_text("a voucher's stock are its codes")
        await page.get_by_label("Stock").fill("")
        await page.get_by_text("In other languages").click()
        await page.get_by_label("Title, Italiano").fill("Buono libri")
        await page.get_by_role("button", name="Add it").click()
        await expect(page.locator("h1")).to_contain_text("none left")

        await page.get_by_label("Import codes").fill("CODE-ONE\nCODE-ONE\n")
        await page.get_by_role("button", name="Import them").click()
        await expect(page.locator("ul.list li").first).to_contain_text("it is the code of line 2 again")
        assert "CODE-ONE" not in await page.content()
        await page.get_by_label("Import codes").fill("CODE-ONE\nCODE-TWO\n")
        await page.get_by_role("button", name="Import them").click()
        await expect(page.locator("h1")).to_contain_text("on offer")
        await expect(page.locator(".lede")).to_contain_text("2 are left")

        await visitor.go("/reward-links")
        await page.get_by_label("Gives").select_option("book-voucher")
        await page.get_by_label("What for").fill("Speakers")
        await page.get_by_role("button", name="Make it").click()
        await expect(page.locator("h1")).to_contain_text("Speakers")
        address = (await page.locator("code.code").inner_text()).strip()
        link_path = page.url.removeprefix(state.console_url)

    claim = address.removeprefix(state.console_url)
    assert claim.startswith("/claim/")
    how = {"locale": "it-IT", "java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
    async with console.visitor(community=COMMUNITY, identity="forum:ada", **how) as visitor:
        page = visitor.page
        await visitor.go("/me/rewards")
        await expect(page.get_by_text("ne restano 2")).to_be_visible()
        await page.get_by_role("link", name="Buono libri").click()
        await expect(page.locator("a.chip")).to_have_text(["for readers", "online"])
        await page.get_by_role("link", name="online").click()
        await page.get_by_role("link", name="Buono libri").click()
        await page.locator(".deed-btn").click()
        await expect(page.locator("code.code")).to_have_text(re.compile("CODE-(ONE|TWO)"))
        own = await page.locator("code.code").inner_text()
        assert "/me/rewards/chosen/" in page.url
        chosen = page.url.removeprefix(state.console_url)
        await visitor.go("/me/rewards")
        await page.get_by_role("link", name="Mostra il codice").click()
        await expect(page.locator("code.code")).to_have_text(own)
        await visitor.go("/me/rewards")
        await page.locator("#chosen").get_by_role("link", name="Buono libri").click()
        await expect(page.locator("ol.steps > li")).to_have_count(2)
        receipt = page.url.removeprefix(state.console_url)
        assert await visitor.go("/catalogue") == 404
    left = {"CODE-ONE": "CODE-TWO", "CODE-TWO": "CODE-ONE"}[own]
    async with console.visitor(community=COMMUNITY, identity="forum:bo", **how | {"locale": "en-GB"}) as visitor:
        page = visitor.page
        assert await visitor.go(chosen) == 404
        await visitor.go(f"{claim}x")
        await expect(page.get_by_text("The link is not whole").first).to_be_visible()
        await visitor.go(claim)
        await expect(page.locator("h1")).to_have_text("Book voucher")
        await page.get_by_role("button", name="Take it").click()
        await expect(page.locator("code.code")).to_have_text(left)
        await visitor.go(claim)
        await page.get_by_role("button", name="Take it").click()
        await expect(page.locator("code.code")).to_have_text(left)

    # A mug is sent: chosen on a phone without JavaScript, taken in hand and sent by the manager.
    mug = {"id": "mug", "kind": "merchandise", "title": "Mug", "points": 100}
    with temporary_key(state, COMMUNITY, "goods", ("rewards:read", "rewards:write"), urls) as key:
        request("POST", f"{urls['rewards']}/v1/catalogue/rewards", key, json=mug)
    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/catalogue/mug")
        await page.get_by_role("button", name="Use this picture").click()
        await expect(page.locator("#alt_it-error")).to_contain_text("Say what it shows")
        await page.get_by_label("A picture").set_input_files(
            {"name": "mug.svg", "mimeType": "image/svg+xml", "buffer": b64decode(EXAMPLE)}
        )
        await expect(page.get_by_alt_text("The picture that you chose")).to_be_visible()
        await page.get_by_label("What it shows, in English").fill("A mug")
        await page.get_by_label("What it shows, in Italian").fill("Una tazza")
        await page.get_by_role("button", name="Use this picture").click()
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await expect(page.get_by_alt_text("A mug", exact=True)).to_be_visible()
        # That the form lacked something is answered as such, which the browser notes.
        assert [one for one in visitor.complaints if "422" not in one] == []
    async with console.visitor(community=COMMUNITY, identity="forum:bo", **how | {"locale": "en-GB"}) as visitor:
        page = visitor.page
        await visitor.go("/me/rewards/mug")
        drawn = "one => one.complete && one.naturalWidth > 0"
        assert await page.get_by_alt_text("A mug").evaluate(drawn)
        await page.locator(".deed-btn").click()
        await expect(page.locator(".lede")).to_contain_text("Say where it is to be sent")
        goods = page.url.removeprefix(state.console_url)
        await page.get_by_label("Who it is for").fill("Bo Lind")
        await page.get_by_label("Street and number").fill("Via Roma 1")
        await page.get_by_role("button", name="Send it there").click()
        await expect(page.locator("#city-error")).to_contain_text("Give the town")
        await page.get_by_label("Postcode").fill("10121")
        await page.get_by_label("Town").fill("Torino")
        await page.get_by_label("Country").select_option("IT")
        await page.get_by_role("button", name="Send it there").click()
        await expect(page.locator(".lede")).to_contain_text("you can correct the address")
        await expect(page.get_by_label("Town")).to_have_value("Torino")
    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/shipping")
        await page.get_by_role("link", name="Mug").click()
        parcel = page.url.removeprefix(state.console_url)
        assert "Torino" not in await page.content()
        await page.get_by_role("button", name="Take it in hand").click()
        await expect(page.locator("main")).to_contain_text("Torino")
        listed = await page.request.get(f"{state.console_url}/shipping.csv")
        assert '"Bo Lind","Via Roma 1","","","10121","Torino","","IT"' in await listed.text()

    # Two things in one cart, without JavaScript: at one price, all or nothing.
    async with console.visitor(community=COMMUNITY, identity="forum:bo", **how | {"locale": "en-GB"}) as visitor:
        page = visitor.page
        for reward in ("sticker", "mug"):
            await visitor.go(f"/me/rewards/{reward}")
            await page.get_by_role("button", name="Put it into my cart").click()
        await page.get_by_label("How many").first.fill("21")
        await page.get_by_role("button", name="Change how many of Sticker").click()
        await expect(page.locator("#count-sticker-error")).to_contain_text("Between 0 and 20")
        await page.get_by_label("How many").first.fill("5")
        await page.get_by_role("button", name="Change how many of Sticker").click()
        await expect(page.locator("h1")).to_contain_text("200 points")
        await page.locator(".deed-btn").click()
        await expect(page.locator("h1")).to_contain_text("0 points to spend")
        await expect(page.locator("#chosen")).to_contain_text("Say where it is sent")
        await visitor.go("/me/cart")
        await expect(page.locator("main")).to_contain_text("Your cart is empty")

    ordered = await a_card_of_which_nobody_knows(console, manager)
    wrong = []
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        staff = (
            "/catalogue",
            "/add-reward",
            "/catalogue/book-voucher",
            "/catalogue/mug",
            "/reward-links",
            link_path,
            "/shipping",
            parcel,
            "/catalogue/book-card",
            "/gift-cards",
            "/gift-cards/providers/tremendous",
            "/gift-cards/providers/sandbox/products",
            ordered,
        )
        for who, paths in (
            ({"person": manager}, staff),
            (
                {"identity": "forum:ada"},
                ("/me/rewards", "/me/rewards/mug", "/me/rewards/book-voucher", chosen, receipt, claim),
            ),
            ({"identity": "forum:bo"}, (goods, "/me/cart")),
        ):
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    wrong += await visitor.wrong_at(path, width=width)
                    if SHOTS:
                        name = path.strip("/").replace("/", "-")[:40]
                        shot = Path(SHOTS) / f"rewards-{name}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)
    assert wrong == []
    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as visitor:
        await visitor.go("/gift-cards/providers/sandbox/products?differs=true")
        main = visitor.page.locator("main")
        await expect(main).to_contain_text("Accepted, one reward is withdrawn")
        await expect(main).to_contain_text("Fee: 0 % → 1.5 %")
        await visitor.page.get_by_role("button", name="Accept all").click()
        await expect(main).to_contain_text("Nothing differs")
        await visitor.go("/catalogue/book-card")
        await expect(main).to_contain_text("withdrawn")
        await visitor.go(parcel)
        await visitor.page.get_by_label("Who carries it").fill("Post")
        await visitor.page.get_by_role("button", name="It was sent").click()
        await expect(visitor.page.locator("h1")).to_contain_text("sent")
    async with console.visitor(community=COMMUNITY, identity="forum:bo", locale="en-GB") as visitor:
        await visitor.go(goods)
        await expect(visitor.page.locator(".lede")).to_contain_text("It is yours. Post.")
