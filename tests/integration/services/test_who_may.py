"""Who may do what: every operation of every service, by every role, in their own community and another.

What is expected is the table of docs/people.md, as whoever gives somebody a role reads it.
"""

import importlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest

from shared.access_keys import INSTALLATION, SCOPES, KeyRing, Public, Role, Scope
from shared.access_keys.roles import INSTALLATION_SCOPES
from shared.access_keys.store import put_token_keys
from shared.access_keys.tokens import Claims, signed_token
from shared.contracts.facts import TOKEN_KEY_CHANGED
from shared.http import Connected
from shared.http.auth import VISITED
from shared.service import ServiceSpec, describe
from shared.services import SERVICES
from shared.signatures import key_id_of, new_keys
from tests.integration.services.test_undeclared import Operation, operations
from tests.integration.services.world import World, add_person, authorization
from tools.authority import ANYBODY, WHOEVER_HAS_A_CREDENTIAL

pytestmark = pytest.mark.stack

PAGE = (Path(__file__).parents[3] / "docs/people.md").read_text()
ROW = re.compile(
    r"^\| (?P<service>\w+) \| `(?P<operation>[A-Z]+ /\S*)` \| (`(?P<scope>[\w:]+)`)? *\| (?P<who>.+) \|$", re.M
)
ADMIN_KEY = "plk_bootstrap_of_the_test"
TOKEN_KEYS = new_keys()
MEMBER = str(uuid4())
THE_MEMBER, THE_BOOTSTRAP_KEY, A_PUBLISHABLE_KEY = "the member", "the bootstrap key", "a publishable key"
A_MEMBER, A_VISITOR = "a member", "a visitor"
#: Answered 403 for what was asked, and not for who asked.
OTHER_COMMUNITY = "urn:plaudit:problem:other-community"


class Documented(NamedTuple):
    """What the page says of an operation."""

    scope: str | None
    who: frozenset[str]

    def lets_in(self, *names: str) -> bool:
        return not self.who.isdisjoint({ANYBODY, *names})


def documented(service: str) -> dict[str, Documented]:
    rows = [found.groupdict() for found in ROW.finditer(PAGE)]
    return {
        row["operation"]: Documented(row["scope"], frozenset(row["who"].split(", ")))
        for row in rows
        if row["service"] in (service, "each")
    }


class Caller(NamedTuple):
    """Somebody who tries everything: with that header, and what the page says of them."""

    name: str
    headers: dict[str, str]
    may: Callable[[Documented], bool]


@pytest.fixture(params=SERVICES)
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{request.param}.main").SPEC
    return made


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    made = World(pool, spec)
    made.configure(admin_key=ADMIN_KEY)
    return made


async def _sent_nothing(_: Any) -> None:
    """What the front door sends reaches nobody here."""


async def _always_ready() -> list[str]:
    return []


@pytest.fixture
async def client(
    spec: ServiceSpec, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    # Whoever is let in at the metrics would have all of them written, of all services that ran in this process.
    monkeypatch.setattr("shared.http.app.choose_encoder", lambda _: (lambda _: b"", "text/plain"))
    app = describe(spec, world.settings)
    app.state.connected = Connected(
        settings=world.settings,
        pool=world.pool,
        keys=KeyRing(world.pool, world.settings),
        begin=world.begin,
        send=_sent_nothing,
        not_ready=_always_ready,
        told=world.told,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{spec.name}") as made:
        yield made


def token(community: str, person_id: str, member_id: str | None = None) -> dict[str, str]:
    """The header with a token of a person, or of a member who signed in."""
    now = datetime.now(UTC)
    claims = Claims(uuid4().hex, community, person_id, member_id, now, now + timedelta(minutes=10))
    kid = key_id_of(TOKEN_KEYS.verifying_key)
    keys = {"signing_key": TOKEN_KEYS.signing_key, "verifying_key": TOKEN_KEYS.verifying_key, "kid": kid}
    return {"Authorization": f"Bearer {signed_token(claims, issuer='plaudit', **keys)}"}


async def know_token_keys(pool: asyncpg.Pool) -> None:
    data = {
        "kid": key_id_of(TOKEN_KEYS.verifying_key),
        "public_key": TOKEN_KEYS.verifying_key,
        "not_after": datetime.now(UTC) + timedelta(hours=1),
        "revoked": False,
    }
    fact: Any = {"type": TOKEN_KEY_CHANGED.name, "community": INSTALLATION, "data": data}
    async with pool.acquire() as conn:
        await put_token_keys(conn, [fact])


async def show_everything(pool: asyncpg.Pool, community: str) -> None:
    """Say that everybody may see all that a community can show."""
    await pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, 1, $2)",
        community,
        orjson.dumps(
            {"public": list(Public), "calendar": [{"time_zone": "UTC", "week_start": "monday"}]}
        ).decode(),
    )


