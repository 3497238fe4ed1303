"""Signing in at the console, what keeps one in, and what ends it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from console.sign_in.domain import secret_sha256
from services.ingest.access.sign_ins.api import _tries
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from tests.integration.console.conftest import COMMUNITY, FORM_TOKEN, Site, console, submit
from tests.integration.services.process import running

pytestmark = pytest.mark.stack

SESSION = "plaudit-session"


async def test_a_link_signs_in_once_and_only_when_somebody_says_so(site: Site) -> None:
    link = await site.link(await site.person("manager"))
    async with site.browser() as browser:
        opened = await browser.get("/sign-in/link", params={"k": link})
        # The secret leaves the address bar, and what looks at links in mails uses none.
        assert (opened.status_code, opened.headers["location"]) == (303, "/sign-in/link")
        again = await browser.get("/sign-in/link", params={"k": link})
        assert again.status_code == 303
        assert SESSION not in browser.cookies

        entered = await submit(browser, "/sign-in/link")
        assert (entered.status_code, entered.headers["location"]) == (303, "/scorecard")
        cookie = next(one for one in entered.headers.get_list("set-cookie") if one.startswith(SESSION))
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Max-Age" not in cookie

    async with site.browser() as other:
        await other.get("/sign-in/link", params={"k": link})
        refused = await submit(other, "/sign-in/link")
        assert refused.status_code == 401
        assert "This link was used already." in refused.text
        assert SESSION not in other.cookies


async def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_nowhere_else(site: Site) -> None:
    async with site.browser() as browser:
        asked = await browser.get("/overview?days=7")
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?back=%2Foverview")
        page = await browser.get("/sign-in", params={"back": "//evil.example"})
        assert "evil.example" not in page.text


async def test_the_database_holds_no_token_no_name_and_no_secret(site: Site) -> None:
    async with site.browser() as browser:
        person_id = await site.sign_in(browser, "manager")
        secret = browser.cookies[SESSION]
        rows = await site.database.fetch("select * from sessions")
    stored = b"|".join(
        bytes(value) if isinstance(value, bytes) else str(value).encode() for r in rows for value in r
    )

    assert secret_sha256(secret).encode() in stored
    assert all(one.encode() not in stored for one in (secret, person_id, COMMUNITY, "psr_", "eyJ"))


async def test_a_secret_is_replaced_and_the_old_one_lets_in_for_a_moment_yet(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        old = browser.cookies[SESSION]
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        await site.database.execute(
            "update sessions set rotated_at = $2 where secret_sha256 = $1", secret_sha256(old), hour_ago
        )
        assert (await browser.get("/account")).status_code == 200
        new = browser.cookies[SESSION]
        assert new != old

        async with site.browser() as slow:
            slow.cookies.set(SESSION, old)
            assert (await slow.get("/account")).status_code == 200
            assert slow.cookies[SESSION] == old
            left = await site.database.fetchval(
                "select ends_at - now() from sessions where secret_sha256 = $1", secret_sha256(old)
            )
            assert left <= timedelta(seconds=30)
            await site.database.execute(
                "update sessions set ends_at = now() where secret_sha256 = $1", secret_sha256(old)
            )
            assert (await slow.get("/account")).status_code == 303
        assert (await browser.get("/account")).status_code == 200


async def test_a_form_that_was_open_while_the_secret_was_replaced_is_taken(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        token = FORM_TOKEN.search((await browser.get("/programme/edit")).text)
        assert token is not None
        for _ in range(2):  # by the form itself, then by another page
            old = browser.cookies[SESSION]
            await site.database.execute(
                "update sessions set rotated_at = $2 where secret_sha256 = $1",
                secret_sha256(old),
                datetime.now(UTC) - timedelta(hours=1),
            )
            sent = await browser.post("/programme/edit", data={"form_token": token[1], "text": "a: b"})
            assert sent.status_code != 403
            assert browser.cookies[SESSION] != old
        other = await site.sign_in(browser, "manager")
        assert other
        refused = await browser.post("/programme/edit", data={"form_token": token[1], "text": "a: b"})
        assert refused.status_code == 403


async def test_signing_out_ends_it_for_every_copy_of_the_cookie(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        copied = browser.cookies[SESSION]
        out = await submit(browser, "/account", "/sign-out")
        assert out.status_code == 303
        assert SESSION not in browser.cookies
    async with site.browser() as other:
        other.cookies.set(SESSION, copied)
        assert (await other.get("/account")).headers["location"].startswith("/sign-in")


async def test_a_session_outlives_its_token_and_ends_with_its_person(stack: Any, ingest: Any) -> None:
    # Each page finds that the token is about to end, for it ends within the minute before which it is renewed.
    settings = ingest.connected.settings
    object.__setattr__(settings, "token_seconds", 30)
    try:
        async with console(stack, ingest) as site, site.browser() as browser:
            person_id = await site.sign_in(browser, "manager")
            held = set()
            for _ in range(3):
                assert (await browser.get("/account")).status_code == 200
                held.add(
                    await site.database.fetchval("select sealed from sessions order by created_at desc limit 1")
                )
            assert len(held) == 3

            await ingest.pool.execute(
                "update followed_people set disabled = true where person_id = $1::text::uuid", person_id
            )
            ended = await browser.get("/account")
            assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in?back=%2Faccount&why=over")
            assert SESSION not in browser.cookies
            shown = await browser.get(ended.headers["location"])
            assert "You were signed out" in shown.text
    finally:
        object.__setattr__(settings, "token_seconds", 600)


async def test_who_is_disabled_is_signed_out_by_whichever_page_asks_first(site: Site) -> None:
    async with site.browser() as browser:
        community = f"{COMMUNITY}-gone"
        person_id = await site.sign_in(browser, "manager", community=community)
        await site.ingest.pool.execute(
            "update followed_people set disabled = true where person_id = $1::text::uuid", person_id
        )
        site.ingest.connected.keys._seen.clear()  # what was believed of the token before

        # Nobody has asked for this community's name yet: already that finds it out.
        ended = await browser.get("/account")
        assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in?back=%2Faccount&why=over")
        assert SESSION not in browser.cookies


async def test_tries_are_counted_by_who_visits_and_end_no_session(stack: Any) -> None:
    """Or anybody signed everybody out: all who visit come to ingest from the console's address."""
    _tries._failed.clear()
    limits = {"sign_in_tries_max_per_minute": 3, "token_seconds": 30, "trusted_proxies": "127.0.0.1"}
    async with (
        running(SPEC, Settings(**stack.settings("ingest"), **limits)) as own,
        console(stack, own, trusted_proxies="127.0.0.1") as site,
        site.browser(**{"X-Forwarded-For": "198.51.100.1"}) as mallory,
        site.browser(**{"X-Forwarded-For": "198.51.100.2"}) as grace,
    ):
        statuses = []
        for _ in range(4):
            await mallory.get("/sign-in/link", params={"k": "psl_guess"})
            statuses.append("Too many tries" in (await submit(mallory, "/sign-in/link")).text)
        assert statuses == [False, False, False, True]

        await site.sign_in(grace, "manager")
        async with site.browser(**{"X-Forwarded-For": "198.51.100.1"}) as beside:
            # Signed in already, from where mallory tries: each page renews a token that is about to end.
            beside.cookies.set(SESSION, grace.cookies[SESSION])
            assert (await beside.get("/account")).status_code == 200
            held = await site.database.fetchval("select sealed from sessions order by created_at desc limit 1")
            assert (await beside.get("/account")).status_code == 200
            assert held != await site.database.fetchval(
                "select sealed from sessions order by created_at desc limit 1"
            )


