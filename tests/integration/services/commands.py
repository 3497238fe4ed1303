"""How each command of each service succeeds: what a test of all of them gives, one after the other."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ingest.attributes.handlers import on_programmes as follow_programmes
from services.ingest.messages.handlers.sealing import Link, write_link
from services.recognition.badges.api.pictures import EXAMPLE as PICTURE_EXAMPLE
from services.recognition.counts.handlers import keep_counting
from services.recognition.thresholds.handlers import on_programmes
from services.rewards.chain.handlers import chain
from services.rewards.draws.handlers import freeze_due
from services.rewards.draws.handlers import on_programmes as open_draws
from services.rewards.payouts.remittances import store as remittances
from services.rewards.payouts.remittances.domain import Trouble
from services.scoring.programmes.api.models import EXAMPLE, JSON_EXAMPLE
from services.scoring.programmes.domain.publication import Author
from services.scoring.signals.domain.cases import CaseKey, CaseState, SignalCase
from services.scoring.signals.domain.suspicion import NOBODY
from services.scoring.signals.store.cases import put_case
from shared.access_keys import INSTALLATION, SCOPES
from shared.contracts.attendance import signed_bytes
from shared.dead_letters.store import NewLetter, add_letters
from shared.followed_members.store import FollowedName, put_names
from shared.services import SERVICES
from shared.webhooks.domain import DeliveryState, NewDelivery, delivery_id
from shared.webhooks.store import KnownEndpoint, add_deliveries, put_endpoint
from tests.integration.services.rewards.finance import Finance, approved, filed
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import add_person as add_follower
from tests.integration.services.world import authorization
from tests.unit.shared.bank_messages.messages import RETURNED, entry, payment, statement
from tests.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"

#: Operations that are no command of a person, though their method is one that changes something.
NO_COMMANDS = {
    "ingest POST /v1/events": "what members did elsewhere, thousands a second: the receipt is the record",
    "ingest POST /v1/members/search": "it reads, and is noted as that: a name stands in no address",
    "ingest POST /v1/members/declare/preview": "it is asked what would be, and nothing is",
    "ingest POST /v1/kudos/receivers": "it reads, and is noted as that: a name stands in no address",
    "ingest POST /v1/connectors/{name}": "what a platform delivers: the delivery is kept, and is the record",
    "ingest POST /v1/connectors/{name}/try": "it is asked what would be, and nothing is",
    "ingest POST /v1/messages/previews": "it is asked how a message would read, and nothing is sent",
    "scoring POST /v1/audiences/preview": "it is asked what would be, and nothing is",
    "scoring POST /v1/programmes/completions": "what may stand in a text: a question, too long for an address",
    "scoring POST /v1/programmes/what-if": "it reads, and is noted as that: a text stands in no address",
    "recognition POST /v1/badge-count": "it is asked what would be, and nothing is",
    "rewards POST /v1/provider-webhooks/{account_id}": "what a provider sends: its order is asked about, no more",
    "rewards POST /v1/reward-links/open": "it reads: what gives a reward stands in no address",
    "rewards POST /v1/payout-runs/{run_id}/outcome-preview": "it is asked what would be, and nothing is",
}


class Ask(NamedTuple):
    """A command that is about to be given, and by whom."""

    api: httpx.AsyncClient
    method: str
    path: str
    json: Any = None
    xml: bytes | None = None

    csv: str | None = None

    async def __call__(self) -> httpx.Response:
        headers = {"Idempotency-Key": uuid4().hex, "traceparent": TRACEPARENT}
        if self.xml is not None:
            headers["Content-Type"] = "application/xml"
        if self.csv is not None:
            headers["Content-Type"] = "text/csv"
        return await self.api.request(
            self.method, self.path, json=self.json, content=self.csv or self.xml, headers=headers
        )


class Desk(NamedTuple):
    """A community of the service, and people who may do everything there: a third where it takes three."""

    world: Any
    api: httpx.AsyncClient
    other: httpx.AsyncClient
    third: httpx.AsyncClient | None = None

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


async def add_person(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", desk.people, {"name": "Grace", "roles": ["manager"], "email": "g@example.org"})


async def set_roles(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", f"{desk.people}/{await desk.person()}/roles", {"roles": ["moderator"]})


async def disable(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/disable")


async def enable(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/enable")


async def unbind(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/unbind", {})


async def tie(desk: Desk) -> Ask:
    member_id = (await (await declare_identities(desk))()).json()["member_id"]
    return Ask(desk.api, "POST", f"{desk.people}/{await desk.person()}/tie", {"member": member_id})


async def untie(desk: Desk) -> Ask:
    said = await tie(desk)
    assert (await said()).status_code == 200
    return said._replace(path=f"{said.path.removesuffix('/tie')}/untie")


async def issue_key(desk: Desk) -> Ask:
    body = {"community": desk.world.community, "person_id": await desk.person(), "name": "plugin"}
    return Ask(desk.api, "POST", "/v1/keys", body)


async def rotate_key(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.key()}/rotate", {})


async def revoke_key(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", await desk.key())


async def declare_community(desk: Desk) -> Ask:
    # The installation's administrator does that.
    root = await add_follower(desk.world.pool, INSTALLATION, "administrator")
    desk.other.headers.update(await authorization(desk.world.pool, INSTALLATION, *SCOPES, person_id=root))
    body = {"id": desk.world.community, "title": "Acme", "time_zone": "Europe/Rome", "currency": "EUR"}
    return Ask(desk.other, "POST", "/v1/communities", body | {"languages": ["it"]})


async def change_community(desk: Desk) -> Ask:
    declared = await (await declare_community(desk))()
    assert declared.status_code == 201, declared.text
    path = f"/v1/communities/{desk.world.community}"
    return Ask(desk.api, "PATCH", path, {"revision": 1, "title": "Acme's users"})


async def propose_policy(desk: Desk) -> str:
    """That one person publishes where two do, which waits for another person."""
    path = await declared_by_two(desk)
    asked = await desk.api.patch(path, json={"revision": 1, "review_policy": {"publishing": "one_person"}})
    assert asked.json().get("proposed_policy"), asked.text
    return f"{path}/review-policy"


async def declared_by_two(desk: Desk) -> str:
    declare = await declare_community(desk)
    declared = await declare._replace(json=declare.json | {"review_policy": {"publishing": "two_people"}})()
    assert declared.status_code == 201, declared.text
    return f"/v1/communities/{desk.world.community}"


async def approve_policy(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await propose_policy(desk)}/approve")


async def withdraw_policy(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await propose_policy(desk)}/withdraw")


async def make_link(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/sign-in-links", {"person_id": await desk.person()})


async def sign_in(desk: Desk) -> Ask:
    link = await (await make_link(desk))()
    assert link.status_code == 201, link.text
    return Ask(desk.api, "POST", "/v1/tokens", {"link": link.json()["link"]})


async def declare_identities(desk: Desk) -> Ask:
    identities = [{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]
    return Ask(desk.api, "PUT", "/v1/members/identities", {"identities": identities, "name": "Ada Lovelace"})


async def declare_members(desk: Desk) -> Ask:
    members = [
        {"identities": [{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}], "name": "Ada"},
        {"identities": [{"channel": "forum", "id": "grace"}], "name": "Grace Hopper"},
    ]
    return Ask(desk.api, "POST", "/v1/members/declare", {"members": members})


async def say_standing(desk: Desk) -> Ask:
    assert (await (await declare_identities(desk))()).status_code == 200
    return Ask(desk.api, "PUT", "/v1/members/chat:U1/standing", {"staff": True})


async def merge(desk: Desk) -> Ask:
    for identity in ({"channel": "forum", "id": "ada"}, {"channel": "chat", "id": "U1"}):
        declared = await desk.api.put("/v1/members/identities", json={"identities": [identity]})
        assert declared.status_code == 200, declared.text
    return Ask(desk.api, "POST", "/v1/members/forum:ada/merge", {"member_id": "chat:U1"})


async def unmerge(desk: Desk) -> Ask:
    assert (await (await merge(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/members/forum:ada/unmerge", {"member_id": "chat:U1"})


async def erase_member(desk: Desk) -> Ask:
    assert (await (await declare_identities(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/members/chat:U1/erase", {"points": "nothing"})


async def measure_again(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/measurings")


async def set_attributes(desk: Desk) -> Ask:
    assert (await (await declare_identities(desk))()).status_code == 200
    document = JSON_EXAMPLE | {"attributes": [{"id": "tier", "title": "Tier"}]}
    await desk.world.handle(follow_programmes, desk.world.programme_fact(1, document))
    return Ask(desk.api, "PUT", "/v1/members/chat:U1/attributes", {"source": "crm", "values": {"tier": "gold"}})


async def set_preferences(desk: Desk) -> Ask:
    assert (await (await declare_identities(desk))()).status_code == 200
    body = {"source": "form", "opt_outs": {"boards": True}, "time_zone": "Europe/Rome"}
    return Ask(desk.api, "PUT", "/v1/members/chat:U1/preferences", body)


async def publish(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/programmes", JSON_EXAMPLE)


async def propose_version(desk: Desk) -> str:
    """A version that says what points are worth, which waits for another person."""
    account = {"name": "Example", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}
    worth = {"currency": "EUR", "points": 100, "minor": 100, "minimum_points": 500, "paying_account": account}
    programme = JSON_EXAMPLE | {"rewards": {"payout": worth}}
    proposed = await desk.api.post("/v1/programmes", json=programme)
    assert proposed.json().get("state") == "proposed", proposed.text
    return f"/v1/programmes/{proposed.json()['version']}"


async def approve_version(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await propose_version(desk)}/approve")


async def send_version_back(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await propose_version(desk)}/send-back", {"reason": "Too much"})


async def roll_version_back(desk: Desk) -> Ask:
    for text in (JSON_EXAMPLE, JSON_EXAMPLE | {"title": "Another"}):
        answer = await desk.api.post("/v1/programmes", json=text, params={"note": "Another"})
        assert answer.status_code == 201, answer.text
    return Ask(desk.api, "POST", "/v1/programmes/1/rollback", {"note": "Back"})


DRAFT = {"title": "A draft", "text": EXAMPLE}


async def _campaign(desk: Desk) -> str:
    """A campaign of a programme that two people published."""
    document = JSON_EXAMPLE | {
        "rules": [one | {"campaign": "spring"} for one in JSON_EXAMPLE["rules"]],
        "campaigns": [
            {
                "id": "spring",
                "title": "Spring",
                "starts": "2026-03-01",
                "ends": "2026-05-31",
                "budget": {"points": 1000},
            }
        ],
    }
    proposed = await desk.api.post("/v1/programmes", json=document)
    assert proposed.json().get("state") == "proposed", proposed.text
    approved = await desk.other.post(f"/v1/programmes/{proposed.json()['version']}/approve")
    assert approved.status_code == 200, approved.text
    return "/v1/campaigns/spring"


async def stop_campaign(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _campaign(desk)}/stop", {"reason": "Enough"})


async def restate_quality(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/content/restatements")


async def resume_campaign(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _campaign(desk)}/resume", {"reason": "Go on"})


def _backtest() -> dict[str, Any]:
    return {"since": "2026-01-01T00:00:00Z", "drafts": [{"text": DRAFT["text"]}]}


async def ask_for_backtest(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/backtests", _backtest())


async def cancel_backtest(desk: Desk) -> Ask:
    answer = await desk.api.post("/v1/backtests", json=_backtest())
    assert answer.status_code == 201, answer.text
    return Ask(desk.api, "POST", f"/v1/backtests/{answer.json()['backtest_id']}/cancel", None)


async def _restatement(desk: Desk, *, state: str = "ready") -> str:
    """The path of a restatement that somebody else asked for and submitted."""
    await desk.api.post("/v1/programmes", json=JSON_EXAMPLE)
    body = {"since": "2026-01-01T00:00:00Z", "version": 1, "reason": "It gave too little"}
    answer = await desk.api.post("/v1/restatements", json=body)
    assert answer.status_code == 201, answer.text
    restatement_id = answer.json()["restatement_id"]
    await desk.world.pool.execute(
        "update restatements set state = $2, digest = $3, asked_by_person = gen_random_uuid(),"
        " reversal_asked_by_person = case when $2 = 'posted' then gen_random_uuid() end,"
        " reversal_asked_by = case when $2 = 'posted' then 'Bob' end where restatement_id = $1",
        restatement_id,
        state,
        "0f" * 32,
    )
    return f"/v1/restatements/{restatement_id}"


async def ask_for_restatement(desk: Desk) -> Ask:
    await _restatement(desk)
    body = {"since": "2026-01-01T00:00:00Z", "version": 1, "reason": "It gave too little"}
    return Ask(desk.api, "POST", "/v1/restatements", body)


async def submit_restatement(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _restatement(desk)}/submit", None)


async def approve_restatement(desk: Desk) -> Ask:
    path = await _restatement(desk, state="submitted")
    return Ask(desk.api, "POST", f"{path}/approve", {"digest": "0f" * 32})


async def cancel_restatement(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _restatement(desk)}/cancel", None)


async def reverse_restatement(desk: Desk) -> Ask:
    path = await _restatement(desk, state="posted")
    query = "update restatements set reversal_asked_by = null where community = $1"
    await desk.world.pool.execute(query, desk.world.community)
    return Ask(desk.api, "POST", f"{path}/reverse", None)


async def approve_reversal(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _restatement(desk, state='posted')}/approve-reversal", None)


async def begin_draft(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/programme-drafts", DRAFT)


async def _draft(desk: Desk) -> str:
    answer = await desk.api.post("/v1/programme-drafts", json=DRAFT)
    assert answer.status_code == 201, answer.text
    return f"/v1/programme-drafts/{answer.json()['draft_id']}"


async def save_draft(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", await _draft(desk), {"title": "A draft", "text": "# another", "revision": 1})


async def discard_draft(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", f"{await _draft(desk)}?revision=1")


async def submit_draft(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _draft(desk)}/submit", {"revision": 1})


async def _held(desk: Desk, **changes: Any) -> str:
    """The id of a case of held awards."""
    now = datetime.now(UTC)
    case = SignalCase(
        CaseKey(desk.world.community, desk.world.uuid("ada"), 24_000),
        CaseState.HELD,
        1,
        95,
        (),
        NOBODY,
        frozenset(),
        1,
        now,
        now,
    )
    async with desk.world.pool.acquire() as conn:
        await put_case(conn, replace(case, **changes))
    return case.case_id


async def release_held(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/signals/{await _held(desk)}/release", {"reason": "honest"})


async def deny_held(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/signals/{await _held(desk)}/deny", {"reason": "traded"})


async def approve_release(desk: Desk) -> Ask:
    asker = Author(str(uuid4()), "Mia", "key")
    held = await _held(desk, state=CaseState.RELEASE_ASKED, asked_by=asker, asked_at=datetime.now(UTC))
    return Ask(desk.api, "POST", f"/v1/signals/{held}/approve")


async def decide_held(desk: Desk) -> Ask:
    body = {"case_ids": [await _held(desk)], "decision": "deny", "reason": "automated"}
    return Ask(desk.api, "POST", "/v1/signals/decisions", body)


MANUAL = {
    "reasons": [{"id": "booth", "title": "Helped at the booth"}],
    "limit": {"points": 200, "within": "month"},
    "second_person_from": 100,
}


async def _hand(desk: Desk, points: int) -> Ask:
    answer = await desk.api.post("/v1/programmes", json=JSON_EXAMPLE | {"manual": MANUAL})
    assert answer.status_code == 201, answer.text
    member = (desk.world.community, desk.world.uuid("ada"))
    async with desk.world.pool.acquire() as conn:
        await put_names(conn, {member: FollowedName(1, "Ada")})
    body = {"member": member[1], "points": points, "reason": "booth"}
    return Ask(desk.api, "POST", "/v1/manual-awards", body)


async def _by_hand(desk: Desk, points: int) -> str:
    asked = await (await _hand(desk, points))()
    assert asked.status_code == 201, asked.text
    return f"/v1/manual-awards/{asked.json()['manual_id']}"


async def give_by_hand(desk: Desk) -> Ask:
    return await _hand(desk, 20)


async def approve_by_hand(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _by_hand(desk, 100)}/approve")


async def decline_by_hand(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _by_hand(desk, 100)}/decline")


async def reverse_by_hand(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _by_hand(desk, 20)}/reverse")


async def _hero(desk: Desk) -> str:
    """A badge that is given by hand, and a member; the path of the member's badges."""
    hero = {"id": "hero", "title": "Hero", "by_hand": True}
    await desk.world.handle(on_programmes, desk.world.programme_fact(1, {"recognition": {"badges": [hero]}}))
    member = (desk.world.community, desk.world.uuid("ada"))
    async with desk.world.pool.acquire() as conn:
        await put_names(conn, {member: FollowedName(1, "Ada")})
    return f"/v1/members/{member[1]}/badges"


