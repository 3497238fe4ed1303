"""Messages from what asks for them to the mail server, and what comes back."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import pytest

from services.ingest.alerts.handlers import on_alerts
from services.ingest.main import SPEC
from services.ingest.messages.handlers import sending
from services.ingest.messages.handlers.requests import on_requests
from services.ingest.settings import Settings
from services.ingest.surveys.handlers.asking import ask as ask_by_surveys
from services.ingest.triggers.handlers import on_programmes as declare_surveys
from shared.contracts.facts import ALERT_CHANGED, MESSAGE_REQUESTED, PROGRAMME_PUBLISHED
from shared.service import Parts
from tests.integration.services.ingest.conftest import Community, problem
from tests.integration.services.process import running
from tests.integration.services.test_who_may import know_token_keys, token
from tests.integration.services.world import authorization
from tests.waiting import until

pytestmark = pytest.mark.stack

SCOPES = ("members:write", "members:read", "members:erase", "members:export", "messages:read", "messages:write")


@dataclass
class MailServer:
    """A mail server's process, and what it took."""

    port: int
    folder: Path

    def raw(self, address: str) -> list[str]:
        """The same as they came over the wire."""
        lines = [json.loads(line) for line in (self.folder / "taken").read_text().splitlines()]
        return [line["content"] for line in lines if address in line["to"]]

    def to(self, address: str) -> list[EmailMessage]:
        """The messages that it took for an address, in their order."""
        lines = [json.loads(line) for line in (self.folder / "taken").read_text().splitlines()]
        return [
            message_from_string(line["content"], policy=policy.default)  # type: ignore[misc]
            for line in lines
            if address in line["to"]
        ]


@pytest.fixture(scope="module")
async def mail_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailServer]:
    folder = tmp_path_factory.mktemp("mail")
    process = subprocess.Popen([sys.executable, "-m", "tests.smtp_server", str(folder)])
    try:

        async def port() -> int | None:
            assert process.poll() is None
            return int((folder / "port").read_text()) if (folder / "port").exists() else None

        yield MailServer(await until(port), folder)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
async def front_door(stack: Any, mail_server: MailServer) -> AsyncIterator[Parts]:
    given = stack.settings("ingest") | {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail_server.port,
        "smtp_tls": "none",
        "smtp_from": "hello@plaudit.example",
        "smtp_bounces_to": "bounces+{id}@plaudit.example",
        "public_url": "https://plaudit.example",
        "messages_rooms_anywhere": True,
    }
    async with running(SPEC, Settings(**given)) as parts:
        yield parts


@pytest.fixture
async def community(front_door: Parts) -> AsyncIterator[Community]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front_door.http.port}", timeout=60) as client:
        made = Community(f"c{uuid4().hex[:12]}", client, front_door)
        client.headers.update(await authorization(made.pool, made.name, *SCOPES))
        yield made


async def turned_on(community: Community, **more: Any) -> None:
    body = {"revision": 0, "kinds": {"badge": ["mail"], "payout": ["mail"]}} | more
    answer = await community.client.put("/v1/messages/settings", json=body)
    assert answer.status_code == 200, answer.text


async def member(community: Community, name: str, *, mail: str | None = None) -> str:
    body = {"identities": [{"channel": "forum", "id": name}], "name": name.title()}
    declared = await community.client.put("/v1/members/identities", json=body)
    assert declared.status_code == 200, declared.text
    member_id = str(declared.json()["member_id"])
    if mail is not None:
        answer = await community.client.put(
            f"/v1/members/{member_id}/messaging/address", json={"address": mail, "confirmed": True}
        )
        assert answer.status_code == 200, answer.text
    return member_id