@pytest.mark.parametrize("secret", ["psl_\r\nSet-Cookie: a=b", "psl_\x00", "psl_;x", "p" * 201, "psl_é"])
async def test_what_is_no_link_is_kept_nowhere(site: Site, secret: str) -> None:
    async with site.browser() as browser:
        refused = await browser.get("/sign-in/link", params={"k": secret})
        assert refused.status_code == 401
        assert "This is no link of ours." in refused.text
        assert "plaudit-link" not in browser.cookies


async def asked_provider(browser: httpx.AsyncClient) -> str:
    asked = await browser.get("/sign-in/provider?back=/account")
    assert asked.status_code == 303, asked.text
    return str(asked.headers["location"])


async def agreed(address: str, subject: str = "grace") -> str:
    """The provider's answer once somebody has said who they are: the address that it sends the browser back to."""
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(address, data={"sub": subject})
    assert answer.status_code in {302, 303}, answer.text
    url = urlsplit(answer.headers["location"])
    return f"{url.path}?{url.query}"


@pytest.fixture
async def grace(site: Site) -> str:
    person_id = await site.person("manager")
    await site.ingest.pool.execute("update people set email = null, oidc_subject = null, oidc_issuer = null")
    # The first time she is known by the address that the provider has verified.
    await site.ingest.pool.execute(
        """
        insert into people (person_id, revision, name, kind, disabled, email, created_at)
        values ($1::text::uuid, 1, 'Grace', 'person', false, 'grace@example.org', now())
        on conflict (person_id) do update set email = excluded.email
        """,
        person_id,
    )
    return person_id