async def give_badge(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", await _hero(desk), {"badge": "hero", "citation": "Kept the booth"})


async def put_issuer(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", "/v1/credential-issuer", {"name": "Acme's users"})


async def rotate_issuer_key(desk: Desk) -> Ask:
    assert (await (await put_issuer(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/credential-issuer/rotate-key")


async def declare_key_stolen(desk: Desk) -> Ask:
    said = await (await put_issuer(desk))()
    (key,) = said.json()["keys"]
    return Ask(desk.api, "POST", f"/v1/credential-issuer/keys/{key['name']}/stolen", {})


async def take_badge_away(desk: Desk) -> Ask:
    assert (await (await put_issuer(desk))()).status_code == 200
    given = await give_badge(desk)
    assert (await given()).status_code == 201
    return Ask(desk.api, "POST", f"{given.path}/hero/credential")


async def take_badge_back(desk: Desk) -> Ask:
    given = await give_badge(desk)
    assert (await given()).status_code == 201
    return Ask(desk.api, "POST", f"{given.path}/hero/take-back", {"reason": "Somebody else did"})


async def renumber_badge(desk: Desk) -> Ask:
    path = await _hero(desk)
    hero = {"id": "hero", "title": "Hero", "by_hand": True, "limited_to": 2}
    document = {"recognition": {"badges": [hero]}}
    await desk.world.handle(on_programmes, desk.world.programme_fact(2, document))
    given = await Ask(desk.api, "POST", path, {"badge": "hero", "citation": "Kept the booth"})()
    assert given.status_code == 201
    # As old versions left it: the number is another member's.
    await desk.world.pool.execute(
        "update badge_editions set member_id = $2 where community = $1",
        desk.world.community,
        desk.world.uuid("bea"),
    )
    path = f"/v1/badges/hero/misnumbered/{given.json()['grant_id']}/renumber"
    return Ask(desk.api, "POST", path, {"reason": "The number of whom they were merged with"})


async def _leader(desk: Desk) -> str:
    """A level that somebody fixes, a streak, and a member; the path of the member."""
    recognition = {
        "levels": [{"id": "leader", "title": "Leader", "by_hand": True}],
        "streaks": [{"id": "daily", "title": "Daily", "rules": ["message"]}],
    }
    await desk.world.handle(on_programmes, desk.world.programme_fact(1, {"recognition": recognition}))
    member = (desk.world.community, desk.world.uuid("ada"))
    async with desk.world.pool.acquire() as conn:
        await put_names(conn, {member: FollowedName(1, "Ada")})

    async def is_counted() -> bool:
        async with desk.world.begin() as tx:
            await keep_counting(tx)
        sql = "select version = 1 from counting where community = $1"
        return bool(await desk.world.pool.fetchval(sql, desk.world.community))

    await until(is_counted)
    return f"/v1/members/{member[1]}"


async def lock_level(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _leader(desk)}/level-lock", {"level": "leader", "reason": "Leads"})


async def unlock_level(desk: Desk) -> Ask:
    locked = await lock_level(desk)
    assert (await locked()).status_code == 200
    return Ask(desk.api, "POST", locked.path.replace("level-lock", "level-unlock"), {"reason": "Over"})


async def give_freeze(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _leader(desk)}/streaks/daily/freezes", {"reason": "We were down"})


async def put_picture(desk: Desk) -> Ask:
    await _hero(desk)
    return Ask(desk.api, "PUT", "/v1/badges/hero/picture", {"content": PICTURE_EXAMPLE})


async def delete_picture(desk: Desk) -> Ask:
    await _hero(desk)
    return Ask(desk.api, "DELETE", "/v1/badges/hero/picture")


async def join_quest(desk: Desk) -> Ask:
    step = {"id": "write", "title": "Write", "rule": "write"}
    quest = {"id": "relay", "title": "Relay", "steps": [step], "team": {"max_members": 2}}
    rules = [{"id": "write", "title": "Wrote", "on": ["chat.message.v1"], "points": 1}]
    document = {"rules": rules, "recognition": {"quests": [quest]}}
    await desk.world.handle(on_programmes, desk.world.programme_fact(1, document))

    async def is_counted() -> bool:
        async with desk.world.begin() as tx:
            await keep_counting(tx)
        return bool((await desk.api.get("/v1/quests")).json()["items"])

    await until(is_counted)
    member = (desk.world.community, desk.world.uuid("ada"))
    async with desk.world.pool.acquire() as conn:
        await put_names(conn, {member: FollowedName(1, "Ada")})
    return Ask(
        desk.api, "POST", f"/v1/members/{member[1]}/quests/relay/join", {"team": "The owls", "is_new": True}
    )


async def leave_quest(desk: Desk) -> Ask:
    joined = await join_quest(desk)
    assert (await joined()).status_code == 200
    return Ask(desk.api, "POST", joined.path.replace("/join", "/leave"))


async def draw_winners(desk: Desk) -> Ask:
    mug = {"id": "mug", "title": "Mug", "points": 100}
    old = {"id": "old", "title": "Old draw", "reward": "mug", "ends": "2026-01-31"}
    document = {"rewards": {"catalogue": [mug], "draws": [old]}}
    await desk.world.handle(open_draws, desk.world.programme_fact(1, document))
    async with desk.world.begin() as tx:
        while await freeze_due(tx):
            pass
    return Ask(desk.api, "POST", "/v1/draws/old/draw")


async def confirm_reversal_by_hand(desk: Desk) -> Ask:
    path = await _by_hand(desk, 100)
    for who, verb in ((desk.other, "approve"), (desk.other, "reverse")):
        assert (await who.post(f"{path}/{verb}")).status_code == 200
    return Ask(desk.api, "POST", f"{path}/confirm-reversal")


GUIDELINES = {
    "version": "1",
    "url": "https://example.org/conduct",
    "categories": [{"id": "spam", "title": "Spam", "penalty_points": 5}],
}


async def _guidelines(desk: Desk) -> str:
    """Guidelines in force, and a member who may be reported."""
    answer = await desk.api.post("/v1/programmes", json=JSON_EXAMPLE | {"guidelines": GUIDELINES})
    assert answer.status_code == 201, answer.text
    member = (desk.world.community, desk.world.uuid("ada"))
    async with desk.world.pool.acquire() as conn:
        await put_names(conn, {member: FollowedName(1, "Ada")})
    return str(member[1])


async def report_content(desk: Desk) -> Ask:
    body = {"channel": "forum", "object_id": "p1", "category": "spam", "author": await _guidelines(desk)}
    return Ask(desk.api, "POST", "/v1/guideline-reports", body)


async def report_as_member(desk: Desk) -> Ask:
    path = f"/v1/members/{await _guidelines(desk)}/guideline-reports"
    return Ask(desk.api, "POST", path, {"channel": "forum", "object_id": "p1", "category": "spam"})


async def decide_case(desk: Desk) -> Ask:
    reported = await (await report_content(desk))()
    assert reported.status_code == 200, reported.text
    path = f"/v1/guideline-cases/{reported.json()['case_id']}/decide"
    return Ask(desk.other, "POST", path, {"outcome": "upheld", "reason": "against_guidelines"})


async def appeal_decision(desk: Desk) -> Ask:
    decided = await (await decide_case(desk))()
    assert decided.status_code == 200, decided.text
    path = f"/v1/members/{desk.world.uuid('ada')}/guideline-cases/{decided.json()['case_id']}/appeal"
    return Ask(desk.api, "POST", path, {"reason": "context"})


async def rule_on_appeal(desk: Desk) -> Ask:
    appealed = await (await appeal_decision(desk))()
    assert appealed.status_code == 200, appealed.text
    path = f"/v1/guideline-cases/{appealed.json()['case_id']}/rule"
    # Neither who reported it nor who decided first.
    assert desk.third is not None
    return Ask(desk.third, "POST", path, {"outcome": "overturned", "reason": "new_facts"})


async def suspend_member(desk: Desk) -> Ask:
    body = {"member": await _guidelines(desk), "days": 3, "reason": "spam"}
    return Ask(desk.api, "POST", "/v1/suspensions", body)


async def lift_suspension(desk: Desk) -> Ask:
    suspended = await (await suspend_member(desk))()
    assert suspended.status_code == 201, suspended.text
    return Ask(desk.api, "POST", f"/v1/suspensions/{suspended.json()['suspension_id']}/lift")


async def accept_guidelines(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/members/{await _guidelines(desk)}/guidelines/accept", {"version": "1"})


async def withdraw_version(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await propose_version(desk)}/withdraw")


async def link_identity(desk: Desk) -> Ask:
    declared = await (await declare_identities(desk))()
    member_id = declared.json()["member_id"]
    await know_token_keys(desk.world.pool)
    shown = token(desk.world.community, member_id, member_id)["Authorization"].removeprefix("Bearer ")
    body = {"identity": {"channel": "forum", "id": "lovelace"}, "member_token": shown}
    return Ask(desk.api, "POST", "/v1/members/links", body)


async def tie_oneself(desk: Desk) -> Ask:
    shown = (await link_identity(desk)).json["member_token"]
    person_id = (await desk.api.get("/v1/key")).json()["person_id"]
    await desk.world.pool.execute(
        "insert into people (person_id, revision, name, kind, disabled, created_at)"
        " values ($1, 1, 'Test', 'person', false, now())",
        person_id,
    )
    return Ask(desk.api, "POST", "/v1/own-members", {"member_token": shown})


async def set_payee(desk: Desk) -> Ask:
    await desk.finance()
    body = {"name": "Ada Lovelace", "iban": "DE89 3704 0044 0532 0130 00"}
    return Ask(desk.api, "PUT", f"/v1/payees/{desk.world.uuid('ada')}", body)


def _receiver(desk: Desk) -> str:
    return f"/v1/payees/{desk.world.uuid('ada')}/receiver"


RECEIVER = {"provider": "sandbox", "name": "Ada Lovelace", "address": "ada"}


async def set_receiver(desk: Desk) -> Ask:
    await desk.finance()
    return Ask(desk.api, "PUT", _receiver(desk), RECEIVER)


async def remove_receiver(desk: Desk) -> Ask:
    assert (await (await set_receiver(desk))()).status_code == 200
    return Ask(desk.api, "DELETE", _receiver(desk))


async def remitted(desk: Desk) -> tuple[Finance, Any, str]:
    """A run by a provider, and the payout of it that was handed over."""
    finance = await desk.finance()
    await (await connect_provider(desk))()
    assert (await desk.api.put(_receiver(desk), json=RECEIVER)).status_code == 200
    headers = {"Idempotency-Key": "by-a-provider"}
    run = (await desk.api.post("/v1/payout-runs", headers=headers, json={"provider": "sandbox"})).json()
    assert (await finance.approve(run)).status_code == 200
    assert (await finance.file(run)).status_code == 200
    async with desk.world.begin() as tx:
        await remittances.take_up(tx.conn, community=desk.world.community, run_id=run["run_id"], at=tx.now)
    (payout,) = (await finance.payouts(run)).values()
    return finance, run, payout["payout_id"]


async def ask_about_remittance(desk: Desk) -> Ask:
    _, _, payout_id = await remitted(desk)
    return Ask(desk.api, "POST", f"/v1/remittances/{payout_id}/ask")


async def cancel_remittance(desk: Desk) -> Ask:
    _, _, payout_id = await remitted(desk)
    return Ask(desk.api, "POST", f"/v1/remittances/{payout_id}/cancel")


async def acknowledge_remittance(desk: Desk) -> Ask:
    finance, run, payout_id = await remitted(desk)
    async with desk.world.begin() as tx:
        key = {"community": desk.world.community, "payout_id": payout_id}
        known = await remittances.lock_remittance(tx.conn, **key)
        assert known is not None
        await remittances.set_remittance(tx.conn, known.in_trouble(Trouble.KEY_OVER, "its key is over"))
    assert (await finance.outcome(run, "settled")).status_code == 200
    return Ask(desk.api, "POST", f"/v1/remittances/{payout_id}/acknowledge", {"note": "their support says so"})


async def reserve(desk: Desk) -> Ask:
    await desk.finance()
    body = {"member_id": desk.world.uuid("ada"), "reward_id": "sticker"}
    return Ask(desk.api, "POST", "/v1/redemptions", body)


async def confirm(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.redemption()}/confirm")


async def cancel_redemption(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await desk.redemption()}/cancel")


REFUND = {"points": 10, "reason": "It arrived broken"}


async def refund_redemption(desk: Desk) -> Ask:
    path = await desk.redemption()
    assert (await desk.api.post(f"{path}/confirm")).status_code == 200
    return Ask(desk.api, "POST", f"{path}/refunds", REFUND)


async def _asked_for(desk: Desk) -> str:
    """A refund that waits for another person."""
    desk.world.configure(refunds_alone_max_points=0)
    asked = await (await refund_redemption(desk))()
    assert (asked.status_code, asked.json()["state"]) == (201, "waiting"), asked.text
    one = asked.json()
    return f"/v1/redemptions/{one['redemption_id']}/refunds/{one['refund_id']}"


async def approve_refund(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _asked_for(desk)}/approve")


async def withdraw_refund(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _asked_for(desk)}/withdraw")


async def choose_reward(desk: Desk) -> Ask:
    await desk.finance()
    return Ask(desk.api, "POST", f"/v1/members/{desk.world.uuid('ada')}/redemptions", {"reward_id": "sticker"})


async def place_order(desk: Desk) -> Ask:
    await desk.finance()
    body = {"items": [{"reward_id": "sticker", "count": 2}], "points": 60}
    return Ask(desk.api, "POST", f"/v1/members/{desk.world.uuid('ada')}/orders", body)


async def give_reward_up(desk: Desk) -> Ask:
    redemption_id = (await desk.redemption()).rpartition("/")[2]
    path = f"/v1/members/{desk.world.uuid('ada')}/redemptions/{redemption_id}/cancel"
    return Ask(desk.api, "POST", path)


MUG = {"id": "mug", "kind": "merchandise", "title": "Mug", "points": 50}
BOOKS = {"id": "books", "kind": "voucher", "title": "Book voucher", "points": 100}


async def add_reward(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/catalogue/rewards", MUG)


async def change_reward(desk: Desk) -> Ask:
    assert (await desk.api.post("/v1/catalogue/rewards", json=MUG)).status_code == 201
    said = {key: value for key, value in MUG.items() if key != "id"}
    return Ask(desk.api, "PUT", "/v1/catalogue/rewards/mug", said | {"revision": 1, "points": 60})


async def put_reward_picture(desk: Desk) -> Ask:
    assert (await desk.api.post("/v1/catalogue/rewards", json=MUG)).status_code == 201
    said = {"content": PICTURE_EXAMPLE, "alt": "A blue mug"}
    return Ask(desk.api, "PUT", "/v1/catalogue/rewards/mug/picture", said)


async def drop_reward_picture(desk: Desk) -> Ask:
    assert (await (await put_reward_picture(desk))()).status_code == 200
    return Ask(desk.api, "DELETE", "/v1/catalogue/rewards/mug/picture")


async def import_codes(desk: Desk) -> Ask:
    assert (await desk.api.post("/v1/catalogue/rewards", json=BOOKS)).status_code == 201
    return Ask(desk.api, "POST", "/v1/catalogue/rewards/books/codes", {"csv": "code\nEXAMPLE-1\n"})


async def connect_provider(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", "/v1/providers/sandbox", {"api_key": "try-this"})


async def end_old_secret(desk: Desk) -> Ask:
    await (await connect_provider(desk))()
    return Ask(desk.api, "POST", "/v1/providers/sandbox/end-old-secret")


async def disconnect_provider(desk: Desk) -> Ask:
    assert (await (await connect_provider(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/providers/sandbox/disconnect")


async def refresh_provider(desk: Desk) -> Ask:
    assert (await (await connect_provider(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/providers/sandbox/refresh")


async def accept_products(desk: Desk) -> Ask:
    assert (await (await refresh_provider(desk))()).status_code == 200
    return Ask(desk.api, "POST", "/v1/providers/sandbox/products/accept", {"revision": 0})


async def set_gift_card(desk: Desk) -> Ask:
    card = {"id": "card", "kind": "gift_card", "title": "Card", "points": 100}
    assert (await desk.api.post("/v1/catalogue/rewards", json=card)).status_code == 201
    said = {"provider": "sandbox", "product_id": "sandbox-books", "face_minor": 1000, "currency": "EUR"}
    return Ask(desk.api, "PUT", "/v1/catalogue/rewards/card/card", said)


async def set_card_price(desk: Desk) -> Ask:
    await (await set_gift_card(desk))()
    said = {"currency": "EUR", "minor_per_point": "0.95"}
    return Ask(desk.api, "PUT", "/v1/catalogue/rewards/card/card/price", said)


async def _ordered(desk: Desk, known: str) -> str:
    """An order at a provider; `known` is SQL that says more of it."""
    await desk.finance()
    assert (await (await set_gift_card(desk))()).status_code == 200
    body = {"member_id": desk.world.uuid("ada"), "reward_id": "card"}
    made = await desk.api.post("/v1/redemptions", json=body, headers={"Idempotency-Key": "1"})
    assert made.status_code == 201, made.text
    await desk.world.pool.execute(
        f"update provider_orders set {known} where community = $1",
        desk.world.community,
    )
    return f"/v1/provider-orders/{made.json()['redemption_id']}"


async def ask_about_order(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _ordered(desk, 'tries_count = 1')}/ask")


async def cancel_order(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _ordered(desk, 'tries_count = 0')}/cancel")


async def propose_order_outcome(desk: Desk) -> Ask:
    found = {"outcome": "not_ordered", "reason": "They say so"}
    return Ask(desk.api, "POST", f"{await _ordered(desk, 'unknown_since = now()')}/outcome", found)


async def confirm_proposed(desk: Desk) -> Ask:
    proposed = await propose_order_outcome(desk)
    assert (await proposed()).status_code == 200
    return Ask(desk.other, "POST", f"{proposed.path}/confirm")


async def acknowledge_trouble(desk: Desk) -> Ask:
    path = await _ordered(desk, "trouble = 'reversed', due_at = null")
    return Ask(desk.api, "POST", f"{path}/acknowledge", {"note": "Another card by hand"})


async def make_reward_link(desk: Desk) -> Ask:
    await desk.world.join("ada")
    assert (await desk.api.post("/v1/catalogue/rewards", json=MUG)).status_code == 201
    ends = datetime.now(UTC) + timedelta(days=1)
    return Ask(desk.api, "POST", "/v1/reward-links", {"reward_id": "mug", "expires_at": ends.isoformat()})


async def revoke_reward_link(desk: Desk) -> Ask:
    made = await (await make_reward_link(desk))()
    assert made.status_code == 201, made.text
    return Ask(desk.api, "POST", f"/v1/reward-links/{made.json()['link_id']}/revoke")


async def claim_reward(desk: Desk) -> Ask:
    made = await (await make_reward_link(desk))()
    path = f"/v1/members/{desk.world.uuid('ada')}/reward-claims"
    return Ask(desk.api, "POST", path, {"token": made.json()["token"]})


async def make_send(desk: Desk) -> Ask:
    await desk.world.join("ada")
    assert (await desk.api.post("/v1/catalogue/rewards", json=MUG)).status_code == 201
    lines = [{"member_id": desk.world.uuid("ada")}]
    return Ask(desk.api, "POST", "/v1/sends", {"title": "Thank you", "reward_id": "mug", "lines": lines})


async def _sent(desk: Desk, *verbs: str, points: int = 10_000) -> str:
    app = desk.api._transport.app  # type: ignore[attr-defined]
    desk.world.configure(sends_alone_max_points=points)
    app.state.connected = replace(app.state.connected, settings=desk.world.settings)
    made = await (await make_send(desk))()
    assert made.status_code == 201, made.text
    path = f"/v1/sends/{made.json()['send_id']}"
    for verb in verbs:
        answer = await desk.api.post(f"{path}/{verb}")
        assert answer.status_code == 200, answer.text
    return path


async def submit_send(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _sent(desk)}/submit")


async def approve_send(desk: Desk) -> Ask:
    path = await _sent(desk, "submit", points=0)
    return Ask(desk.other, "POST", f"{path}/approve")


async def cancel_send(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _sent(desk)}/cancel")


async def retry_send(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _sent(desk, 'submit')}/retry")


async def claim_sent(desk: Desk) -> Ask:
    path = await _sent(desk, "submit")
    lines = (await desk.api.get(f"{path}/lines")).json()["items"]
    own = f"/v1/members/{desk.world.uuid('ada')}/sent-claims"
    return Ask(desk.api, "POST", own, {"line_id": lines[0]["line_id"]})


WHERE = {"name": "Ada Lovelace", "lines": ["Via Roma 1"], "postcode": "10121", "city": "Torino", "country": "IT"}


async def goods(desk: Desk) -> str:
    """A mug that ada chose."""
    await desk.finance()
    assert (await desk.api.post("/v1/catalogue/rewards", json=MUG)).status_code == 201
    path = f"/v1/members/{desk.world.uuid('ada')}/redemptions"
    made = await desk.api.post(path, json={"reward_id": "mug"}, headers={"Idempotency-Key": "mug"})
    assert made.status_code == 201, made.text
    return str(made.json()["redemption_id"])


async def say_where(desk: Desk) -> Ask:
    path = f"/v1/members/{desk.world.uuid('ada')}/redemptions/{await goods(desk)}/address"
    return Ask(desk.api, "PUT", path, WHERE)


async def take_goods(desk: Desk) -> Ask:
    said = await say_where(desk)
    assert (await said()).status_code == 204
    return Ask(desk.api, "POST", f"/v1/fulfilments/{said.path.split('/')[-2]}/take")


async def _in_hand(desk: Desk) -> str:
    taken = await take_goods(desk)
    assert (await taken()).status_code == 200
    return taken.path.rpartition("/")[0]


async def put_goods_back(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _in_hand(desk)}/put-back")


async def ship_goods(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _in_hand(desk)}/ship", {"carrier": "Post"})


async def refuse_goods(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/fulfilments/{await goods(desk)}/cannot", {"reason": "None left"})


async def check_ledger(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/ledger/checks")


WORTH = {
    "effective_from": "2026-01-01",
    "currency": "EUR",
    "basis": "cost",
    "minor_per_point": "0.95",
    "estimate": "rate",
    "expected_redemption": "0.8",
    "vintage_unit": "month",
}


async def propose_worth(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/finance/liability-policies", WORTH)


async def _proposed_worth(desk: Desk) -> str:
    made = await (await propose_worth(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/liability-policies/{made.json()['policy_id']}"


async def approve_worth(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_worth(desk)}/approve")


async def withdraw_worth(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_worth(desk)}/withdraw")


async def _kept_back(desk: Desk) -> str:
    """A payout to an account in a country that the policy does not allow."""
    body = {"effective_from": "2026-01-01", "currency": "EUR", "countries": ["MT"]}
    made = await Ask(desk.api, "POST", "/v1/finance/payout-policies", body)()
    approved = await Ask(desk.other, "POST", f"/v1/finance/payout-policies/{made.json()['policy_id']}/approve")()
    assert approved.status_code == 200, approved.text
    finance = await desk.finance()
    payouts = await finance.payouts(await finance.run())
    return str(payouts["ada"]["payout_id"])


async def propose_clearance(desk: Desk) -> Ask:
    payout = await _kept_back(desk)
    body = {"check": "country", "reason": "The account is theirs"}
    return Ask(desk.api, "POST", f"/v1/payouts/{payout}/clearances", body)


async def _proposed_clearance(desk: Desk) -> str:
    made = await (await propose_clearance(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/payout-clearances/{made.json()['clearance_id']}"


async def approve_clearance(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_clearance(desk)}/approve")


async def withdraw_clearance(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_clearance(desk)}/withdraw")


async def check_bank(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/bank-checks", {"day": "2026-01-01"})


async def _bank_item(desk: Desk) -> str:
    item_id = uuid4()
    await desk.world.pool.execute(
        """
        insert into bank_check_items (community, item_id, day, currency, payout_id, ledger_minor, payouts_minor,
                                      found_at, state)
        values ($1, $2, '2026-01-01', 'EUR', $2, 1, 2, now(), 'open')
        """,
        desk.world.community,
        item_id,
    )
    return f"/v1/bank-check-items/{item_id}"


async def look_at_bank_item(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _bank_item(desk)}/look")


async def explain_bank_item(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _bank_item(desk)}/explain", {"reason": "Charges"})


async def propose_payout_schedule(desk: Desk) -> Ask:
    body = {"effective_from": "2026-01-01", "every": "quarter", "on_day": 28, "month_of_quarter": 3, "at": "09:00"}
    return Ask(desk.api, "POST", "/v1/payout-schedules", body)


async def _proposed_schedule(desk: Desk) -> str:
    made = await (await propose_payout_schedule(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/payout-schedules/{made.json()['schedule_id']}"


async def approve_payout_schedule(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_schedule(desk)}/approve")


async def withdraw_payout_schedule(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_schedule(desk)}/withdraw")


async def stop_payout_schedule(desk: Desk) -> Ask:
    path = await _proposed_schedule(desk)
    approved = await Ask(desk.other, "POST", f"{path}/approve")()
    assert approved.status_code == 200, approved.text
    return Ask(desk.api, "POST", f"{path}/stop")


async def propose_payout_policy(desk: Desk) -> Ask:
    body = {"effective_from": "2026-01-01", "currency": "EUR", "holding_days": 14, "minimum_minor": 1_000}
    return Ask(desk.api, "POST", "/v1/finance/payout-policies", body)


async def _proposed_payout_policy(desk: Desk) -> str:
    made = await (await propose_payout_policy(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/payout-policies/{made.json()['policy_id']}"


async def approve_payout_policy(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_payout_policy(desk)}/approve")


async def withdraw_payout_policy(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_payout_policy(desk)}/withdraw")


async def load_sanctions(desk: Desk) -> Ask:
    text = "id,name,birth_date,country\nEX-17,Jan van der Voorbeeld,1970-01-31,NL\n"
    return Ask(desk.api, "POST", "/v1/finance/sanctions-lists?title=EU", csv=text)


async def _loaded_sanctions(desk: Desk) -> str:
    made = await (await load_sanctions(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/sanctions-lists/{made.json()['list_id']}"


async def approve_sanctions(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _loaded_sanctions(desk)}/approve")


async def withdraw_sanctions(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _loaded_sanctions(desk)}/withdraw")


async def propose_clawbacks(desk: Desk) -> Ask:
    body = {"effective_from": "2026-01-01", "treatment": "keep_below", "below_points": 20}
    return Ask(desk.api, "POST", "/v1/finance/clawback-policies", body)


async def _proposed_clawbacks(desk: Desk) -> str:
    made = await (await propose_clawbacks(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/clawback-policies/{made.json()['policy_id']}"


async def approve_clawbacks(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_clawbacks(desk)}/approve")


async def withdraw_clawbacks(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_clawbacks(desk)}/withdraw")


async def propose_write_off(desk: Desk) -> Ask:
    """Of a member of whom nothing is known but that points were taken from it: it owes them."""
    name = f"fine {uuid4().hex}"
    await desk.world.give(desk.world.award(name, "ower", -7))
    body = {"member_id": desk.world.uuid("ower"), "points": 7, "reason": "in good faith"}
    return Ask(desk.api, "POST", "/v1/debt-write-offs", body)


async def _proposed_write_off(desk: Desk) -> str:
    made = await (await propose_write_off(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/debt-write-offs/{made.json()['write_off_id']}"


async def approve_write_off(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_write_off(desk)}/approve")


async def withdraw_write_off(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_write_off(desk)}/withdraw")


async def reverse_write_off(desk: Desk) -> Ask:
    approved = await approve_write_off(desk)
    assert (await approved()).status_code == 200
    return Ask(desk.api, "POST", f"{approved.path.removesuffix('/approve')}/reverse", {"reason": "wrong"})


RATES = {"effective_from": "2026-01-01", "base": "EUR", "source": "file", "units": {"USD": "1.0956"}}
RATES_FILE = (
    '<Envelope><Cube><Cube time="2026-01-30"><Cube currency="USD" rate="1.0960"/></Cube></Cube></Envelope>'
)


async def propose_rates(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/finance/rate-policies", RATES)


async def _proposed_rates(desk: Desk) -> str:
    made = await (await propose_rates(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/rate-policies/{made.json()['policy_id']}"


async def approve_rates(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_rates(desk)}/approve")


async def withdraw_rates(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_rates(desk)}/withdraw")


async def hand_in_rates(desk: Desk) -> Ask:
    done = await (await approve_rates(desk))()
    assert done.status_code == 200, done.text
    return Ask(desk.api, "POST", "/v1/finance/rate-files", xml=RATES_FILE)


MAPPING = {"effective_from": "2026-01-01", "accounts": [{"account": "bank", "number": "1800"}]}


async def propose_mapping(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/finance/account-mappings", MAPPING)


async def _proposed_mapping(desk: Desk) -> str:
    made = await (await propose_mapping(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/finance/account-mappings/{made.json()['mapping_id']}"


async def approve_mapping(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await _proposed_mapping(desk)}/approve")


async def withdraw_mapping(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _proposed_mapping(desk)}/withdraw")


async def export_journal(desk: Desk) -> Ask:
    body = {"first_day": "2026-01-01", "last_day": "2026-01-31"}
    return Ask(desk.api, "POST", "/v1/finance/journal-exports", body)


async def create_run(desk: Desk) -> Ask:
    await desk.finance()
    return Ask(desk.api, "POST", "/v1/payout-runs")


async def approve_run(desk: Desk) -> Ask:
    run = await (await desk.finance()).run()
    return Ask(desk.other, "POST", f"/v1/payout-runs/{run['run_id']}/approve")


async def _payout(desk: Desk) -> str:
    finance = await desk.finance()
    payouts = await finance.payouts(await finance.run())
    return f"/v1/payouts/{payouts['ada']['payout_id']}"


async def hold_payout(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _payout(desk)}/hold", {"cause": "under_review", "note": "to be asked"})


async def leave_payout_out(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await _payout(desk)}/leave-out", {"cause": "disputed"})


async def release_payout_hold(desk: Desk) -> Ask:
    standing = await (await hold_payout(desk))()
    return Ask(desk.api, "POST", f"/v1/payout-holds/{standing.json()['hold_id']}/release")


async def attest_payee(desk: Desk) -> Ask:
    await desk.finance()
    body = {"kind": "tax_form", "form": "W-9", "received_on": "2026-01-12"}
    return Ask(desk.api, "POST", f"/v1/payees/{desk.world.uuid('ada')}/attestations", body)


async def withdraw_attestation(desk: Desk) -> Ask:
    noted = await (await attest_payee(desk))()
    assert noted.status_code == 200, noted.text
    return Ask(desk.api, "POST", f"/v1/payee-attestations/{noted.json()['attestation_id']}/withdraw")


async def cancel_run(desk: Desk) -> Ask:
    run = await (await desk.finance()).run()
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/cancel")


async def file_run(desk: Desk) -> Ask:
    run = await approved(await desk.finance())
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/file")


async def note_outcome(desk: Desk) -> Ask:
    run = await filed(await desk.finance())
    return Ask(desk.api, "POST", f"/v1/payout-runs/{run['run_id']}/outcome", {"state": "settled"})


async def propose_outcome(desk: Desk) -> str:
    """What makes money payable again, which waits for another person."""
    finance = await desk.finance()
    run = await filed(finance)
    path = f"/v1/payout-runs/{run['run_id']}"
    payouts = [payout["payout_id"] for payout in (await finance.payouts(run)).values()]
    body = {"state": "returned", "reason": "AC04", "payout_ids": payouts}
    proposed = await desk.api.post(f"{path}/outcome", json=body)
    assert proposed.status_code == 202, proposed.text
    return f"{path}/outcomes/{proposed.json()['outcome']['outcome_id']}"


async def confirm_outcome(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await propose_outcome(desk)}/confirm")


async def withdraw_outcome(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await propose_outcome(desk)}/withdraw")


async def month_over(desk: Desk) -> str:
    """The month before, in which something was booked, and which is in the chain."""
    desk.world.later = -timedelta(days=datetime.now(UTC).day)
    await desk.world.give(desk.world.award("early", "ada", 5))
    month = f"{datetime.now(UTC) + desk.world.later:%Y-%m}"
    desk.world.later = timedelta(0)
    async with desk.world.begin() as tx:
        while await chain(tx):
            pass
    return f"/v1/periods/{month}"


async def close_month(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await month_over(desk)}/close")


async def closing(desk: Desk) -> str:
    path = await month_over(desk)
    proposed = await desk.api.post(f"{path}/close")
    assert proposed.status_code == 200, proposed.text
    return path


async def confirm_month(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await closing(desk)}/confirm")


async def withdraw_month(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await closing(desk)}/withdraw")


async def reopen_month(desk: Desk) -> Ask:
    path = await closing(desk)
    assert (await desk.other.post(f"{path}/confirm")).status_code == 200
    return Ask(desk.api, "POST", f"{path}/reopen", {"reason": "charges came late"})


JOURNAL = {
    "reason": "The bank's charges",
    "lines": [
        {"account": "bank", "currency": "EUR", "amount": 1250},
        {"account": "bank_charges", "currency": "EUR", "amount": -1250},
    ],
}


async def propose_journal(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/journals", JOURNAL)


async def proposed_journal(desk: Desk) -> str:
    proposed = await (await propose_journal(desk))()
    assert proposed.status_code == 201, proposed.text
    return f"/v1/journals/{proposed.json()['journal_id']}"


async def confirm_journal(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await proposed_journal(desk)}/confirm")


async def withdraw_journal(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await proposed_journal(desk)}/withdraw")


WALLET = {"title": "Community 2026", "currency": "EUR"}


async def make_wallet(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/wallets", WALLET)


async def made_wallet(desk: Desk) -> str:
    made = await (await make_wallet(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/wallets/{made.json()['wallet_id']}"


async def change_wallet(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", await made_wallet(desk), {"title": "Community 2027", "low_amount": 100})


async def freeze_wallet(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await made_wallet(desk)}/freeze", {"reason": "Too fast"})


async def propose_for_wallet(desk: Desk) -> Ask:
    body = {"kind": "fund", "reason": "The budget of 2026", "amount": 500_000}
    return Ask(desk.api, "POST", f"{await made_wallet(desk)}/decisions", body)


async def proposed_for_wallet(desk: Desk) -> str:
    proposed = await (await propose_for_wallet(desk))()
    assert proposed.status_code == 201, proposed.text
    return f"/v1/wallet-decisions/{proposed.json()['decision_id']}"


async def confirm_for_wallet(desk: Desk) -> Ask:
    return Ask(desk.other, "POST", f"{await proposed_for_wallet(desk)}/confirm")


async def withdraw_for_wallet(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await proposed_for_wallet(desk)}/withdraw")


async def hand_in(desk: Desk, *entries: str) -> None:
    """Import a statement of the bank."""
    headers = {"Content-Type": "application/xml"}
    answer = await desk.api.post("/v1/bank-messages", content=statement("camt.053", *entries), headers=headers)
    assert answer.status_code == 201, answer.text


async def import_bank_message(desk: Desk) -> Ask:
    await desk.finance()
    content = statement("camt.053", entry("1.00", payment("INVOICE-1")))
    return Ask(desk.api, "POST", "/v1/bank-messages", xml=content)


async def waiting_line(desk: Desk) -> tuple[str, str]:
    """A line of a bank that nobody could match, and the payout that it is about."""
    finance = await desk.finance()
    run = await filed(finance)
    payout = next(one for one in (await finance.payouts(run)).values() if one["state"] != "held")
    amount = f"{payout['amount_minor'] // 100}.{payout['amount_minor'] % 100:02}"
    await hand_in(desk, entry(amount, payment("", more=RETURNED)))
    (line,) = (await desk.api.get("/v1/bank-lines", params={"state": "open"})).json()["items"]
    return f"/v1/bank-lines/{line['line_id']}", payout["payout_id"]


async def match_bank_line(desk: Desk) -> Ask:
    path, payout_id = await waiting_line(desk)
    return Ask(desk.api, "POST", f"{path}/match", {"payout_id": payout_id})


async def set_bank_line_aside(desk: Desk) -> Ask:
    path, _ = await waiting_line(desk)
    return Ask(desk.api, "POST", f"{path}/set-aside", {"reason": "The rent"})


async def dead_letter(desk: Desk) -> str:
    """A record of the community that the service could not process."""
    letter = NewLetter(
        letter_id=str(uuid4()),
        community=desk.world.community,
        topic="points.awarded.v1",
        partition=0,
        record_offset=1,
        key=f"{desk.world.community}|x".encode(),
        value=b"{}",
        is_truncated=False,
        reason="type: Field required",
    )
    async with desk.world.pool.acquire() as conn:
        await add_letters(conn, letters=[letter], now=datetime.now(UTC))
    return f"/v1/dead-letters/{letter.letter_id}"


async def replay(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await dead_letter(desk)}/replay")


async def discard(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await dead_letter(desk)}/discard", {"reason": "corrected by hand"})


async def add_occasion(desk: Desk) -> Ask:
    now = datetime.now(UTC)
    body = {
        "title": "Meet-up",
        "begins_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    return Ask(desk.api, "POST", "/v1/occasions", body)


async def refused_event(desk: Desk) -> str:
    """The path of a body that was refused, and can be sent again by somebody who mends it."""
    sent = await desk.api.post("/v1/events", content=b"{", headers={"Content-Type": "application/json"})
    assert sent.status_code == 400, sent.text
    (kept,) = (await desk.api.get("/v1/refused-events")).json()["items"]
    return f"/v1/refused-events/{kept['refused_id']}"


async def mend(desk: Desk) -> Ask:
    event = {
        "specversion": "1.0",
        "id": "post-1",
        "source": "https://forum.example.org",
        "type": "forum.post.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": {"channel": "forum", "actor": {"id": "ada"}},
    }
    return Ask(desk.api, "POST", f"{await refused_event(desk)}/replay", {"event": dumps(event)})


async def replay_all_refused(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/refused-events/replay", {})


async def occasion(desk: Desk) -> str:
    made = await (await add_occasion(desk))()
    assert made.status_code == 201, made.text
    return f"/v1/occasions/{made.json()['occasion_id']}"


async def set_device(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", f"{await occasion(desk)}/device-key", {"public_key": _in_base64(_device_key())})


async def take_list(desk: Desk) -> Ask:
    path = await occasion(desk)
    key = {"public_key": _in_base64(_device_key())}
    assert (await desk.api.put(f"{path}/device-key", json=key)).status_code == 200
    text = f'{{"occasion_id": "{path.rpartition("/")[2]}", "entries": []}}'
    signature = _DEVICE.sign(signed_bytes(text))
    return Ask(desk.api, "POST", f"{path}/lists", {"list": text, "signature": _in_base64(signature)})


async def check_in(desk: Desk) -> Ask:
    path = await occasion(desk)
    declared = await (await declare_identities(desk))()
    member_id = declared.json()["member_id"]
    await know_token_keys(desk.world.pool)
    code = (await desk.api.get(f"{path}/code")).json()["code"]
    shown = httpx.AsyncClient(transport=desk.api._transport, base_url=desk.api.base_url)
    shown.headers.update(token(desk.world.community, member_id, member_id))
    return Ask(shown, "POST", "/v1/check-ins", {"code": code})


async def celebration(desk: Desk) -> tuple[httpx.AsyncClient, str]:
    """A celebration of a member, and a client with which they ask."""
    declared = await (await declare_identities(desk))()
    member_id = declared.json()["member_id"]
    await know_token_keys(desk.world.pool)
    celebration_id = str(uuid4())
    await desk.world.pool.execute(
        "insert into reactables (community, celebration_id, member_id, celebrated_at) values ($1, $2, $3, now())",
        desk.world.community,
        celebration_id,
        member_id,
    )
    shown = httpx.AsyncClient(transport=desk.api._transport, base_url=desk.api.base_url)
    shown.headers.update(token(desk.world.community, member_id, member_id))
    return shown, celebration_id


async def react(desk: Desk) -> Ask:
    shown, celebration_id = await celebration(desk)
    body = {"celebration_id": celebration_id, "reaction": "heart"}
    return Ask(shown, "POST", "/v1/celebration-reactions", body)


async def see(desk: Desk) -> Ask:
    shown, celebration_id = await celebration(desk)
    return Ask(shown, "POST", "/v1/celebrations-seen", {"celebration_ids": [celebration_id]})


async def thank(desk: Desk) -> Ask:
    terms = '{"per_month": 5}'
    await desk.world.pool.execute(
        """
        insert into declared_kudos (community, version, effective_from, terms, words)
        values ($1, 1, '2026-01-01Z', $2::jsonb, '[]'::jsonb) on conflict do nothing
        """,
        desk.world.community,
        terms,
    )
    members = []
    for name in ("giver", "receiver"):
        body = {"identities": [{"channel": "forum", "id": name}]}
        members.append((await desk.api.put("/v1/members/identities", json=body)).json()["member_id"])
    giver, receiver = members
    return Ask(desk.api, "POST", "/v1/kudos", {"giver": giver, "receiver": receiver, "message": "Thank you."})


async def take_thanks_back(desk: Desk) -> Ask:
    given = await (await thank(desk))()
    assert given.status_code == 201, given.text
    return Ask(desk.api, "POST", f"/v1/kudos/{given.json()['event_uid']}/take-back", {})


async def suggest_idea(desk: Desk, name: str = "suggester") -> Ask:
    body = {"identities": [{"channel": "forum", "id": name}]}
    member_id = (await desk.api.put("/v1/members/identities", json=body)).json()["member_id"]
    return Ask(desk.api, "POST", "/v1/ideas", {"author": member_id, "title": "A dark theme"})


async def suggested_idea(desk: Desk, name: str = "suggester") -> str:
    done = await (await suggest_idea(desk, name))()
    assert done.status_code == 201, done.text
    return str(done.json()["idea_id"])


async def vote_for_idea(desk: Desk) -> Ask:
    idea_id = await suggested_idea(desk)
    body = {"identities": [{"channel": "forum", "id": "voter"}]}
    member_id = (await desk.api.put("/v1/members/identities", json=body)).json()["member_id"]
    return Ask(desk.api, "POST", f"/v1/ideas/{idea_id}/vote", {"member": member_id})


async def withdraw_vote(desk: Desk) -> Ask:
    given = await vote_for_idea(desk)
    done = await given()
    assert done.status_code == 200, done.text
    return Ask(desk.api, "POST", f"/v1/ideas/{done.json()['idea_id']}/withdraw", given.json)


async def move_idea(desk: Desk) -> Ask:
    body = {"state": "planned", "note": "It comes in spring."}
    return Ask(desk.api, "POST", f"/v1/ideas/{await suggested_idea(desk)}/move", body)


async def join_idea(desk: Desk) -> Ask:
    idea_id, other = await suggested_idea(desk), await suggested_idea(desk, "another")
    return Ask(desk.api, "POST", f"/v1/ideas/{idea_id}/join", {"to": other, "note": "Both ask for it."})


async def decide_on_figure(desk: Desk) -> Ask:
    body = {"figure": "answered_in_time", "value": 0.62, "text": "Two of us answer on Saturdays."}
    return Ask(desk.api, "POST", "/v1/decisions", body)


async def decided_on_figure(desk: Desk) -> str:
    done = await (await decide_on_figure(desk))()
    assert done.status_code == 201, done.text
    return f"/v1/decisions/{done.json()['decision_id']}"


async def review_decision(desk: Desk) -> Ask:
    body = {"outcome": "kept", "text": "It is 0.81 now."}
    return Ask(desk.api, "POST", f"{await decided_on_figure(desk)}/review", body)


async def withdraw_decision(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await decided_on_figure(desk)}/withdraw", {"reason": "Another figure."})


async def set_objective(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", "/v1/objectives/median_response", {"objective": 43_200, "reason": "We are more."})


async def declare_round(desk: Desk) -> Ask:
    today = datetime.now(UTC).date()
    days = {"starts_on": today, "votes_from": today + timedelta(days=5), "ends_on": today + timedelta(days=9)}
    body = {name: day.isoformat() for name, day in days.items()} | {"title": "Helper of the year"}
    return Ask(desk.api, "POST", "/v1/nomination-rounds", body)


async def declared_round(desk: Desk) -> str:
    done = await (await declare_round(desk))()
    assert done.status_code == 201, done.text
    return f"/v1/nomination-rounds/{done.json()['round_id']}"


async def cancel_round(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await declared_round(desk)}/cancel", {"reason": "Its days were wrong."})


async def nominate(desk: Desk) -> Ask:
    members = []
    for name in ("nominator", "nominee"):
        body = {"identities": [{"channel": "forum", "id": name}]}
        members.append((await desk.api.put("/v1/members/identities", json=body)).json()["member_id"])
    said = {"nominator": members[0], "nominee": members[1], "citation": "She stays."}
    return Ask(desk.api, "POST", f"{await declared_round(desk)}/nominations", said)


async def nominated(desk: Desk) -> dict[str, Any]:
    done = await (await nominate(desk))()
    assert done.status_code == 201, done.text
    made: dict[str, Any] = done.json()
    return made


async def accept_nomination(desk: Desk) -> Ask:
    made = await nominated(desk)
    path = f"/v1/nominations/{made['nomination_id']}/accept"
    return Ask(desk.api, "POST", path, {"member": made["nominee_id"]})


async def decline_nomination(desk: Desk) -> Ask:
    made = await nominated(desk)
    path = f"/v1/nominations/{made['nomination_id']}/decline"
    return Ask(desk.api, "POST", path, {"member": made["nominee_id"]})


async def vote_for_nominee(desk: Desk) -> Ask:
    made = await nominated(desk)
    sql = "update nomination_rounds set votes_from = starts_at where community = $1 and round_id = $2"
    await desk.world.pool.execute(sql, desk.world.community, made["round_id"])
    body = {"identities": [{"channel": "forum", "id": "nominator"}]}
    voter = (await desk.api.put("/v1/members/identities", json=body)).json()["member_id"]
    return Ask(desk.api, "POST", f"/v1/nominations/{made['nomination_id']}/vote", {"member": voter})


async def answer_survey(desk: Desk) -> Ask:
    pool, community = desk.world.pool, desk.world.community
    body = {"identities": [{"channel": "forum", "id": "asked"}]}
    member_id = (await desk.api.put("/v1/members/identities", json=body)).json()["member_id"]
    surveys = (
        '{"quiet_days": 0, "ask": [{"id": "nps", "title": "NPS", "kind": "nps", "question": {"en": "Would you?"},'
        ' "each": "month"}]}'
    )
    await pool.execute(
        """
        insert into declared_surveys (community, version, effective_from, surveys)
        values ($1, 1, '2026-01-01Z', $2::jsonb) on conflict do nothing
        """,
        community,
        surveys,
    )
    invitation_id, closes_at = str(uuid4()), datetime.now(UTC) + timedelta(days=3)
    await pool.execute(
        """
        insert into survey_invitations (community, invitation_id, survey_id, programme_version, member_id, trigger,
            asked_at, closes_at)
        values ($1, $2, 'nps', 1, $3, '2026-01-01', now(), $4)
        """,
        community,
        invitation_id,
        member_id,
        closes_at,
    )
    token = write_link(desk.world.settings, Link("survey", community, invitation_id, "nps", closes_at))
    return Ask(desk.api, "POST", f"/v1/survey-invitations/{token}/answer", {"score": 9})


async def connect(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/connectors", {"name": "forum", "connector": "discourse"})


async def connection(desk: Desk) -> str:
    made = await (await connect(desk))()
    assert made.status_code == 201, made.text
    return "/v1/connectors/forum"


async def change_connection(desk: Desk) -> Ask:
    return Ask(desk.api, "PATCH", await connection(desk), {"enabled": False})


async def rotate_secret(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await connection(desk)}/rotate", {})


async def disconnect(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", await connection(desk))


async def replay_all(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await connection(desk)}/replay")


async def replay_one(desk: Desk) -> Ask:
    made = await (await connect(desk))()
    raw, secret = b'{"strange": true}', made.json()["secret"].encode()
    shown = {"X-Discourse-Event-Signature": f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"}
    delivered = await desk.api.post(made.json()["path"], content=raw, headers=shown)
    assert delivered.json()["outcome"] == "unmapped", delivered.text
    return Ask(desk.api, "POST", f"/v1/connectors/forum/deliveries/{delivered.json()['delivery_id']}/replay")


_MAIL = {"smtp_host": "127.0.0.1", "smtp_from": "hello@example.org", "public_url": "https://example.org"}
_WORDS = {"subject": "{{ title }}", "body": "Hello {{ name }}"}


async def set_messages(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", "/v1/messages/settings", {"revision": 0, "kinds": {}, "day_max_count": 3})


async def set_room(desk: Desk) -> Ask:
    url = "https://hooks.slack.com/services/T0/B0/x"
    return Ask(desk.api, "PUT", "/v1/messages/rooms/slack", {"url": url})


async def forget_room(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", "/v1/messages/rooms/slack")


async def set_words(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", "/v1/messages/templates/badge/en", _WORDS)


async def forget_words(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", "/v1/messages/templates/badge/en")


async def try_message(desk: Desk) -> Ask:
    app = desk.api._transport.app  # type: ignore[attr-defined]
    desk.world.configure(**_MAIL)
    app.state.connected = replace(app.state.connected, settings=desk.world.settings)
    body = {"kind": "badge", "to": f"ada@{desk.world.community}.example"}
    return Ask(desk.api, "POST", "/v1/messages/trials", body)


async def send_again(desk: Desk) -> Ask:
    tried = await (await try_message(desk))()
    assert tried.status_code == 202, tried.text
    await desk.world.pool.execute(
        "update messages set state = 'failed' where community = $1", desk.world.community
    )
    return Ask(desk.api, "POST", f"/v1/messages/{tried.json()['message_id']}/again")


async def hear_bounce(desk: Desk) -> Ask:
    report = (
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\n\n--b--"
    )
    return Ask(desk.api, "POST", "/v1/messages/bounces", {"content": report})


async def reached(desk: Desk) -> str:
    declared = await (await declare_identities(desk))()
    path = f"/v1/members/{declared.json()['member_id']}/messaging"
    body = {"address": f"ada@{desk.world.community}.example", "confirmed": True}
    said = await desk.api.put(f"{path}/address", json=body)
    assert said.status_code == 200, said.text
    return path


async def set_address(desk: Desk) -> Ask:
    path = await reached(desk)
    return Ask(desk.api, "PUT", f"{path}/address", {"address": "other@example.org", "confirmed": True})


async def forget_address(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", f"{await reached(desk)}/address")


async def set_wishes(desk: Desk) -> Ask:
    return Ask(desk.api, "PUT", f"{await reached(desk)}/wishes", {"without": ["badge"], "pace": "daily"})


async def _link(desk: Desk, what: str) -> str:
    await reached(desk)
    of_id = await desk.world.pool.fetchval(
        "select address_id::text from message_addresses where community = $1", desk.world.community
    )
    return write_link(desk.world.settings, Link(what, desk.world.community, of_id, "badge"))


async def stop_messages(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/unsubscribe/{await _link(desk, 'address')}")


async def confirm_address(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/mail-addresses/{await _link(desk, 'confirm')}")


async def add_recipient(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/recipients", {"address": f"g@{desk.world.community}.example"})


async def add_recipients_of_table(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", "/v1/recipients/table", {"csv": f"email\ng@{desk.world.community}.example\n"})


async def _offer(desk: Desk) -> str:
    held = await (await add_recipient(desk))()
    line_id = str(uuid4())
    link = Link("offer", desk.world.community, held.json()["recipient_id"], line_id)
    return write_link(desk.world.settings, link)


async def come_in(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"/v1/offers/{await _offer(desk)}/sign-in")


async def take_offer(desk: Desk) -> Ask:
    declared = await (await declare_identities(desk))()
    path = f"/v1/members/{declared.json()['member_id']}/offers"
    return Ask(desk.api, "POST", path, {"token": await _offer(desk)})


async def forget_recipient(desk: Desk) -> Ask:
    held = await (await add_recipient(desk))()
    assert held.status_code == 201, held.text
    return Ask(desk.api, "DELETE", f"/v1/recipients/{held.json()['recipient_id']}")


async def add_webhook(desk: Desk) -> Ask:
    body = {"name": "warehouse", "url": "https://example.org/x", "types": ["points.awarded.v1"]}
    return Ask(desk.api, "POST", "/v1/webhook-endpoints", body)


async def webhook(desk: Desk) -> str:
    made = await (await add_webhook(desk))()
    assert made.status_code == 201, made.text
    return "/v1/webhook-endpoints/warehouse"


async def change_webhook(desk: Desk) -> Ask:
    return Ask(desk.api, "PATCH", await webhook(desk), {"enabled": False})


async def rotate_webhook(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await webhook(desk)}/rotate", {})


async def try_webhook(desk: Desk) -> Ask:
    return Ask(desk.api, "POST", f"{await webhook(desk)}/test")


async def remove_webhook(desk: Desk) -> Ask:
    return Ask(desk.api, "DELETE", await webhook(desk))


async def webhook_delivery(desk: Desk) -> NewDelivery:
    """A fact of the community that an endpoint had."""
    community, endpoint_id = desk.world.community, str(uuid4())
    known = KnownEndpoint(community, endpoint_id, "warehouse", 1, (), True, False, None)
    made = NewDelivery(community, endpoint_id, str(uuid4()), "points.awarded.v1", b"{}")
    async with desk.world.pool.acquire() as conn:
        await put_endpoint(conn, endpoint=known)
        await add_deliveries(conn, deliveries=[made], state=DeliveryState.DELIVERED)
    return made


async def replay_delivery(desk: Desk) -> Ask:
    made = await webhook_delivery(desk)
    path = f"/v1/webhook-deliveries/{delivery_id(made.endpoint_id, made.message_id)}/replay"
    return Ask(desk.api, "POST", path)


async def replay_deliveries(desk: Desk) -> Ask:
    made = await webhook_delivery(desk)
    body = {"endpoint_id": made.endpoint_id, "states": ["delivered", "failed"]}
    return Ask(desk.api, "POST", "/v1/webhook-deliveries/replay", body)


_DEVICE = Ed25519PrivateKey.generate()


def _device_key() -> bytes:
    return _DEVICE.public_key().public_bytes_raw()


def _in_base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


#: Those that every service has.
OF_EACH: dict[str, tuple[str, Callable[[Desk], Awaitable[Ask]]]] = {
    "POST /v1/dead-letters/{letter_id}/replay": ("dead_letter.replay", replay),
    "POST /v1/dead-letters/{letter_id}/discard": ("dead_letter.discard", discard),
    "POST /v1/webhook-deliveries/{delivery_id}/replay": ("webhook.replay", replay_delivery),
    "POST /v1/webhook-deliveries/replay": ("webhook.replay_all", replay_deliveries),
}
#: How each command succeeds, and what its entry calls it.
COMMANDS: dict[str, tuple[str, Callable[[Desk], Awaitable[Ask]]]] = {
    "ingest POST /v1/communities/{community}/people": ("person.add", add_person),
    "ingest PUT /v1/communities/{community}/people/{person_id}/roles": ("person.set_roles", set_roles),
    "ingest POST /v1/communities/{community}/people/{person_id}/disable": ("person.disable", disable),
    "ingest POST /v1/communities/{community}/people/{person_id}/enable": ("person.enable", enable),
    "ingest POST /v1/communities/{community}/people/{person_id}/unbind": ("person.unbind", unbind),
    "ingest POST /v1/communities/{community}/people/{person_id}/tie": ("person.tie", tie),
    "ingest POST /v1/communities/{community}/people/{person_id}/untie": ("person.untie", untie),
    "ingest POST /v1/own-members": ("person.tie_oneself", tie_oneself),
    "ingest POST /v1/keys": ("key.issue", issue_key),
    "ingest POST /v1/communities/{community}/keys/{key_id}/rotate": ("key.rotate", rotate_key),
    "ingest DELETE /v1/communities/{community}/keys/{key_id}": ("key.revoke", revoke_key),
    "ingest POST /v1/communities": ("community.declare", declare_community),
    "ingest PATCH /v1/communities/{community}": ("community.change", change_community),
    "ingest POST /v1/communities/{community}/review-policy/approve": ("review_policy.approve", approve_policy),
    "ingest POST /v1/communities/{community}/review-policy/withdraw": ("review_policy.withdraw", withdraw_policy),
    "ingest POST /v1/sign-in-links": ("sign_in_link.make", make_link),
    "ingest POST /v1/tokens": ("token.issue", sign_in),
    "ingest PUT /v1/members/identities": ("member.declare_identities", declare_identities),
    "ingest POST /v1/members/declare": ("community.declare_members", declare_members),
    "ingest POST /v1/measurings": ("community.measure_again", measure_again),
    "ingest POST /v1/members/links": ("member.link_identity", link_identity),
    "ingest PUT /v1/members/{member_id}/standing": ("member.say_standing", say_standing),
    "ingest POST /v1/members/{member_id}/merge": ("member.merge", merge),
    "ingest POST /v1/members/{member_id}/unmerge": ("member.unmerge", unmerge),
    "ingest POST /v1/members/{member_id}/erase": ("member.erase", erase_member),
    "ingest PUT /v1/members/{member_id}/attributes": ("member.set_attributes", set_attributes),
    "ingest PUT /v1/members/{member_id}/preferences": ("member.set_preferences", set_preferences),
    "ingest POST /v1/refused-events/replay": ("refused_event.replay_all", replay_all_refused),
    "ingest POST /v1/refused-events/{refused_id}/replay": ("refused_event.replay", mend),
    "ingest POST /v1/occasions": ("occasion.add", add_occasion),
    "ingest PUT /v1/occasions/{occasion_id}/device-key": ("occasion.set_device", set_device),
    "ingest POST /v1/occasions/{occasion_id}/lists": ("occasion.take_list", take_list),
    "ingest POST /v1/check-ins": ("occasion.check_in", check_in),
    "ingest POST /v1/celebration-reactions": ("celebration.react", react),
    "ingest POST /v1/celebrations-seen": ("celebration.see", see),
    "ingest POST /v1/kudos": ("kudos.give", thank),
    "ingest POST /v1/kudos/{event_uid}/take-back": ("kudos.take_back", take_thanks_back),
    "ingest POST /v1/ideas": ("idea.suggest", suggest_idea),
    "ingest POST /v1/ideas/{idea_id}/vote": ("idea.vote", vote_for_idea),
    "ingest POST /v1/ideas/{idea_id}/withdraw": ("idea.withdraw", withdraw_vote),
    "ingest POST /v1/ideas/{idea_id}/move": ("idea.move", move_idea),
    "ingest POST /v1/ideas/{idea_id}/join": ("idea.join", join_idea),
    "ingest POST /v1/decisions": ("decision.make", decide_on_figure),
    "ingest POST /v1/decisions/{decision_id}/review": ("decision.review", review_decision),
    "ingest POST /v1/decisions/{decision_id}/withdraw": ("decision.withdraw", withdraw_decision),
    "ingest PUT /v1/objectives/{indicator}": ("objective.set", set_objective),
    "ingest POST /v1/nomination-rounds": ("nomination_round.declare", declare_round),
    "ingest POST /v1/nomination-rounds/{round_id}/cancel": ("nomination_round.cancel", cancel_round),
    "ingest POST /v1/nomination-rounds/{round_id}/nominations": ("nomination.make", nominate),
    "ingest POST /v1/nominations/{nomination_id}/accept": ("nomination.accept", accept_nomination),
    "ingest POST /v1/nominations/{nomination_id}/decline": ("nomination.decline", decline_nomination),
    "ingest POST /v1/nominations/{nomination_id}/vote": ("nomination.vote", vote_for_nominee),
    "ingest POST /v1/survey-invitations/{token}/answer": ("survey.answer", answer_survey),
    "ingest POST /v1/connectors": ("connector.add", connect),
    "ingest PATCH /v1/connectors/{name}": ("connector.change", change_connection),
    "ingest POST /v1/connectors/{name}/rotate": ("connector.rotate", rotate_secret),
    "ingest DELETE /v1/connectors/{name}": ("connector.remove", disconnect),
    "ingest POST /v1/connectors/{name}/replay": ("connector.replay_all", replay_all),
    "ingest POST /v1/connectors/{name}/deliveries/{delivery_id}/replay": ("connector.replay", replay_one),
    "ingest PUT /v1/messages/settings": ("message.set", set_messages),
    "ingest PUT /v1/messages/rooms/{channel}": ("message.set_room", set_room),
    "ingest DELETE /v1/messages/rooms/{channel}": ("message.forget_room", forget_room),
    "ingest PUT /v1/messages/templates/{kind}/{language}": ("message.set_words", set_words),
    "ingest DELETE /v1/messages/templates/{kind}/{language}": ("message.forget_words", forget_words),
    "ingest POST /v1/messages/trials": ("message.try_out", try_message),
    "ingest POST /v1/messages/{message_id}/again": ("message.send_again", send_again),
    "ingest POST /v1/messages/bounces": ("message.hear_bounce", hear_bounce),
    "ingest PUT /v1/members/{member_id}/messaging/address": ("member.set_mail_address", set_address),
    "ingest DELETE /v1/members/{member_id}/messaging/address": ("member.forget_mail_address", forget_address),
    "ingest PUT /v1/members/{member_id}/messaging/wishes": ("member.set_message_wishes", set_wishes),
    "ingest POST /v1/unsubscribe/{token}": ("message.stop", stop_messages),
    "ingest POST /v1/mail-addresses/{token}": ("member.confirm_mail_address", confirm_address),
    "ingest POST /v1/recipients": ("recipient.add", add_recipient),
    "ingest DELETE /v1/recipients/{recipient_id}": ("recipient.forget", forget_recipient),
    "ingest POST /v1/recipients/table": ("recipient.add_table", add_recipients_of_table),
    "ingest POST /v1/offers/{token}/sign-in": ("recipient.come_in", come_in),
    "ingest POST /v1/members/{member_id}/offers": ("recipient.take_offer", take_offer),
    "ingest POST /v1/webhook-endpoints": ("webhook.add", add_webhook),
    "ingest PATCH /v1/webhook-endpoints/{name}": ("webhook.change", change_webhook),
    "ingest POST /v1/webhook-endpoints/{name}/rotate": ("webhook.rotate", rotate_webhook),
    "ingest POST /v1/webhook-endpoints/{name}/test": ("webhook.test", try_webhook),
    "ingest DELETE /v1/webhook-endpoints/{name}": ("webhook.remove", remove_webhook),
    "scoring POST /v1/programmes": ("programme.publish", publish),
    "scoring POST /v1/programmes/{version}/approve": ("programme.approve", approve_version),
    "scoring POST /v1/programmes/{version}/withdraw": ("programme.withdraw", withdraw_version),
    "scoring POST /v1/programmes/{version}/send-back": ("programme.send_back", send_version_back),
    "scoring POST /v1/programmes/{version}/rollback": ("programme.roll_back", roll_version_back),
    "scoring POST /v1/content/restatements": ("quality.restate", restate_quality),
    "scoring POST /v1/campaigns/{campaign_id}/stop": ("campaign.stop", stop_campaign),
    "scoring POST /v1/campaigns/{campaign_id}/resume": ("campaign.resume", resume_campaign),
    "scoring POST /v1/signals/{case_id}/release": ("signal_case.release", release_held),
    "scoring POST /v1/signals/{case_id}/approve": ("signal_case.approve", approve_release),
    "scoring POST /v1/signals/{case_id}/deny": ("signal_case.deny", deny_held),
    "scoring POST /v1/signals/decisions": ("signal_case.decide", decide_held),
    "scoring POST /v1/manual-awards": ("manual_award.ask", give_by_hand),
    "scoring POST /v1/manual-awards/{manual_id}/approve": ("manual_award.approve", approve_by_hand),
    "scoring POST /v1/manual-awards/{manual_id}/decline": ("manual_award.decline", decline_by_hand),
    "scoring POST /v1/manual-awards/{manual_id}/reverse": ("manual_award.reverse", reverse_by_hand),
    "scoring POST /v1/manual-awards/{manual_id}/confirm-reversal": (
        "manual_award.confirm_reversal",
        confirm_reversal_by_hand,
    ),
    "scoring POST /v1/guideline-reports": ("guideline_case.report", report_content),
    "scoring POST /v1/guideline-cases/{case_id}/decide": ("guideline_case.decide", decide_case),
    "scoring POST /v1/guideline-cases/{case_id}/rule": ("guideline_case.rule", rule_on_appeal),
    "scoring POST /v1/suspensions": ("suspension.begin", suspend_member),
    "scoring POST /v1/suspensions/{suspension_id}/lift": ("suspension.lift", lift_suspension),
    "scoring POST /v1/members/{member_id}/guidelines/accept": ("guidelines.accept", accept_guidelines),
    "scoring POST /v1/members/{member_id}/guideline-reports": (
        "guideline_case.report_own",
        report_as_member,
    ),
    "scoring POST /v1/members/{member_id}/guideline-cases/{case_id}/appeal": (
        "guideline_case.appeal",
        appeal_decision,
    ),
    "scoring POST /v1/backtests": ("backtest.ask", ask_for_backtest),
    "scoring POST /v1/backtests/{backtest_id}/cancel": ("backtest.cancel", cancel_backtest),
    "scoring POST /v1/restatements": ("restatement.ask", ask_for_restatement),
    "scoring POST /v1/restatements/{restatement_id}/submit": ("restatement.submit", submit_restatement),
    "scoring POST /v1/restatements/{restatement_id}/approve": ("restatement.approve", approve_restatement),
    "scoring POST /v1/restatements/{restatement_id}/cancel": ("restatement.cancel", cancel_restatement),
    "scoring POST /v1/restatements/{restatement_id}/reverse": ("restatement.ask_back", reverse_restatement),
    "scoring POST /v1/restatements/{restatement_id}/approve-reversal": (
        "restatement.take_back",
        approve_reversal,
    ),
    "scoring POST /v1/programme-drafts": ("programme_draft.begin", begin_draft),
    "scoring PUT /v1/programme-drafts/{draft_id}": ("programme_draft.save", save_draft),
    "scoring DELETE /v1/programme-drafts/{draft_id}": ("programme_draft.discard", discard_draft),
    "scoring POST /v1/programme-drafts/{draft_id}/submit": ("programme_draft.submit", submit_draft),
    "recognition POST /v1/members/{member_id}/badges": ("badge.grant", give_badge),
    "recognition POST /v1/members/{member_id}/badges/{badge_id}/take-back": ("badge.take_back", take_badge_back),
    "recognition POST /v1/badges/{badge_id}/misnumbered/{grant_id}/renumber": ("badge.renumber", renumber_badge),
    "recognition POST /v1/members/{member_id}/badges/{badge_id}/credential": (
        "credential.take_away",
        take_badge_away,
    ),
    "recognition PUT /v1/credential-issuer": ("credential_issuer.put", put_issuer),
    "recognition POST /v1/credential-issuer/rotate-key": ("credential_issuer.rotate_key", rotate_issuer_key),
    "recognition POST /v1/credential-issuer/keys/{key_name}/stolen": (
        "credential_issuer.declare_stolen",
        declare_key_stolen,
    ),
    "recognition POST /v1/members/{member_id}/level-lock": ("level.lock", lock_level),
    "recognition POST /v1/members/{member_id}/level-unlock": ("level.unlock", unlock_level),
    "recognition POST /v1/members/{member_id}/streaks/{streak_id}/freezes": ("streak.freeze", give_freeze),
    "recognition PUT /v1/badges/{badge_id}/picture": ("badge.put_picture", put_picture),
    "recognition DELETE /v1/badges/{badge_id}/picture": ("badge.drop_picture", delete_picture),
    "recognition POST /v1/members/{member_id}/quests/{quest_id}/join": ("quest.join", join_quest),
    "recognition POST /v1/members/{member_id}/quests/{quest_id}/leave": ("quest.leave", leave_quest),
    "rewards PUT /v1/payees/{member_id}": ("payee.set", set_payee),
    "rewards PUT /v1/payees/{member_id}/receiver": ("receiver.set", set_receiver),
    "rewards DELETE /v1/payees/{member_id}/receiver": ("receiver.remove", remove_receiver),
    "rewards POST /v1/remittances/{payout_id}/ask": ("remittance.ask", ask_about_remittance),
    "rewards POST /v1/remittances/{payout_id}/cancel": ("remittance.cancel", cancel_remittance),
    "rewards POST /v1/remittances/{payout_id}/acknowledge": ("remittance.acknowledge", acknowledge_remittance),
    "rewards POST /v1/draws/{draw_id}/draw": ("draw.draw", draw_winners),
    "rewards POST /v1/catalogue/rewards": ("reward.add", add_reward),
    "rewards PUT /v1/catalogue/rewards/{reward_id}": ("reward.change", change_reward),
    "rewards PUT /v1/catalogue/rewards/{reward_id}/picture": ("reward.put_picture", put_reward_picture),
    "rewards DELETE /v1/catalogue/rewards/{reward_id}/picture": ("reward.drop_picture", drop_reward_picture),
    "rewards POST /v1/catalogue/rewards/{reward_id}/codes": ("voucher.import", import_codes),
    "rewards PUT /v1/providers/{provider}": ("provider.connect", connect_provider),
    "rewards POST /v1/providers/{provider}/end-old-secret": ("provider.end_old_secret", end_old_secret),
    "rewards POST /v1/providers/{provider}/disconnect": ("provider.disconnect", disconnect_provider),
    "rewards POST /v1/providers/{provider}/refresh": ("provider.refresh", refresh_provider),
    "rewards POST /v1/providers/{provider}/products/accept": ("provider.accept", accept_products),
    "rewards PUT /v1/catalogue/rewards/{reward_id}/card": ("gift_card.set", set_gift_card),
    "rewards PUT /v1/catalogue/rewards/{reward_id}/card/price": ("gift_card.set_price", set_card_price),
    "rewards POST /v1/provider-orders/{redemption_id}/ask": ("provider_order.ask", ask_about_order),
    "rewards POST /v1/provider-orders/{redemption_id}/cancel": ("provider_order.cancel", cancel_order),
    "rewards POST /v1/provider-orders/{redemption_id}/outcome": (
        "provider_order.propose",
        propose_order_outcome,
    ),
    "rewards POST /v1/provider-orders/{redemption_id}/outcome/confirm": (
        "provider_order.confirm",
        confirm_proposed,
    ),
    "rewards POST /v1/provider-orders/{redemption_id}/acknowledge": (
        "provider_order.acknowledge",
        acknowledge_trouble,
    ),
    "rewards POST /v1/reward-links": ("reward_link.make", make_reward_link),
    "rewards POST /v1/reward-links/{link_id}/revoke": ("reward_link.revoke", revoke_reward_link),
    "rewards POST /v1/members/{member_id}/reward-claims": ("redemption.claim", claim_reward),
    "rewards POST /v1/sends": ("send.make", make_send),
    "rewards POST /v1/sends/{send_id}/submit": ("send.submit", submit_send),
    "rewards POST /v1/sends/{send_id}/approve": ("send.approve", approve_send),
    "rewards POST /v1/sends/{send_id}/cancel": ("send.cancel", cancel_send),
    "rewards POST /v1/sends/{send_id}/retry": ("send.retry", retry_send),
    "rewards POST /v1/members/{member_id}/sent-claims": ("redemption.claim_sent", claim_sent),
    "rewards POST /v1/redemptions": ("redemption.reserve", reserve),
    "rewards POST /v1/redemptions/{redemption_id}/confirm": ("redemption.confirm", confirm),
    "rewards POST /v1/redemptions/{redemption_id}/cancel": ("redemption.cancel", cancel_redemption),
    "rewards POST /v1/members/{member_id}/redemptions": ("redemption.choose", choose_reward),
    "rewards POST /v1/members/{member_id}/orders": ("order.place", place_order),
    "rewards POST /v1/members/{member_id}/redemptions/{redemption_id}/cancel": (
        "redemption.cancel_own",
        give_reward_up,
    ),
    "rewards POST /v1/redemptions/{redemption_id}/refunds": ("redemption.refund", refund_redemption),
    "rewards POST /v1/redemptions/{redemption_id}/refunds/{refund_id}/approve": (
        "redemption.approve_refund",
        approve_refund,
    ),
    "rewards POST /v1/redemptions/{redemption_id}/refunds/{refund_id}/withdraw": (
        "redemption.withdraw_refund",
        withdraw_refund,
    ),
    "rewards PUT /v1/members/{member_id}/redemptions/{redemption_id}/address": (
        "fulfilment.set_address",
        say_where,
    ),
    "rewards POST /v1/fulfilments/{redemption_id}/take": ("fulfilment.take", take_goods),
    "rewards POST /v1/fulfilments/{redemption_id}/put-back": ("fulfilment.put_back", put_goods_back),
    "rewards POST /v1/fulfilments/{redemption_id}/ship": ("fulfilment.ship", ship_goods),
    "rewards POST /v1/fulfilments/{redemption_id}/cannot": ("fulfilment.cannot", refuse_goods),
    "rewards POST /v1/payouts/{payout_id}/hold": ("payout.hold", hold_payout),
    "rewards POST /v1/payouts/{payout_id}/leave-out": ("payout.leave_out", leave_payout_out),
    "rewards POST /v1/payout-holds/{hold_id}/release": ("payout_hold.release", release_payout_hold),
    "rewards POST /v1/payout-runs": ("payout_run.create", create_run),
    "rewards POST /v1/payout-runs/{run_id}/approve": ("payout_run.approve", approve_run),
    "rewards POST /v1/payout-runs/{run_id}/cancel": ("payout_run.cancel", cancel_run),
    "rewards POST /v1/payout-runs/{run_id}/file": ("payout_run.file", file_run),
    "rewards POST /v1/payout-runs/{run_id}/outcome": ("payout_run.note_outcome", note_outcome),
    "rewards POST /v1/payout-runs/{run_id}/outcomes/{outcome_id}/confirm": ("outcome.confirm", confirm_outcome),
    "rewards POST /v1/payout-runs/{run_id}/outcomes/{outcome_id}/withdraw": ("outcome.withdraw", withdraw_outcome),
    "rewards POST /v1/bank-messages": ("bank_message.import", import_bank_message),
    "rewards POST /v1/bank-lines/{line_id}/match": ("bank_line.match", match_bank_line),
    "rewards POST /v1/bank-lines/{line_id}/set-aside": ("bank_line.set_aside", set_bank_line_aside),
    "rewards POST /v1/ledger/checks": ("ledger.check", check_ledger),
    "rewards POST /v1/finance/liability-policies": ("liability_policy.propose", propose_worth),
    "rewards POST /v1/finance/liability-policies/{policy_id}/approve": (
        "liability_policy.approve",
        approve_worth,
    ),
    "rewards POST /v1/finance/liability-policies/{policy_id}/withdraw": (
        "liability_policy.withdraw",
        withdraw_worth,
    ),
    "rewards POST /v1/finance/rate-policies": ("rate_policy.propose", propose_rates),
    "rewards POST /v1/finance/rate-policies/{policy_id}/approve": ("rate_policy.approve", approve_rates),
    "rewards POST /v1/finance/rate-policies/{policy_id}/withdraw": ("rate_policy.withdraw", withdraw_rates),
    "rewards POST /v1/finance/rate-files": ("rate_sheet.take", hand_in_rates),
    "rewards POST /v1/finance/account-mappings": ("account_mapping.propose", propose_mapping),
    "rewards POST /v1/finance/account-mappings/{mapping_id}/approve": (
        "account_mapping.approve",
        approve_mapping,
    ),
    "rewards POST /v1/finance/account-mappings/{mapping_id}/withdraw": (
        "account_mapping.withdraw",
        withdraw_mapping,
    ),
    "rewards POST /v1/finance/journal-exports": ("journal_export.make", export_journal),
    "rewards POST /v1/payouts/{payout_id}/clearances": ("payout_clearance.propose", propose_clearance),
    "rewards POST /v1/payout-clearances/{clearance_id}/approve": (
        "payout_clearance.approve",
        approve_clearance,
    ),
    "rewards POST /v1/payout-clearances/{clearance_id}/withdraw": (
        "payout_clearance.withdraw",
        withdraw_clearance,
    ),
    "rewards POST /v1/payees/{member_id}/attestations": ("payee_attestation.note", attest_payee),
    "rewards POST /v1/payee-attestations/{attestation_id}/withdraw": (
        "payee_attestation.withdraw",
        withdraw_attestation,
    ),
    "rewards POST /v1/bank-checks": ("bank_check.check", check_bank),
    "rewards POST /v1/bank-check-items/{item_id}/look": ("bank_check_item.look", look_at_bank_item),
    "rewards POST /v1/bank-check-items/{item_id}/explain": ("bank_check_item.explain", explain_bank_item),
    "rewards POST /v1/payout-schedules": ("payout_schedule.propose", propose_payout_schedule),
    "rewards POST /v1/payout-schedules/{schedule_id}/approve": (
        "payout_schedule.approve",
        approve_payout_schedule,
    ),
    "rewards POST /v1/payout-schedules/{schedule_id}/withdraw": (
        "payout_schedule.withdraw",
        withdraw_payout_schedule,
    ),
    "rewards POST /v1/payout-schedules/{schedule_id}/stop": ("payout_schedule.stop", stop_payout_schedule),
    "rewards POST /v1/finance/payout-policies": ("payout_policy.propose", propose_payout_policy),
    "rewards POST /v1/finance/payout-policies/{policy_id}/approve": (
        "payout_policy.approve",
        approve_payout_policy,
    ),
    "rewards POST /v1/finance/payout-policies/{policy_id}/withdraw": (
        "payout_policy.withdraw",
        withdraw_payout_policy,
    ),
    "rewards POST /v1/finance/sanctions-lists": ("sanctions_list.propose", load_sanctions),
    "rewards POST /v1/finance/sanctions-lists/{list_id}/approve": ("sanctions_list.approve", approve_sanctions),
    "rewards POST /v1/finance/sanctions-lists/{list_id}/withdraw": ("sanctions_list.withdraw", withdraw_sanctions),
    "rewards POST /v1/finance/clawback-policies": ("clawback_policy.propose", propose_clawbacks),
    "rewards POST /v1/finance/clawback-policies/{policy_id}/approve": (
        "clawback_policy.approve",
        approve_clawbacks,
    ),
    "rewards POST /v1/finance/clawback-policies/{policy_id}/withdraw": (
        "clawback_policy.withdraw",
        withdraw_clawbacks,
    ),
    "rewards POST /v1/debt-write-offs": ("debt_write_off.propose", propose_write_off),
    "rewards POST /v1/debt-write-offs/{write_off_id}/approve": ("debt_write_off.approve", approve_write_off),
    "rewards POST /v1/debt-write-offs/{write_off_id}/withdraw": ("debt_write_off.withdraw", withdraw_write_off),
    "rewards POST /v1/debt-write-offs/{write_off_id}/reverse": ("debt_write_off.reverse", reverse_write_off),
    "rewards POST /v1/periods/{month}/close": ("period.close", close_month),
    "rewards POST /v1/periods/{month}/reopen": ("period.reopen", reopen_month),
    "rewards POST /v1/periods/{month}/confirm": ("period.confirm", confirm_month),
    "rewards POST /v1/periods/{month}/withdraw": ("period.withdraw", withdraw_month),
    "rewards POST /v1/journals": ("journal.propose", propose_journal),
    "rewards POST /v1/journals/{journal_id}/confirm": ("journal.confirm", confirm_journal),
    "rewards POST /v1/journals/{journal_id}/withdraw": ("journal.withdraw", withdraw_journal),
    "rewards POST /v1/wallets": ("wallet.make", make_wallet),
    "rewards PUT /v1/wallets/{wallet_id}": ("wallet.change", change_wallet),
    "rewards POST /v1/wallets/{wallet_id}/freeze": ("wallet.freeze", freeze_wallet),
    "rewards POST /v1/wallets/{wallet_id}/decisions": ("wallet_decision.propose", propose_for_wallet),
    "rewards POST /v1/wallet-decisions/{decision_id}/confirm": ("wallet_decision.confirm", confirm_for_wallet),
    "rewards POST /v1/wallet-decisions/{decision_id}/withdraw": ("wallet_decision.withdraw", withdraw_for_wallet),
    **{f"{service} {operation}": how for service in SERVICES for operation, how in OF_EACH.items()},
}

#: Commands that take no credential: who gave them follows from what they did.
OPEN: dict[str, Callable[[httpx.Response, Any], dict[str, str]]] = {
    "ingest POST /v1/tokens": lambda answer, entry: {
        "person_id": answer.json()["person_id"],
        "credential": f"token:{entry['object_id']}",
    },
    "ingest POST /v1/unsubscribe/{token}": lambda _, entry: _by_link(entry),
    "ingest POST /v1/mail-addresses/{token}": lambda _, entry: _by_link(entry),
    "ingest POST /v1/survey-invitations/{token}/answer": lambda _, entry: _by_link(entry),
    "ingest POST /v1/offers/{token}/sign-in": lambda _, entry: _by_link(entry),
}


def _by_link(entry: Any) -> dict[str, str]:
    """Whoever follows a link of a message is the member that it went to."""
    return {"person_id": str(entry["member_id"]), "credential": "link_in_message"}