def asked(community: Community, member_id: str, kind: str = "badge", **more: Any) -> Any:
    data = {"request_id": str(uuid4()), "kind": kind, "member_id": member_id, "values": {"title": "Solver"}}
    fact = {
        "specversion": "1.0",
        "id": data["request_id"],
        "source": "/plaudit/recognition",
        "type": "message.requested.v1",
        "time": "2026-01-31T12:00:00Z",
        "community": community.name,
        "data": data | more,
    }
    return MESSAGE_REQUESTED.adapter.validate_python(fact)


async def ask(community: Community, *facts: Any) -> None:
    async with community.begin() as tx:
        await on_requests(tx, list(facts))


async def send(community: Community) -> None:
    """Send all that is due, as the process would."""
    await sending.send_due(community.begin, float("inf"))


async def states(community: Community, **query: Any) -> list[tuple[str, str | None]]:
    answer = await community.client.get("/v1/messages", params=query)
    assert answer.status_code == 200, answer.text
    return [(one["state"], one["why"]) for one in reversed(answer.json()["items"])]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_a_nudge_and_news_of_a_suggestion_are_mailed_once_with_the_way_there(
    community: Community, mail_server: MailServer
) -> None:
    address = f"grace-{community.name}@example.org"
    grace = await member(community, "grace", mail=address)
    await turned_on(community, kinds={kind: ["mail"] for kind in ("idea", "nomination", "nudge_answered")})
    idea_id, round_id = str(uuid4()), str(uuid4())
    news = {"state": "planned", "note": "It comes with *spring*.", "own": "yes", "idea_id": idea_id}
    facts = [
        asked(community, grace, "idea", values=news),
        asked(community, grace, "nudge_answered", values={"title": "You were answered", "topic": "Tailstock"}),
        asked(community, grace, "nomination", values={"title": "Helper", "state": "won", "round_id": round_id}),
    ]
    # Whoever asks is killed before it knows that it asked, and asks again: each goes once.
    await ask(community, *facts)
    await ask(community, *facts)
    await send(community)
    await send(community)
    mails = {str(mail["Subject"]): plain(mail) for mail in mail_server.to(address)}
    assert len(mail_server.to(address)) == 3
    assert sorted(mails) == [
        "Grace, somebody answered you",
        "Helper: you were chosen",
        "News of what you suggested",
    ]
    assert "what you suggested in" in mails["News of what you suggested"]
    assert "is planned." in mails["News of what you suggested"]
    assert "> It comes with *spring*." in mails["News of what you suggested"]
    assert f"https://plaudit.example/me/ideas/{idea_id}" in mails["News of what you suggested"]
    assert f"https://plaudit.example/me/nominations/{round_id}" in mails["Helper: you were chosen"]
    assert "https://plaudit.example/me/nudges" in mails["Grace, somebody answered you"]


async def test_a_message_goes_once_in_the_members_language_and_looks_as_the_community_does(
    community: Community, mail_server: MailServer
) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    said = {"language": "it", "source": "test"}
    assert (await community.client.put(f"/v1/members/{ada}/preferences", json=said)).status_code == 200
    await turned_on(community, sender_name="Acme's users", reply_to="team@acme.example")
    fact = asked(community, ada, values={"title": "Solver <b>*of*</b> all"})
    await ask(community, fact)
    await ask(community, fact, fact)
    await send(community)
    await send(community)
    [mail] = mail_server.to(address)
    assert mail["Subject"] == "Ada, hai un nuovo badge: Solver <b>*of*</b> all"
    assert mail["From"] == "Acme's users <hello@plaudit.example>"
    assert mail["Reply-To"] == "team@acme.example"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(("html",))
    assert html is not None
    assert "Solver &lt;b&gt;*of*&lt;/b&gt; all" in html.get_content()
    assert "Ciao Ada" in plain(mail)
    assert await states(community) == [("sent", None)]