async def test_somebody_signs_in_at_the_provider(site: Site, grace: str) -> None:
    async with site.browser() as browser:
        address = await asked_provider(browser)
        wanted = parse_qs(urlsplit(address).query)
        assert wanted["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= set(wanted)

        entered = await browser.get(await agreed(address))
        assert (entered.status_code, entered.headers["location"]) == (303, "/account"), entered.text
        assert "manager" in (await browser.get("/account")).text


async def test_an_answer_of_the_provider_is_taken_once(site: Site, grace: str) -> None:
    async with site.browser() as browser:
        answer = await agreed(await asked_provider(browser))
        assert (await browser.get(answer)).status_code == 303
    async with site.browser() as browser:
        replayed = await browser.get(answer)
        assert replayed.status_code == 401
        assert "This answer of the provider is over." in replayed.text


async def test_an_answer_fits_the_browser_that_asked_alone(site: Site, grace: str) -> None:
    async with site.browser() as one, site.browser() as other:
        answer = await agreed(await asked_provider(one))
        await asked_provider(other)
        assert (await other.get(answer)).status_code == 401
        assert SESSION not in other.cookies


async def test_an_answer_that_came_too_late_is_over(site: Site, grace: str) -> None:
    async with site.browser() as browser:
        answer = await agreed(await asked_provider(browser))
        await site.database.execute("update provider_requests set ends_at = now()")
        assert (await browser.get(answer)).status_code == 401


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            lambda said: f"{said}&iss=http%3A%2F%2Fevil.example", "Another provider answered", id="issuer"
        ),
        pytest.param(lambda said: re.sub("code=[^&]+", "code=x", said), "did not sign you in", id="code"),
        pytest.param(
            lambda said: re.sub("state=[^&]+", "state=x", said), "answer of the provider is over", id="state"
        ),
        pytest.param(lambda said: said.split("?")[0] + "?error=access_denied", "did not sign you in", id="denied"),
    ],
)
async def test_an_answer_that_was_changed_signs_nobody_in(site: Site, grace: str, change: Any, says: str) -> None:
    async with site.browser() as browser:
        answer = change(await agreed(await asked_provider(browser)))
        refused = await browser.get(answer)
        assert refused.status_code == 401
        assert says in refused.text
        assert SESSION not in browser.cookies


async def test_a_code_that_was_got_for_another_request_has_another_nonce(site: Site, grace: str) -> None:
    async with site.browser() as victim, site.browser() as attacker:
        stolen = parse_qs(urlsplit(await agreed(await asked_provider(attacker), "mallory")).query)["code"][0]
        own = await agreed(await asked_provider(victim))
        mixed = re.sub("code=[^&]+", f"code={stolen}", own)
        refused = await victim.get(mixed)
        assert refused.status_code == 401
        assert SESSION not in victim.cookies


async def test_nobody_whom_the_community_does_not_know_gets_in(site: Site, grace: str) -> None:
    async with site.browser() as browser:
        refused = await browser.get(await agreed(await asked_provider(browser), "stranger"))
        assert refused.status_code == 401
        assert "Nobody here is who the provider says." in refused.text
