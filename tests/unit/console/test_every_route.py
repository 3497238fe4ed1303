"""No route of the console is open, leads elsewhere, shows another's, or commands without a form of ours.

Routes are taken off the application: one that is added is tried, too.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from console.app import PAGES, create_app
from console.asking import Services
from console.settings import Settings
from console.sign_in.domain import Session, form_token
from console.sign_in.sessions import SignInRefusedError
from shared.access_keys.scopes import Scope
from shared.services import SERVICES

HERE = "http://127.0.0.1:8100"
OWN, FOREIGN = "4c39c896-6567-5f3d-b613-7279cc0159c6", "bad00bad-0bad-4bad-8bad-0badbadbadba"
RENEWAL = "r" * 43
#: Fields that might say where a page leads to.
LEADING = ("back", "next", "to", "path", "url", "redirect", "return", "from")
ROUTES: list[Route] = [route for part in PAGES for route in part.ROUTES]
#: Pages of whoever is not signed in: each shows what is everybody's, or what a secret in its address is for.
OPEN = re.compile(
    r"^/(sign-in|sign-out|c/|in/|offer/|survey/|verify|unsubscribe/|confirm-address/|preferences$)|^/$"
)
ELSEWHERE = (
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "/%09/evil.example",
)
#: Questions with a secret or a name: these stand in a body, as addresses are kept.
ASKED_BY_POST = {"POST /v1/reward-links/open", "POST /v1/members/search"}
#: What routes have in their paths where no id is meant.
PARTS = {"version": "1", "year": "2026", "number": "1", "ending": "pdf", "language": "en", "month": "2026-01"}
PARTS |= {
    "day": "2026-01-31",
    "starts_on": "2026-01-01",
    "service": "rewards",
    "verb": "submit",
    "community": "theirs",
}


def path_of(route: Route) -> str:
    """The route's path with ids that are none of the visitor's."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: PARTS.get(found[1], FOREIGN), route.path)


def _methods(route: Route) -> set[str]:
    return route.methods or set()


def method_of(route: Route) -> str:
    return "POST" if "POST" in _methods(route) else "GET"


def sent_by(method: str) -> list[Route]:
    return [route for route in ROUTES if method in _methods(route)]


