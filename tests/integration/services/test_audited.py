"""Every command of every service leaves one entry, in its own transaction; a refusal leaves none."""

import importlib
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
from fastapi.routing import APIRoute

from services.rewards.main import SPEC as REWARDS
from services.scoring.programmes.api.models import JSON_EXAMPLE
from shared.access_keys import SCOPES
from shared.audit.reads import WAITING_MAX_COUNT
from shared.contracts.facts.audit import NOTED_MAX_COUNT
from shared.service import ServiceSpec
from shared.services import SERVICES
from shared.signatures import new_keys
from shared.topics import AUDIT
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.rewards.finance import Finance, approved, filed
from tests.integration.services.test_undeclared import operations
from tests.integration.services.world import World
from tools.schemas import openapi_document

pytestmark = pytest.mark.stack

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"

#: Operations that change something and are no command of a person.
NO_COMMANDS = {
    "ingest POST /v1/events": "what members did elsewhere, thousands a second: the receipt is the record",
}


class Ask(NamedTuple):
    """A command that is about to be given, and by whom."""

    api: httpx.AsyncClient
    method: str
    path: str
    json: Any = None

    async def __call__(self) -> httpx.Response:
        headers = {"Idempotency-Key": uuid4().hex, "traceparent": TRACEPARENT}
        return await self.api.request(self.method, self.path, json=self.json, headers=headers)


class Desk(NamedTuple):
    """A community of the service, and two people who may do everything there."""

    world: Any
    api: httpx.AsyncClient
    other: httpx.AsyncClient

    @property
    def people(self) -> str:
        return f"/v1/communities/{self.world.community}/people"

    async def person(self) -> str:
        added = await self.api.post(self.people, json={"name": "Grace", "roles": ["manager"]})
        assert added.status_code == 201, added.text
        return str(added.json()["person_id"])

    async def key(self) -> str:
        body = {"community": self.world.community, "person_id": await self.person(), "name": "plugin"}
        issued = await self.api.post("/v1/keys", json=body)
        assert issued.status_code == 201, issued.text
        return f"/v1/communities/{self.world.community}/keys/{issued.json()['key_id']}"

    async def finance(self) -> Finance:
        await self.world.publish()
        await self.world.join("ada", "bob")
        await self.world.give(*(self.world.award(f"a{n}", "ada", 250) for n in range(5)))
        made = Finance(self.world, self.api, self.other)
        assert (await made.payee("ada")).status_code == 200
        return made

    async def redemption(self) -> str:
        await self.finance()
        body = {"member_id": self.world.uuid("ada"), "reward_id": "sticker"}
        made = await self.api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "1"})
        assert made.status_code == 201, made.text
        return f"/v1/redemptions/{made.json()['redemption_id']}"