async def callers(world: World) -> list[Caller]:
    """Everybody there is: each role by key and by token, and those who come without one."""
    pool, here, there = world.pool, world.community, f"{world.community}b"
    every_scope = tuple(SCOPES)

    def only(name: str) -> Callable[[Documented], bool]:
        return lambda one: one.lets_in(name, WHOEVER_HAS_A_CREDENTIAL)

    def some_member(*names: str) -> Callable[[Documented], bool]:
        return lambda one: one.lets_in(A_MEMBER, WHOEVER_HAS_A_CREDENTIAL, *names)

    def whoever(one: Documented) -> bool:
        return one.lets_in(WHOEVER_HAS_A_CREDENTIAL)

    def open_ones(one: Documented) -> bool:
        return one.lets_in()

    made = []
    for role in Role:
        person_id = await add_person(pool, here, role)
        key = await authorization(pool, here, *every_scope, person_id=person_id)
        made.append(Caller(f"{role}, by key", key, only(role)))
        made.append(Caller(f"{role}, by token", token(here, person_id), only(role)))
        # Their key is for here, and what they are they are elsewhere.
        elsewhere = await add_person(pool, there, role)
        stranger = await authorization(pool, here, *every_scope, person_id=elsewhere)
        made.append(Caller(f"{role} of another community", stranger, open_ones))
        made.append(Caller(f"{role} of another community, by token", token(here, elsewhere), open_ones))
    gone = await add_person(pool, here, *Role, disabled=True)
    everything = await add_person(pool, here, *Role)
    other_member = str(uuid4())
    nobody = {"Authorization": "Bearer plk_nobody_knows"}
    return [
        *made,
        Caller("with a key for nothing", await authorization(pool, here, person_id=everything), whoever),
        Caller("disabled", await authorization(pool, here, *every_scope, person_id=gone), open_ones),
        Caller("disabled, by token", token(here, gone), open_ones),
        Caller("revoked", await authorization(pool, here, *every_scope, revoked=True), open_ones),
        Caller("unknown", nobody, open_ones),
        Caller("without anything", {"Authorization": ""}, open_ones),
        Caller("a member, of their own", token(here, MEMBER, MEMBER), some_member(THE_MEMBER)),
        Caller("a member, of another", token(here, other_member, other_member), some_member()),
        Caller("a publishable key", await authorization(pool, here, Scope.PUBLIC_READ), only(A_PUBLISHABLE_KEY)),
        Caller("a visitor", {"Authorization": "", VISITED: here}, lambda one: one.lets_in(A_VISITOR)),
        Caller("a visitor of another", {"Authorization": "", VISITED: there}, open_ones),
        Caller("the bootstrap key", {"Authorization": f"Bearer {ADMIN_KEY}"}, only(THE_BOOTSTRAP_KEY)),
    ]


def asked(service: str, community: str) -> Iterator[tuple[str, Operation]]:
    """Each operation by the name that the page has for it, about that community and that member."""
    for one in operations(service):
        path = one.path
        if "{community}" in one.name:
            path = re.sub(r"/acme(?=/|$)", f"/{community}", path)
        if "{member_id}" in one.name:
            path = re.sub(r"(?<=/)[0-9a-f-]{36}(?=/|$)", MEMBER, path)
        body = one.body
        if isinstance(body, dict) and "community" in body:
            body = body | {"community": community}
        if one.path in ("/v1/events", "/v1/programmes") and one.method == "POST":
            body = {}  # whoever may is told what is wrong with it
        yield one.name, one._replace(path=path, body=body)