async def test_nothing_goes_where_nobody_turned_it_on_or_wants_it(
    community: Community, mail_server: MailServer
) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    await ask(community, asked(community, ada))
    assert await states(community) == []
    await turned_on(community)
    bob = await member(community, "bob")
    cy = await member(community, "cy", mail=f"cy-{community.name}@example.org")
    opted = {"opt_outs": {"messages": True}, "source": "test"}
    assert (await community.client.put(f"/v1/members/{cy}/preferences", json=opted)).status_code == 200
    wishes = {"without": ["badge"]}
    answer = await community.client.put(f"/v1/members/{ada}/messaging/wishes", json=wishes)
    assert answer.status_code == 200, answer.text
    await ask(community, asked(community, ada), asked(community, bob), asked(community, cy))
    await send(community)
    assert sorted(await states(community), key=str) == [
        ("dropped", "no_address"),
        ("dropped", "unwanted"),
        ("dropped", "unwanted"),
    ]
    assert mail_server.to(address) == []


async def test_a_survey_is_answered_by_the_link_of_its_mail(community: Community, mail_server: MailServer) -> None:
    address = f"gia-{community.name}@example.org"
    gia = await member(community, "gia", mail=address)
    said = {"language": "it", "source": "test"}
    assert (await community.client.put(f"/v1/members/{gia}/preferences", json=said)).status_code == 200
    await turned_on(community, kinds={"survey": ["mail"]})
    question = {"en": "Would you?", "it": "Ci <consiglieresti>?"}
    survey = {"id": "nps", "title": "NPS", "kind": "nps", "each": "month", "question": question}
    example = PROGRAMME_PUBLISHED.examples[0] | {"community": community.name}
    told = {"document": {"surveys": {"ask": [survey]}}, "effective_from": "2026-01-01T00:00:00Z"}
    example["data"] = example["data"] | told
    async with community.begin() as tx:
        await declare_surveys(tx, [PROGRAMME_PUBLISHED.adapter.validate_python(example)])
    async with community.begin() as tx:
        while await ask_by_surveys(tx):
            pass

    async def is_asked_for() -> bool:
        return bool(await states(community))

    await until(is_asked_for)
    await send(community)
    [mail] = mail_server.to(address)
    assert mail["Subject"].startswith("Gia, una domanda da ")
    html = mail.get_body(("html",))
    assert html is not None
    assert "Ci &lt;consiglieresti&gt;?" in html.get_content()
    found = re.search(r"/survey/([\w.-]+)", plain(mail))
    assert found is not None
    community.client.headers.pop("authorization")
    path = f"/v1/survey-invitations/{found[1]}"
    assert (await community.client.get(path)).json()["question"] == question
    assert (await community.client.post(f"{path}/answer", json={"score": 9})).json()["score"] == 9
    problem(await community.client.post(f"{path[:-2]}xx/answer", json={"score": 0}), 404)


async def test_an_address_is_asked_before_it_is_written_to(community: Community, mail_server: MailServer) -> None:
    address = f"eve-{community.name}@example.org"
    eve = await member(community, "eve")
    await know_token_keys(community.pool)
    own = token(community.name, eve, eve)
    url = f"/v1/members/{eve}/messaging/address"
    said = await community.client.put(url, json={"address": address, "confirmed": True}, headers=own)
    assert said.status_code == 200, said.text
    assert (said.json()["address"], said.json()["state"]) == (address, "unconfirmed")
    await turned_on(community)
    await ask(community, asked(community, eve))
    await send(community)
    [asking] = mail_server.to(address)
    assert asking["List-Unsubscribe"] is None
    found = re.search(r"/confirm-address/(\S+)", plain(asking))
    assert found is not None
    # Said again within the time of the link, it is not asked again.
    await community.client.put(url, json={"address": address}, headers=own)
    await send(community)
    assert len(mail_server.to(address)) == 1
    community.client.headers.pop("authorization")
    problem(await community.client.post(f"/v1/mail-addresses/{found[1][:-2]}xx"), 404)
    assert (await community.client.post(f"/v1/mail-addresses/{found[1]}")).status_code == 204
    shown = await community.client.get(f"/v1/members/{eve}/messaging", headers=own)
    assert shown.json()["state"] == "confirmed"
    await ask(community, asked(community, eve))
    await send(community)
    assert len(mail_server.to(address)) == 2


