"""Every command of every service leaves one entry, in its own transaction; a refusal leaves none."""

import importlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

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
from shared.http import dead_letters, webhooks
from shared.http.personal_data import personal_data_router
from shared.service import ServiceSpec
from shared.services import SERVICES
from shared.topics import AUDIT
from tests.integration.services.commands import (
    COMMANDS,
    NO_COMMANDS,
    OF_EACH,
    OPEN,
    TRACE,
    TRACEPARENT,
    Desk,
    add_person,
    create_run,
    declare_identities,
    declare_members,
    reserve,
    set_payee,
)
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.test_undeclared import operations
from tests.integration.services.world import World
from tools.schemas import openapi_document

pytestmark = pytest.mark.stack

#: Operations that read and show nothing personal of a member: sums, names of rules, the people who act.
NOTHING_PERSONAL = {
    *(
        f"{service} GET {path}"
        for service in SERVICES
        for path in (
            "/v1/key",
            "/v1/own-facts",
            "/v1/dead-letters",
            "/v1/pipeline",
            "/v1/webhook-deliveries",
            "/v1/webhook-lanes",
            "/livez",
            "/readyz",
            "/metrics",
        )
    ),
    "scoring GET /v1/audiences",
    "ingest GET /v1/receipts",
    "ingest GET /v1/receipts/of-event",
    "ingest GET /v1/receipts/of-delivery",
    "ingest GET /v1/event-types",
    "ingest GET /v1/receipts/counts",
    "ingest GET /v1/refused-events",
    "ingest GET /v1/refused-events/counts",
    "ingest GET /v1/occasions",
    "ingest GET /v1/occasions/{occasion_id}",
    "ingest GET /v1/occasions/{occasion_id}/code",
    "ingest GET /v1/receipts/{receipt_id}",
    "ingest GET /v1/webhook-types",
    "ingest GET /v1/webhook-endpoints",
    "ingest GET /v1/webhook-endpoints/{name}",
    "ingest GET /v1/connector-types",
    "ingest GET /v1/messages/settings",
    "ingest GET /v1/messages/templates",
    "ingest GET /v1/messages/counts",
    # Whoever has the link is nobody in particular; it names a community and a kind.
    "ingest GET /v1/unsubscribe/{token}",
    # What one is asked oneself, by one's own link.
    "ingest GET /v1/survey-invitations/{token}",
    "ingest GET /v1/offers/{token}",
    "ingest GET /v1/offers/{token}/look",
    "analytics GET /v1/feedback",
    "analytics GET /v1/feedback/{survey}",
    "analytics GET /v1/feedback/{survey}/slices",
    "analytics GET /v1/idea-loop",
    "analytics GET /v1/decided-figures",
    "analytics GET /v1/figures/{figure}",
    "ingest GET /v1/decisions",
    "ingest GET /v1/decisions/{decision_id}",
    "ingest GET /v1/objectives",
    "ingest GET /v1/nomination-rounds",
    # Of what platforms deliver they have ids, types and reasons, and nothing of the content.
    "ingest GET /v1/connectors",
    "ingest GET /v1/connectors/{name}",
    "ingest GET /v1/connectors/{name}/counts",
    "ingest GET /v1/connectors/{name}/deliveries",
    "ingest GET /v1/connectors/{name}/deliveries/{delivery_id}",
    "ingest GET /v1/communities/{community}/people",
    "ingest GET /v1/communities/{community}/people/{person_id}",
    "ingest GET /v1/communities/{community}/keys",
    "ingest GET /v1/communities/{community}/keys/{key_id}",
    "rewards GET /v1/payout-run-preview",
    "rewards GET /v1/payout-run-previews",
    "rewards GET /v1/payout-runs/{run_id}/fees",
    "rewards GET /v1/payout-providers",
    "rewards GET /v1/ledger/accounts",
    # Numbers and hashes of blocks; which entries are in one, the block says.
    "rewards GET /v1/ledger/chain",
    "rewards GET /v1/ledger/blocks",
    "rewards GET /v1/finance/account-mappings",
    "rewards GET /v1/finance/account-mappings/{mapping_id}",
    "rewards GET /v1/finance/sanctions-lists",
    "rewards GET /v1/finance/sanctions-lists/{list_id}",
    "rewards GET /v1/finance/sanctions-lists/{list_id}/entries",
    "rewards GET /v1/finance/payout-policies",
    "rewards GET /v1/finance/payout-policies/{policy_id}",
    "rewards GET /v1/finance/clawback-policies",
    "rewards GET /v1/finance/clawback-policies/{policy_id}",
    "rewards GET /v1/finance/journal",
    "rewards GET /v1/finance/journal-exports",
    "rewards GET /v1/finance/journal-exports/{number}",
    "rewards GET /v1/finance/journal-exports/{number}/file",
    "rewards GET /v1/finance/trial-balance",
    "rewards GET /v1/finance/liability",
    "rewards GET /v1/finance/liability/days",
    "rewards GET /v1/finance/liability/days/{day}",
    "rewards GET /v1/finance/liability/movement",
    "rewards GET /v1/finance/liability-policies",
    "rewards GET /v1/finance/liability-policies/{policy_id}",
    "rewards GET /v1/finance/deferral",
    "rewards GET /v1/finance/rate-policies",
    "rewards GET /v1/finance/rate-policies/{policy_id}",
    "rewards GET /v1/finance/rate-files",
    "rewards GET /v1/finance/rates",
    "rewards GET /v1/finance/conversion",
    "scoring GET /v1/rules",
    "scoring GET /v1/rules/history",
    "ingest GET /v1/members/counts",
    "rewards GET /v1/redemptions/counts",
    "ingest GET /v1/communities",
    "ingest GET /v1/measurings",
    "ingest GET /v1/communities/{community}",
    "ingest GET /v1/communities/{community}/public",
    "ingest GET /v1/communities/{community}/public/look",
    # Of a member it has how many they may give yet.
    "ingest GET /v1/kudos/allowance",
    "scoring GET /v1/programmes",
    "scoring GET /v1/programmes/{version}",
    "scoring GET /v1/campaigns",
    "scoring GET /v1/campaigns/{campaign_id}",
    "scoring GET /v1/running-campaigns",
    "scoring GET /v1/manual-awards/terms",
    "scoring GET /v1/signals/terms",
    "scoring GET /v1/guidelines",
    "analytics GET /v1/guidelines/figures",
    "scoring GET /v1/backtests",
    "scoring GET /v1/restatements",
    "rewards GET /v1/payout-schedules",
    "rewards GET /v1/payout-schedules/{schedule_id}",
    "rewards GET /v1/payout-schedules/{schedule_id}/times",
    "rewards GET /v1/bank-checks",
    "rewards GET /v1/bank-check-items",
    "scoring GET /v1/programme-drafts",
    "scoring GET /v1/programme-drafts/{draft_id}",
    "recognition GET /v1/badges",
    "recognition GET /v1/badges/{badge_id}",
    "recognition GET /v1/badges/{badge_id}/picture",
    "recognition GET /v1/boards",
    "recognition GET /v1/boards/{board_id}/results",
    "recognition GET /v1/badge-backfill",
    "recognition GET /v1/milestones",
    # What verifiers of badges ask for: keys, and bits that nobody can tell whose they are.
    "recognition GET /v1/credential-issuer",
    "recognition GET /v1/credentials/{community}/did.json",
    "recognition GET /v1/credentials/{community}/status/{list_no}",
    "recognition GET /v1/quests",
    "scoring GET /v1/prize-points",
    "rewards GET /v1/draws",
    # Of members it has the ids alone: whoever verifies a draw needs them.
    "rewards GET /v1/draws/{draw_id}/record",
    "rewards GET /v1/catalogue",
    "rewards GET /v1/catalogue/choices",
    "rewards GET /v1/payout-runs",
    "rewards GET /v1/payout-runs/{run_id}",
    "rewards GET /v1/payout-runs/{run_id}/review",
    # Of payouts they have the ids alone.
    "analytics GET /v1/lift/nudges",
    "ingest GET /v1/traces/{trace_id}",
    "recognition GET /v1/nudges",
    "rewards GET /v1/catalogue/rewards",
    "rewards GET /v1/catalogue/rewards/{reward_id}",
    "rewards GET /v1/catalogue/rewards/{reward_id}/codes",
    "rewards GET /v1/wallets",
    "rewards GET /v1/wallets/{wallet_id}",
    "rewards GET /v1/wallets/{wallet_id}/moves",
    "rewards GET /v1/wallets/{wallet_id}/moves.csv",
    "analytics GET /v1/read-content",
    "analytics GET /v1/read-content.csv",
    "rewards GET /v1/wallet-assignments",
    "rewards GET /v1/wallet-decisions",
    "rewards GET /v1/wallet-decisions/{decision_id}",
    "rewards GET /v1/journals",
    "rewards GET /v1/journals/{journal_id}",
    "rewards GET /v1/periods",
    "rewards GET /v1/periods/{month}",
    "rewards GET /v1/catalogue/rewards/{reward_id}/card",
    "rewards GET /v1/catalogue/rewards/{reward_id}/card/price",
    "rewards GET /v1/catalogue/quotes",
    "rewards GET /v1/catalogue/rewards/{reward_id}/picture",
    "rewards GET /v1/finance/month-ends/{month}",
    # Of an order they have its redemption's id, as its provider does.
    "rewards GET /v1/provider-orders",
    "rewards GET /v1/provider-orders/{redemption_id}",
    "rewards GET /v1/providers",
    "rewards GET /v1/providers/{provider}/refresh",
    "rewards GET /v1/providers/{provider}/products",
    "analytics GET /v1/alerts",
    "analytics GET /v1/digests",
    "analytics GET /v1/rebuild",
    "analytics GET /v1/goals",
    "analytics GET /v1/goals/{goal_id}",
    "analytics GET /v1/lift/campaigns",
    "analytics GET /v1/lift/campaigns/{campaign_id}",
    # Days, channels, types and rules; those of members are noted.
    "analytics GET /v1/exports/activity-days",
    "analytics GET /v1/exports/rule-days",
    "rewards GET /v1/reward-links",
    "rewards GET /v1/sends",
    "rewards GET /v1/sends/{send_id}",
    "rewards GET /v1/reward-links/{link_id}",
    "rewards GET /v1/bank-messages",
    "rewards GET /v1/bank-messages/{message_key}",
    "rewards GET /v1/bank-lines",
    "rewards GET /v1/bank-lines/{line_id}",
    "rewards GET /v1/payout-outcomes",
    "rewards GET /v1/payout-outcomes/{outcome_id}",
    "analytics GET /v1/participation",
    "analytics GET /v1/active-members",
    "analytics GET /v1/acquisition",
    "analytics GET /v1/stickiness",
    "analytics GET /v1/growth",
    "analytics GET /v1/growth.csv",
    "analytics GET /v1/cohorts",
    "analytics GET /v1/cohorts.csv",
    "analytics GET /v1/retention",
    "analytics GET /v1/retention.csv",
    "analytics GET /v1/silences",
    "analytics GET /v1/silences.csv",
    "analytics GET /v1/activation",
    "analytics GET /v1/activation.csv",
    "analytics GET /v1/slices",
    "analytics GET /v1/slices.csv",
    "analytics GET /v1/response-times",
    "analytics GET /v1/response-times.csv",
    "analytics GET /v1/sentiment",
    "analytics GET /v1/question-topics",
    "analytics GET /v1/question-topics.csv",
    "analytics GET /v1/stickiness.csv",
    "analytics GET /v1/channel-mix",
    "analytics GET /v1/channel-mix.csv",
    "analytics GET /v1/concentration",
    "analytics GET /v1/concentration.csv",
    "analytics GET /v1/orbit",
    "analytics GET /v1/orbit.csv",
    "analytics GET /v1/network",
    "analytics GET /v1/sentiment.csv",
    "analytics GET /v1/scorecard",
    "analytics GET /v1/scorecard.csv",
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
async def world(stack: Any, pool: asyncpg.Pool, spec: ServiceSpec) -> AsyncIterator[World]:
    made = RewardsWorld(pool) if spec is REWARDS else World(pool, spec)
    if spec.name == "ingest":  # nobody signs in without; the stack's own, for what readers may see of it later
        keys = {
            "signing_key": stack.state.signing_keys["ingest"].signing_key,
            "text_keys": stack.state.text_keys,
            "webhook_keys": stack.state.webhook_keys,
        }
        made.configure(**keys)
    if spec.name == "recognition":  # no badge is taken away without
        made.configure(credential_keys=stack.state.credential_keys, credentials_url=stack.state.credentials_url)
    if spec.name == "rewards":  # no code is taken in without
        made.configure(voucher_keys=stack.state.voucher_keys, provider_sandbox_url="http://127.0.0.1:9")
    yield made
    await made.outbox()


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


#: What goes on after the transaction that began it, piece by piece.
IN_PIECES = {
    "rewards POST /v1/payout-runs",
    *(f"rewards POST /v1/payout-runs/{{run_id}}/{verb}" for verb in ("approve", "cancel", "file")),
}


def test_every_operation_that_changes_something_is_a_command_of_which_an_entry_is_known() -> None:
    changing = every_operation("post", "put", "patch", "delete")

    assert changing == {*COMMANDS, *NO_COMMANDS}
    called = {(name, one.partition(" ")[2]) for one, (name, _) in COMMANDS.items()}
    assert len({name for name, _ in called}) == len(called) == len(COMMANDS) - 4 * len(OF_EACH)


@pytest.mark.parametrize(("spec", "operation"), [(name, name) for name in COMMANDS], indirect=["spec"])
async def test_a_command_leaves_one_entry_in_its_transaction(
    clients: Any, pool: asyncpg.Pool, world: Any, spec: ServiceSpec, operation: str
) -> None:
    name, prepared = COMMANDS[operation]
    ask = await prepared(Desk(world, await clients(), await clients(), await clients()))
    entries_before, told_before = await entries(pool, world.community), await told(pool, world.community)

    answer = await ask()

    assert answer.is_success, answer.text
    added = [row for key, row in (await entries(pool, world.community)).items() if key not in entries_before]
    facts = [row for key, row in (await told(pool, world.community)).items() if key not in told_before]
    (entry,) = added
    ((xid, _, fact),) = [one for one in facts if one[1] == AUDIT.name]
    # One transaction: the entry, the fact of it, and every fact that came of the command, but for its pieces.
    of_pieces = [one for one in facts if one[0] != xid] if operation in IN_PIECES else []
    at_once = [one for one in facts if one not in of_pieces]
    assert {entry["xid"]} == {one[0] for one in at_once} == {xid}
    assert bool(of_pieces) is (operation in IN_PIECES)
    assert (entry["kind"], entry["command"], fact["data"]["command"]) == ("command", name, name)
    assert fact["id"] == fact["data"]["audit_id"] == str(entry["audit_id"])
    assert fact["data"]["service"] == spec.name
    caller = (await ask.api.get("/v1/key")).json()
    if operation in OPEN:
        caller = OPEN[operation](answer, entry)
    assert fact["data"]["person_id"] == str(entry["person_id"]) == caller["person_id"]
    assert fact["data"]["credential"] == entry["credential"] == caller["credential"]
    assert fact["data"]["object"] == {"kind": entry["object_kind"], "id": entry["object_id"]}
    assert entry["object_kind"] == name.partition(".")[0]
    assert fact["data"]["after"] == orjson.loads(entry["after"])
    # The request's trace, under a span of the command's own, which the facts have too.
    assert entry["traceparent"].startswith(f"00-{TRACE}-")
    assert entry["traceparent"] != TRACEPARENT
    assert {one[2]["traceparent"] for one in at_once} == {entry["traceparent"]}
    assert {one[2]["traceparent"].split("-")[1] for one in facts} == {TRACE}


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
    ask = await reserve(Desk(world, await clients(), await clients()))
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
    ask = await set_payee(Desk(world, await clients(), await clients()))

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
    for prepared in (add_person, declare_members, declare_identities):
        assert (await (await prepared(desk))()).is_success

    rows = await pool.fetch("select a::text as row from audit_entries a where community = $1", world.community)
    assert len(rows) == 3
    assert not [
        row for row in rows for said in ("example.org", "Lovelace", "Grace", "github:1") if said in row["row"]
    ]


@pytest.mark.parametrize("spec", ["rewards"], indirect=True)
async def test_the_services_role_cannot_change_or_delete_an_entry(
    clients: Any, pool: asyncpg.Pool, world: Any
) -> None:
    assert (await (await create_run(Desk(world, await clients(), await clients())))()).is_success

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
        for router in (
            *spec_of(service).routers,
            dead_letters.router,
            webhooks.router,
            personal_data_router(service),
        ):
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

    of_each = {f"{service} {operation}" for service in SERVICES for operation in OF_EACH}
    assert commands == [
        *((name, operation) for operation, (name, _) in COMMANDS.items() if operation not in of_each),
        *((name, f"each {operation}") for operation, (name, _) in OF_EACH.items()),
    ]
    assert len(reads) == len(set(reads))
    of_all = {
        "GET /v1/dead-letters/{letter_id}",
        "GET /v1/members/{member_id}/personal-data",
        "GET /v1/webhook-deliveries/{delivery_id}",
    }
    assert set(reads) == {
        f"each {operation}" if (operation := one.partition(" ")[2]) in of_all else one
        for one in shows_personal_data()
    }
    for names in (f"at most {NOTED_MAX_COUNT} fields", f"{WAITING_MAX_COUNT:,} wait to be written"):
        assert names in page