#: What no administrator of an ordinary community does, whatever their scopes.
OF_THE_INSTALLATION = {"POST /v1/communities"}


async def outcome(client: httpx.AsyncClient, operation: Operation, caller: Caller) -> str:
    headers = caller.headers | {"Idempotency-Key": uuid4().hex}
    if operation.media_type is not None:
        headers["Content-Type"] = operation.media_type
    body = {} if operation.body is None else {"json": operation.body}
    answer = await client.request(operation.method, operation.path, headers=headers, **body)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return "not let in"
    if answer.status_code == httpx.codes.FORBIDDEN:
        return "out of reach" if answer.json()["type"] == OTHER_COMMUNITY else "not let in"
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    return "let in"


#: Who gives something else than a key there: a link, by which somebody signs in or a message is answered.
SAYS_IT_OTHERWISE = {
    "/v1/tokens",
    "/v1/unsubscribe/{token}",
    "/v1/mail-addresses/{token}",
    "/v1/survey-invitations/{token}",
    "/v1/survey-invitations/{token}/answer",
    "/v1/offers/{token}",
    "/v1/offers/{token}/look",
    "/v1/offers/{token}/sign-in",
}


#: Where platforms and providers deliver, which show who they are by a signature.
SIGNED = {"POST /v1/connectors/{name}", "POST /v1/provider-webhooks/{account_id}"}
#: What is shown to the member whose it is, signed in, and to nobody else, whatever their scopes.
THEIRS_ALONE = {"GET /v1/members/{member_id}/redemptions/{redemption_id}/code"}


async def test_everybody_may_what_the_page_says_and_no_more(
    client: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    await know_token_keys(world.pool)
    page, found, expected = documented(spec.name), {}, {}
    everybody = await callers(world)
    await show_everything(world.pool, world.community)
    for name, operation in asked(spec.name, world.community):
        for caller in everybody:
            if operation.path in SAYS_IT_OTHERWISE or name in SIGNED:
                continue  # who says something else than a key there is not asked for one
            if name in THEIRS_ALONE:
                continue
            at = f"{caller.name}: {name}"
            found[at] = await outcome(client, operation, caller)
            let_in = "out of reach" if name in OF_THE_INSTALLATION else "let in"
            expected[at] = let_in if caller.may(page[name]) else "not let in"

    assert {at: one for at, one in found.items() if one != expected[at]} == {}
    assert len(found) >= 7 * len(everybody)
    assert len(everybody) == 4 * len(Role) + 12
    assert sorted(set(found.values()) - {"out of reach"}) == ["let in", "not let in"]


@pytest.mark.parametrize("spec", ["ingest"], indirect=True)
async def test_an_administrator_reaches_their_community_and_the_installations_every_one(
    client: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    other = f"{world.community}b"
    own = await add_person(world.pool, world.community, "administrator", "operator")
    root = await add_person(world.pool, INSTALLATION, "administrator")
    administrator = Caller("own", await authorization(world.pool, world.community, *SCOPES, person_id=own), bool)
    installation = Caller("root", await authorization(world.pool, INSTALLATION, *SCOPES, person_id=root), bool)
    about_one = {
        name: operation
        for name, operation in asked(spec.name, other)
        if ("{community}" in name and not documented(spec.name)[name].lets_in()) or name == "POST /v1/keys"
    }

    found = {name: await outcome(client, operation, administrator) for name, operation in about_one.items()}
    assert found == dict.fromkeys(about_one, "out of reach")
    assert len(found) == 18
    found = {name: await outcome(client, operation, installation) for name, operation in about_one.items()}
    assert found == dict.fromkeys(about_one, "let in")
    # What is not about people, keys and communities is nothing to the installation's administrator.
    page = documented(spec.name)
    others = {name: one for name, one in asked(spec.name, other) if page[name].scope not in INSTALLATION_SCOPES}
    scoped = {name: one for name, one in others.items() if page[name].scope is not None}
    assert {await outcome(client, one, installation) for one in scoped.values()} == {"not let in"}


def test_the_page_has_every_operation() -> None:
    for service in SERVICES:
        assert documented(service).keys() == {one.name for one in operations(service)}