async def test_one_click_ends_a_kind_and_looking_ends_nothing(
    community: Community, mail_server: MailServer
) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    await turned_on(community)
    await ask(community, asked(community, ada))
    await send(community)
    [mail], [raw] = mail_server.to(address), mail_server.raw(address)
    # As it is written, not as a tolerant reader would have it: mail programs look for the address in it.
    assert re.search(r"^List-Unsubscribe: <https://plaudit\.example/v1/unsubscribe/\S+>\r?$", raw, re.MULTILINE)
    path = str(mail["List-Unsubscribe"]).strip("<>").removeprefix("https://plaudit.example")
    assert address.partition("@")[0] not in path
    keys = dict(community.client.headers)
    community.client.headers.pop("authorization")
    looked = await community.client.get(path)
    assert looked.json()["kind"] == "badge"
    clicked = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        assert (await community.client.post(path, data=clicked)).status_code == 204
    problem(await community.client.post(path[:-2] + "00"), 404)
    community.client.headers.update(keys)
    await ask(community, asked(community, ada), asked(community, ada, kind="payout"))
    await send(community)
    assert len(mail_server.to(address)) == 2
    audited = await community.pool.fetchval(
        "select count(*) from audit_entries where community = $1 and command = 'message.stop'", community.name
    )
    assert audited == 2


async def test_what_cannot_be_delivered_stops_the_address_and_what_may_pass_is_tried_again(
    community: Community, mail_server: MailServer
) -> None:
    await turned_on(community)
    people = {
        name: await member(community, name, mail=f"{name}@{community.name}.example")
        for name in ("nobody", "later", "full", "silent")
    }
    await ask(community, *(asked(community, who) for who in people.values()))
    await send(community)
    by_name = {}
    for name, who in people.items():
        [by_name[name]] = await states(community, member=who)
    assert by_name == {
        "nobody": ("bounced", "refused"),
        "later": ("waiting", "no_answer"),
        "full": ("failed", "refused"),
        "silent": ("unknown", "no_answer"),
    }
    shown = await community.client.get(f"/v1/members/{people['nobody']}/messaging")
    assert shown.json()["state"] == "bounced"
    await ask(community, asked(community, people["nobody"]))
    assert (await states(community, member=people["nobody"]))[-1] == ("dropped", "stopped_address")
    # Nobody knows whether it went: it did, and is not sent again before somebody says so.
    await send(community)
    assert len(mail_server.to(f"silent@{community.name}.example")) == 1
    [unknown] = (await community.client.get("/v1/messages", params={"state": "unknown"})).json()["items"]
    again = await community.client.post(f"/v1/messages/{unknown['message_id']}/again")
    assert again.json()["state"] == "waiting"
    problem(await community.client.post(f"/v1/messages/{unknown['message_id']}/again"), 409)


async def test_a_report_of_a_server_stops_an_address(community: Community, mail_server: MailServer) -> None:
    address = f"gone-{community.name}@example.org"
    gone = await member(community, "gone", mail=address)
    await turned_on(community)
    await ask(community, asked(community, gone))
    await send(community)
    [mail] = mail_server.to(address)
    report = "\n".join(
        (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            "",
            "--b\nContent-Type: text/plain\n\nIt could not be delivered.",
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n",
            f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n",
            f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {mail['Message-ID']}\n",
            "--b--",
        )
    )
    heard = await community.client.post("/v1/messages/bounces", json={"content": report})
    assert heard.json() == {"reports": 1, "messages": 1, "stopped": 1}
    assert await states(community) == [("bounced", "refused")]
    problem(await community.client.post("/v1/messages/bounces", json={"content": "Subject: Hello\n\nHi"}), 422)