async def _add_person(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", desk.people, {"name": "Grace", "roles": ["manager"], "email": "g@example.org"})


async def _set_roles(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", f"{desk.people}/{await desk.person()}/roles", {"roles": ["moderator"]})


async def _disable(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/disable")


async def _enable(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/enable")


async def _issue_key(desk: Desk) -> Ask:
    body = {"community": desk.world.community, "person_id": await desk.person(), "name": "plugin"}
    return Ask(desk.api, "POST", "/v1/keys", body)


async def _rotate_key(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.key()}/rotate", {})


async def _revoke_key(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", await desk.key())


async def _make_link(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/sign-in-links", {"person_id": await desk.person()})


async def _sign_in(desk: Desk) -> Ask:
    link = await (await _make_link(desk))()
    assert link.status_code == 201, link.text
    return Ask(desk.api, "POST", "/v1/tokens", {"link": link.json()["link"]})


async def _declare_identities(desk: Desk) -> Ask:
    identities = [{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]
    return Ask(desk.api, "PUT", "/v1/members/identities", {"identities": identities, "name": "Ada Lovelace"})


async def _publish(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/programmes", JSON_EXAMPLE)


async def _set_payee(desk: Desk) -> Ask:
    await desk.finance()
    body = {"name": "Ada Lovelace", "iban": "DE89 3704 0044 0532 0130 00"}
    return Ask(desk.api, "PUT", f"/v1/payees/{desk.world.uuid('ada')}", body)


async def _reserve(desk: Desk) -> Ask:
    await desk.finance()
    body = {"member_id": desk.world.uuid("ada"), "reward_id": "sticker"}
    return Ask(desk.api, "POST", "/v1/redemptions", body)


async def _confirm(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.redemption()}/confirm")


async def _cancel_redemption(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.redemption()}/cancel")


async def _create_run(desk: Desk) -> Ask:
    await desk.finance()
    return Ask(desk.api, "POST", "/v1/payout-runs")


async def _approve_run(desk: Desk) -> Ask:
    run = await (await desk.finance()).run()
    return Ask(desk.other, "POST", f"/v1/payout-runs/{run['run_id']}/approve")


async def _cancel_run(desk: Desk) -> Ask:
    run = await (await desk.finance()).run()
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/cancel")


async def _file_run(desk: Desk) -> Ask:
    run = await approved(await desk.finance())
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/file")


async def _note_outcome(desk: Desk) -> Ask:
    run = await filed(await desk.finance())
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/outcome", {"state": "settled"})


#: How each command succeeds, and what its entry calls it.
COMMANDS: dict[str, tuple[str, Callable[[Desk], Awaitable[Ask]]]] = {
    "ingest POST /v1/communities/{community}/people": ("person.add", _add_person),
    "ingest PUT /v1/communities/{community}/people/{person_id}/roles": ("person.set_roles", _set_roles),
    "ingest POST /v1/communities/{community}/people/{person_id}/disable": ("person.disable", _disable),
    "ingest POST /v1/communities/{community}/people/{person_id}/enable": ("person.enable", _enable),
    "ingest POST /v1/keys": ("key.issue", _issue_key),
    "ingest POST /v1/communities/{community}/keys/{key_id}/rotate": ("key.rotate", _rotate_key),
    "ingest DELETE /v1/communities/{community}/keys/{key_id}": ("key.revoke", _revoke_key),
    "ingest POST /v1/sign-in-links": ("sign_in_link.make", _make_link),
    "ingest POST /v1/tokens": ("token.issue", _sign_in),
    "ingest PUT /v1/members/identities": ("member.declare_identities", _declare_identities),
    "scoring POST /v1/programmes": ("programme.publish", _publish),
    "rewards PUT /v1/payees/{member_id}": ("payee.set", _set_payee),
    "rewards POST /v1/redemptions": ("redemption.reserve", _reserve),
    "rewards POST /v1/redemptions/{redemption_id}/confirm": ("redemption.confirm", _confirm),
    "rewards POST /v1/redemptions/{redemption_id}/cancel": ("redemption.cancel", _cancel_redemption),
    "rewards POST /v1/payout-runs": ("payout_run.create", _create_run),
    "rewards POST /v1/payout-runs/{run_id}/approve": ("payout_run.approve", _approve_run),
    "rewards POST /v1/payout-runs/{run_id}/cancel": ("payout_run.cancel", _cancel_run),
    "rewards POST /v1/payout-runs/{run_id}/file": ("payout_run.file", _file_run),
    "rewards POST /v1/payout-runs/{run_id}/outcome": ("payout_run.note_outcome", _note_outcome),
}

#: Commands that take no credential: who gave them follows from what they did.
OPEN = {"ingest POST /v1/tokens"}

#: Operations that read and show nothing personal of a member: sums, names of rules, the people who act.
NOTHING_PERSONAL = {
    *(f"{service} GET {path}" for service in SERVICES for path in ("/v1/key", "/livez", "/readyz", "/metrics")),
    "ingest GET /v1/receipts/{receipt_id}",
    "ingest GET /v1/communities/{community}/people",
    "ingest GET /v1/communities/{community}/people/{person_id}",
    "ingest GET /v1/communities/{community}/keys",
    "scoring GET /v1/programmes",
    "scoring GET /v1/programmes/{version}",
    "recognition GET /v1/badges",
    "rewards GET /v1/catalogue",
    "rewards GET /v1/payout-runs",
    "rewards GET /v1/payout-runs/{run_id}",
    "analytics GET /v1/participation",
    "analytics GET /v1/active-members",
    "analytics GET /v1/acquisition",
    "analytics GET /v1/points-by-rule",
    "analytics GET /v1/summary",
    "analytics GET /v1/rejections",
    "analytics GET /v1/rejections/events",
    # Of members they have the ids alone.
    "analytics GET /v1/audit",
    "analytics GET /v1/audit.csv",
}


def every_operation(*methods: str) -> set[str]:
    return {
        f"{service} {method.upper()} {path}"
        for service in SERVICES
        for path, found in openapi_document(service)["paths"].items()
        for method in found
        if method in methods
    }


def spec_of(service: str) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{service}.main").SPEC
    return made


@pytest.fixture
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    return spec_of(request.param.partition(" ")[0])


@pytest.fixture
def scopes() -> Sequence[str]:
    return SCOPES


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    made = RewardsWorld(pool) if spec is REWARDS else World(pool, spec)
    if spec.name == "ingest":  # nobody signs in without
        made.configure(signing_key=new_keys().signing_key)
    return made


async def entries(pool: asyncpg.Pool, community: str) -> dict[str, Any]:
    rows = await pool.fetch("select *, xmin::text as xid from audit_entries where community = $1", community)
    return {str(row["audit_id"]): row for row in rows}


async def told(pool: asyncpg.Pool, community: str) -> dict[str, tuple[str, str, Any]]:
    """The facts in the outbox by their ids: transaction, topic and fact."""
    rows = await pool.fetch(
        "select topic, value, xmin::text as xid from outbox where key like $1", f"{community}|%".encode()
    )
    facts = [(row["xid"], row["topic"], orjson.loads(row["value"])) for row in rows]
    return {fact["id"]: (xid, topic, fact) for xid, topic, fact in facts}


def test_every_operation_that_changes_something_is_a_command_of_which_an_entry_is_known() -> None:
    changing = every_operation("post", "put", "patch", "delete")

    assert changing == {*COMMANDS, *NO_COMMANDS}
    assert len({name for name, _ in COMMANDS.values()}) == len(COMMANDS)


@pytest.mark.parametrize(("spec", "operation"), [(name, name) for name in COMMANDS], indirect=["spec"])
async def test_a_command_leaves_one_entry_in_its_transaction(
    clients: Any, pool: asyncpg.Pool, world: Any, spec: ServiceSpec, operation: str
) -> None:
    name, prepared = COMMANDS[operation]
    ask = await prepared(Desk(world, await clients(), await clients()))
    entries_before, told_before = await entries(pool, world.community), await told(pool, world.community)

    answer = await ask()

    assert answer.is_success, answer.text
    added = [row for key, row in (await entries(pool, world.community)).items() if key not in entries_before]
    facts = [row for key, row in (await told(pool, world.community)).items() if key not in told_before]
    (entry,) = added
    ((xid, _, fact),) = [one for one in facts if one[1] == AUDIT.name]
    # One transaction: the entry, the fact of it, and every fact that came of the command.
    assert {entry["xid"]} == {one[0] for one in facts} == {xid}
    assert (entry["kind"], entry["command"], fact["data"]["command"]) == ("command", name, name)
    assert fact["id"] == fact["data"]["audit_id"] == str(entry["audit_id"])
    assert fact["data"]["service"] == spec.name
    caller = (await ask.api.get("/v1/key")).json()
    if operation in OPEN:
        caller = {"person_id": answer.json()["person_id"], "credential": f"token:{entry['object_id']}"}
    assert fact["data"]["person_id"] == str(entry["person_id"]) == caller["person_id"]
    assert fact["data"]["credential"] == entry["credential"] == caller["credential"]
    assert fact["data"]["object"] == {"kind": entry["object_kind"], "id": entry["object_id"]}
    assert entry["object_kind"] == name.partition(".")[0]
    assert fact["data"]["after"] == orjson.loads(entry["after"])
    # The request's trace, under a span of the command's own, which the facts have too.
    assert entry["traceparent"].startswith(f"00-{TRACE}-")
    assert entry["traceparent"] != TRACEPARENT
    assert {one[2]["traceparent"] for one in facts} == {entry["traceparent"]}


@pytest.mark.parametrize("spec", SERVICES, indirect=True)
async def test_what_is_refused_leaves_none(
    clients: Any, pool: asyncpg.Pool, world: Any, spec: ServiceSpec
) -> None:
    api, powerless = await clients(), await clients("receipts:read")
    asked = [one for one in operations(spec.name) if f"{spec.name} {one.name}" in COMMANDS]
    for operation in asked:
        before = len(await entries(pool, world.community))
        if f"{spec.name} {operation.name}" not in OPEN:
            assert (await operation.ask(powerless)).status_code == 403
        assert len(await entries(pool, world.community)) == before
        answer = await operation.ask(api)  # of something that there is not, but for what makes something new
        assert len(await entries(pool, world.community)) == before + answer.is_success, answer.text
    assert bool(asked) == any(name.startswith(f"{spec.name} ") for name in COMMANDS)


@pytest.mark.parametrize("spec", ["rewards"], indirect=True)
async def test_a_command_that_is_sent_again_is_the_same_command(
    clients: Any, pool: asyncpg.Pool, world: Any
) -> None:
    ask = await _reserve(Desk(world, await clients(), await clients()))
    before = len(await entries(pool, world.community))
    again = {"json": ask.json, "headers": {"Idempotency-Key": "same"}}

    answers = [await ask.api.post(ask.path, **again) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {201}
    assert len(await entries(pool, world.community)) == before + 1


@pytest.mark.parametrize("spec", ["scoring"], indirect=True)
async def test_a_trial_is_no_command_and_a_version_that_was_there_is_one(
    api: httpx.AsyncClient, pool: asyncpg.Pool, world: Any
) -> None:
    trial = await api.post("/v1/programmes", json=JSON_EXAMPLE, params={"dry_run": True})
    assert (trial.status_code, len(await entries(pool, world.community))) == (200, 0)

    for _ in range(2):
        assert (await api.post("/v1/programmes", json=JSON_EXAMPLE)).is_success

    first, second = sorted((await entries(pool, world.community)).values(), key=lambda row: row["at"])
    assert (first["before"], orjson.loads(first["after"])["version"]) == (None, 1)
    assert orjson.loads(second["before"])["version"] == orjson.loads(second["after"])["version"] == 1


@pytest.mark.parametrize("spec", ["rewards"], indirect=True)
async def test_an_entry_has_bank_details_masked(clients: Any, pool: asyncpg.Pool, world: Any) -> None:
    ask = await _set_payee(Desk(world, await clients(), await clients()))

    assert (await ask()).is_success

    (changed,) = [
        row for row in (await entries(pool, world.community)).values() if row["before"] and "iban" in row["before"]
    ]
    assert orjson.loads(changed["before"]) == {"iban": "NL…4300"}
    assert orjson.loads(changed["after"])["iban"] == "DE…3000"
    rows = await pool.fetch("select a::text as row from audit_entries a where community = $1", world.community)
    assert not [row for row in rows if "37040044" in row["row"] or "Lovelace" in row["row"]]


@pytest.mark.parametrize("spec", ["ingest"], indirect=True)
async def test_an_entry_has_no_name_handle_or_address(clients: Any, pool: asyncpg.Pool, world: Any) -> None:
    desk = Desk(world, await clients(), await clients())
    for prepared in (_add_person, _declare_identities):
        assert (await (await prepared(desk))()).is_success

    rows = await pool.fetch("select a::text as row from audit_entries a where community = $1", world.community)
    assert len(rows) == 2
    assert not [
        row for row in rows for said in ("example.org", "Lovelace", "Grace", "github:1") if said in row["row"]
    ]


@pytest.mark.parametrize("spec", ["rewards"], indirect=True)
async def test_the_services_role_cannot_change_or_delete_an_entry(
    clients: Any, pool: asyncpg.Pool, world: Any
) -> None:
    assert (await (await _create_run(Desk(world, await clients(), await clients())))()).is_success

    for sql in (
        "update audit_entries set person_id = null",
        "delete from audit_entries",
        "truncate audit_entries",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(sql)


def shows_personal_data() -> set[str]:
    """The operations that declare it beside the scope that they ask for."""
    declared = set()
    for service in SERVICES:
        for router in spec_of(service).routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and "GET" in route.methods:
                    calls = [found.call for found in route.dependant.dependencies]
                    if any(getattr(call, "reads", None) is not None for call in calls):
                        declared.add(f"{service} GET {route.path}")
    return declared


def test_every_operation_says_whether_it_shows_personal_data() -> None:
    declared = shows_personal_data()

    assert not declared & NOTHING_PERSONAL
    assert declared | NOTHING_PERSONAL == every_operation("get")


def test_the_page_about_the_audit_lists_every_command_and_read() -> None:
    page = (Path(__file__).parents[3] / "docs/audit.md").read_text()
    commands = re.findall(r"^\| `([a-z_.]+)` \| `(\w+ [A-Z]+ \S+)` \|$", page, re.MULTILINE)
    reads = re.findall(r"^\| `(\w+ GET \S+)` \|", page, re.MULTILINE)

    assert commands == [(name, operation) for operation, (name, _) in COMMANDS.items()]
    assert len(reads) == len(set(reads))
    assert set(reads) == shows_personal_data()
    for names in (f"at most {NOTED_MAX_COUNT} fields", f"{WAITING_MAX_COUNT:,} wait to be written"):
        assert names in page