class Database:
    """A database that knows nothing."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        async def nothing(*_: Any, **__: Any) -> Any:
            return None

        async def none(*_: Any, **__: Any) -> list[Any]:
            return []

        yield SimpleNamespace(execute=nothing, fetchrow=nothing, fetchval=nothing, fetch=none)


@dataclass
class Site:
    """The console before services that know nothing; `asked` is what they were asked."""

    app: Starlette
    asked: list[httpx.Request]

    async def send(self, who: str, route: Route, **sent: Any) -> httpx.Response:
        """What a route answers to somebody, to a form where it takes one; `asked` is what came of it."""
        self.asked.clear()
        session = WHO[who]
        cookies = {} if session is None else {"plaudit-session": session.secret}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE, cookies=cookies) as browser:
            return await browser.request(method_of(route), path_of(route), **sent)

    @property
    def commands(self) -> list[str]:
        found = [f"{one.method} {one.url.path}" for one in self.asked if one.method != "GET"]
        return [one for one in found if one not in ASKED_BY_POST]


def signed_in(*, is_member: bool) -> Session:
    now = datetime.now(UTC)
    return Session(
        secret=("m" if is_member else "p") * 43,
        community="ours",
        person_id=OWN,
        member_id=OWN if is_member else None,
        name="Ada",
        roles=("member",) if is_member else ("manager", "operator", "administrator", "finance_maker"),
        scopes=() if is_member else tuple(scope.value for scope in Scope),
        token="t",
        token_expires_at=now + timedelta(hours=1),
        renewal=RENEWAL,
        ends_at=now + timedelta(hours=1),
    )


WHO = {"nobody": None, "member": signed_in(is_member=True), "person": signed_in(is_member=False)}


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Site]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404, json={"type": "urn:plaudit:problem:unknown", "title": "None", "status": 404})

    async def find(secret: str) -> Session | None:
        return next((one for one in WHO.values() if one is not None and one.secret == secret), None)

    async def end(_: str) -> None:
        return None

    async def sign_in(**_: Any) -> Session:
        raise SignInRefusedError("unknown-link")

    urls = {service: f"http://{service}" for service in SERVICES}
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        app = create_app(Settings(), Database(), Services(urls, client, 1_000_000))  # type: ignore[arg-type]
        # Live pages end with their first word.
        app.state.stopping.set()
        sessions: Any = SimpleNamespace(find=find, end=end, sign_in=sign_in)
        app.state.console = replace(app.state.console, sessions=sessions)
        yield Site(app, asked)


def may_be_sent(answer: httpx.Response) -> bool:
    """Whether an answer leads nowhere but to a path of ours."""
    leads = answer.headers.get("location", "/")
    return leads.startswith("/") and not leads.startswith(("//", "/\\")) and not urlsplit(leads).netloc


async def test_whoever_is_not_signed_in_is_sent_to_sign_in_from_all_that_is_not_open(site: Site) -> None:
    wrong = {}
    for route in ROUTES:
        answer = await site.send("nobody", route)
        is_sent = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?back=")
        if not OPEN.match(route.path) and (not is_sent or site.asked):
            wrong[route.path] = answer.status_code

    assert wrong == {}


@pytest.mark.parametrize("who", WHO)
async def test_looking_commands_nothing_and_leads_nowhere_else(site: Site, who: str) -> None:
    wrong = {}
    for route in sent_by("GET"):
        answer = await site.send(who, route, params=dict.fromkeys(LEADING, ELSEWHERE[0]))
        if site.commands or not may_be_sent(answer):
            wrong[route.path] = (site.commands, answer.headers.get("location"))

    assert wrong == {}


@pytest.mark.parametrize("who", WHO)
async def test_a_form_without_a_token_of_this_visit_commands_nothing(site: Site, who: str) -> None:
    wrong = {}
    for route in sent_by("POST"):
        for token in ("", form_token("another's"), "\u00e9"):
            answer = await site.send(who, route, data={"form_token": token} if token else {})
            if answer.status_code not in {303, 403, 404} or site.commands or not may_be_sent(answer):
                wrong[route.path] = (answer.status_code, site.commands)

    assert wrong == {}


@pytest.mark.parametrize("who", ["member", "person"])
async def test_a_form_of_ours_that_another_site_sends_commands_nothing(site: Site, who: str) -> None:
    wrong = {}
    for route in sent_by("POST"):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await site.send(who, route, data={"form_token": form_token(RENEWAL)}, headers=headers)
            if answer.status_code not in {403, 404} or site.commands:
                wrong[route.path] = (answer.status_code, site.commands)

    assert wrong == {}


@pytest.mark.parametrize("who", ["member", "person"])
async def test_no_form_leads_to_another_site(site: Site, who: str) -> None:
    wrong = {}
    for route in sent_by("POST"):
        for elsewhere in ELSEWHERE:
            data = {"form_token": form_token(RENEWAL), "key": "k", **dict.fromkeys(LEADING, elsewhere)}
            answer = await site.send(who, route, data=data)
            if not may_be_sent(answer):
                wrong[route.path] = answer.headers["location"]

    assert wrong == {}


async def test_a_member_asks_of_no_other_member_and_as_nobody_else(site: Site) -> None:
    wrong = {}
    for route in ROUTES:
        data = {"form_token": form_token(RENEWAL), "key": "k", "member_id": FOREIGN, "member": FOREIGN}
        query = {"member": FOREIGN, "member_id": FOREIGN, "community": "theirs"}
        await site.send("member", route, params=query, **({"data": data} if "POST" in _methods(route) else {}))
        asked = [str(one.url) for one in site.asked if one.headers.get("authorization")]
        others = [url for url in asked if f"/members/{FOREIGN}" in url or f"member={FOREIGN}" in url]
        others += [url for url in asked if "/communities/theirs" in url or "community=theirs" in url]
        if others:
            wrong[route.path] = others

    assert wrong == {}


async def test_what_is_everybodys_is_asked_for_as_everybody_whoever_is_signed_in(site: Site) -> None:
    wrong = {}
    for route in ROUTES:
        if route.path.startswith("/c/"):
            answers = [await site.send(who, route) for who in WHO]
            # The last of them has every right there is, in a community of theirs.
            asked = [str(one.url) for one in site.asked if "ours" not in str(one.url)]
            with_rights = [str(one.url) for one in site.asked if one.headers.get("authorization")]
            if {one.status_code for one in answers} != {404} or set(asked) & set(with_rights):
                wrong[route.path] = ([one.status_code for one in answers], with_rights)

    assert wrong == {}


async def test_a_page_of_members_is_none_for_whoever_is_no_member(site: Site) -> None:
    wrong = {}
    for route in ROUTES:
        if re.match(r"/me(/|$)", route.path):
            sent = {"data": {"form_token": form_token(RENEWAL)}} if "POST" in _methods(route) else {}
            answer = await site.send("person", route, **sent)
            if answer.status_code != 404 or site.commands:
                wrong[route.path] = (answer.status_code, site.commands)

    assert wrong == {}