@pytest.mark.parametrize(("language", "subject"), [("en", ": the week"), ("it", ": la settimana")])
async def test_the_week_of_managers_comes_over_smtp_with_its_figures_and_what_to_do(
    community: Community, mail_server: MailServer, language: str, subject: str
) -> None:
    """What analytics asks for when a week is over, as a mail server takes it."""
    address = f"mara-{language}-{community.name}@example.org"
    mara = await member(community, "mara", mail=address)
    wished = await community.client.put(
        f"/v1/members/{mara}/preferences", json={"language": language, "source": "test"}
    )
    assert wished.status_code == 200, wished.text
    await turned_on(community, kinds={"digest": ["mail"]})
    week = {"active": "12", "before": "9", "newcomers": "3", "off": "1", "questions": "4", "reports": ""}
    await ask(community, asked(community, mara, "digest", values=week | {"todo": "answers"}))
    await send(community)
    (mail,) = mail_server.to(address)
    assert subject in str(mail["Subject"])
    text = plain(mail)
    assert all(re.search(rf"\b{number}\b", text) for number in ("12", "9", "3", "1", "4")), text
    assert "https://plaudit.example" in text
    assert not re.search(r"NaN|None|\{\w+\}", text)
    assert mail["List-Unsubscribe"]


async def test_those_who_want_a_digest_get_one_and_a_flood_becomes_one(
    community: Community, mail_server: MailServer
) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    await turned_on(community, day_max_count=2)
    await ask(community, *(asked(community, ada, values={"title": f"Badge {n}"}) for n in range(5)))
    await send(community)
    assert len(mail_server.to(address)) == 2
    assert [state for state, _ in await states(community)].count("waiting") == 3
    await community.pool.execute(
        "update messages set due_at = now() - interval '1 minute' where community = $1 and in_digest",
        community.name,
    )
    await send(community)
    *_, digest = mail_server.to(address)
    assert str(digest["Subject"]).startswith("3 things happened in ")
    assert all(f"Badge {n}" in plain(digest) for n in (2, 3, 4))
    assert len(mail_server.to(address)) == 3


async def test_somebody_who_is_no_member_is_written_to_and_forgotten(
    community: Community, mail_server: MailServer
) -> None:
    address = f"guest-{community.name}@example.org"
    made = await community.client.post("/v1/recipients", json={"address": address, "language": "it"})
    assert made.status_code == 201, made.text
    guest = made.json()["recipient_id"]
    again = await community.client.post("/v1/recipients", json={"address": address.upper()})
    fact = asked(community, guest)
    del fact["data"]["member_id"]
    fact["data"]["recipient_id"] = guest
    await ask(community, fact)
    await send(community)
    assert [str(one["Content-Language"]) for one in mail_server.to(address)] == ["it"]
    kept = await community.pool.fetch("select * from message_recipients where community = $1", community.name)
    assert address not in str([dict(row) for row in kept])
    assert (await community.client.delete(f"/v1/recipients/{guest}")).status_code == 204
    problem(await community.client.delete(f"/v1/recipients/{guest}"), 404)
    assert again.status_code == 201


async def test_an_offer_of_a_reward_is_mailed_with_a_link_that_lets_its_reader_in(
    community: Community, mail_server: MailServer
) -> None:
    address = f"gast-{community.name}@example.org"
    made = await community.client.post("/v1/recipients", json={"address": address, "language": "it"})
    fact = asked(community, made.json()["recipient_id"], kind="offer")
    fact["data"] |= {"recipient_id": fact["data"].pop("member_id")}
    fact["data"]["values"] = {"title": "Grazie", "line_id": str(uuid4())}
    await ask(community, fact, fact)
    await send(community)
    [mail] = mail_server.to(address)
    assert "ha qualcosa per te: Grazie" in mail["Subject"]
    found = re.search(r"https://plaudit.example/offer/([\w.-]+)", plain(mail))
    assert found is not None
    community.client.headers.pop("authorization")
    opened = await community.client.get(f"/v1/offers/{found[1]}")
    assert opened.json()["line_id"] == fact["data"]["values"]["line_id"]
    assert (await community.client.post(f"/v1/offers/{found[1]}/sign-in")).status_code == 201


async def test_a_template_is_said_otherwise_seen_before_and_checked(
    community: Community, mail_server: MailServer
) -> None:
    words = {"subject": "{{ title }}!", "body": "Well done, {{ name }}: {{ title }} [here]({{ link }})"}
    seen = await community.client.post(
        "/v1/messages/previews", json={"kind": "badge", "language": "de", "words": words}
    )
    assert seen.status_code == 200, seen.text
    assert seen.json()["subject"] == "Ten accepted answers!"
    assert 'href="https://plaudit.example/me"' in seen.json()["html"]
    url = "/v1/messages/templates/badge/de"
    for bad, what in (
        ("{% for x in name %}{{ x }}{% endfor %}", "this is For"),
        ("{{ nam }}", "did you mean `name`?"),
        ("{{ name.__class__ }}", "Getattr"),
        ("{{ name", "unexpected end of template"),
        ("{{ name * 100000 }}", "Mul"),
    ):
        refused = problem(await community.client.put(url, json=words | {"body": bad}), 422)
        assert refused["errors"][0]["field"] == "/body"
        assert what in refused["errors"][0]["detail"], refused
    assert (await community.client.put(url, json=words)).json()["revision"] == 1
    tried = await community.client.post(
        "/v1/messages/trials", json={"kind": "badge", "language": "de", "to": "try@example.org"}
    )
    assert tried.status_code == 202, tried.text
    await send(community)
    assert mail_server.to("try@example.org")[-1]["Subject"] == "Ten accepted answers!"
    assert (await community.client.delete(url)).status_code == 204


async def test_who_is_erased_is_written_to_no_more_and_nothing_of_them_is_kept(
    community: Community, mail_server: MailServer
) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    await turned_on(community, quiet={"begins": "00:00", "ends": "23:59"})
    await ask(community, asked(community, ada))
    erased = await community.client.post(f"/v1/members/{ada}/erase", json={"points": "forfeited"})
    assert erased.status_code in (200, 202), erased.text
    await community.pool.execute("update messages set due_at = now() where community = $1", community.name)
    await send(community)
    assert mail_server.to(address) == []
    for table in ("messages", "message_addresses", "message_wishes"):
        left = await community.pool.fetchval(
            f"select count(*) from {table} where community = $1",
            community.name,
        )
        assert left == 0, table


async def test_quiet_hours_hold_a_message_back_and_what_is_too_old_is_dropped(community: Community) -> None:
    ada = await member(community, "ada", mail=f"ada-{community.name}@example.org")
    await turned_on(community, quiet={"begins": "00:00", "ends": "23:59"})
    await ask(community, asked(community, ada), asked(community, ada, expires_at="2026-02-01T00:00:00Z"))
    await send(community)
    assert sorted(await states(community), key=str) == [("dropped", "expired"), ("waiting", None)]


async def test_a_killed_process_sends_nothing_twice(community: Community, mail_server: MailServer) -> None:
    address = f"ada-{community.name}@example.org"
    ada = await member(community, "ada", mail=address)
    await turned_on(community)
    await ask(community, asked(community, ada))
    async with community.begin() as tx:
        assert len(await sending._take(tx)) >= 1
    # Whoever took it is gone.
    await send(community)
    assert mail_server.to(address) == []
    late = timedelta(seconds=700)
    await community.pool.execute(
        "update messages set claimed_at = claimed_at - $2::interval where community = $1", community.name, late
    )
    async with community.begin() as tx:
        await sending.keep_in_order(tx)
    assert await states(community) == [("unknown", "no_answer")]


def noticed(community: Community, name: str, about: str, told: str, day: str, **values: str) -> Any:
    data = {
        "alert_id": str(uuid5(NAMESPACE_URL, f"{community.name}/{name}/{about}")),
        "name": name,
        "about": about,
        "state": told,
        "since": datetime.now(UTC).isoformat(),
        "told_on": day,
        "values": values,
    }
    example = ALERT_CHANGED.examples[0] | {"community": community.name, "time": datetime.now(UTC).isoformat()}
    return ALERT_CHANGED.adapter.validate_python(example | {"data": data})


async def test_an_alert_is_mailed_once_a_day_to_whoever_acts_on_it_and_so_is_its_end(
    community: Community, mail_server: MailServer
) -> None:
    """The role of each alert, its words by language, one a day, the all-clear, and who wants none of it."""
    people = {"mara": "manager", "otto": "operator", "nina": "manager", "gone": "manager"}
    for name, role in people.items():
        member_id = await member(community, name, mail=f"{name}-{community.name}@example.org")
        await community.pool.execute(
            """
            insert into followed_people (community, person_id, revision, name, kind, disabled, roles, members)
            values ($1, $2::uuid, 1, $3, 'person', $4, array[$5], array[$6::uuid])
            """,
            *(community.name, str(uuid4()), name, name == "gone", role, member_id),
        )
        if name == "nina":
            wishes = {"without": ["alert"]}
            said = await community.client.put(f"/v1/members/{member_id}/messaging/wishes", json=wishes)
            assert said.status_code == 200, said.text
        if name == "otto":
            wished = {"language": "it", "source": "test"}
            await community.client.put(f"/v1/members/{member_id}/preferences", json=wished)
    await turned_on(community, kinds={"alert": ["mail"], "goal": ["mail"]}, day_max_count=20)
    red, lost = ("indicator_red", "answered_in_time"), ("lineage_lost", "awards")
    figures = {"title": "Heard", "actual": "30", "target": "120", "forecast": "90"}
    first, second = "2026-01-30", "2026-01-31"
    facts = [
        noticed(community, *red, "raised", first, practice="8"),
        noticed(community, *lost, "raised", first, count="3"),
        noticed(community, "goal_off_target", "heard", "raised", first, state="off_pace", **figures),
        noticed(community, "of_another_day", "x", "raised", first),
        # The same day again, however it comes: nobody is written to twice.
        noticed(community, *red, "cleared", first, practice="8"),
        noticed(community, *red, "cleared", second, practice="8"),
        noticed(community, *lost, "cleared", second, count="0"),
        noticed(community, "goal_off_target", "heard", "cleared", second, state="on_pace", **figures),
        noticed(community, "goal_off_target", "other", "cleared", second, state="met", **figures),
    ]
    for _ in range(2):
        async with community.begin() as tx:
            await on_alerts(tx, facts)

    async def are_asked_for() -> bool:
        # Two alerts of managers and one of the operator, each with its end; one manager wants no `alert`.
        return len(await states(community, limit=50)) == 10

    await until(are_asked_for)
    await send(community)
    mails = {
        name: sorted(str(mail["Subject"]) for mail in mail_server.to(f"{name}-{community.name}@example.org"))
        for name in people
    }
    goal = ["No longer off pace: Heard", "Off pace: Heard"]
    answers = "red: Questions answered within 24 hours"
    assert mails == {
        "mara": sorted([f"No longer: {answers}", *goal, answers]),
        "nina": goal,
        "otto": [
            "Assegnazioni che non portano a nessun evento",
            "Non più: Assegnazioni che non portano a nessun evento",
        ],
        "gone": [],
    }
    (mail,) = [
        mail for mail in mail_server.to(f"mara-{community.name}@example.org") if str(mail["Subject"]) == answers
    ]
    assert "https://plaudit.example/alerts" in plain(mail)
    assert mail["List-Unsubscribe"]
