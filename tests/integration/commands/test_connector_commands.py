"""`plaudit connector`: from nothing to a first delivery that counts, in four commands, and what comes after."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState

pytestmark = pytest.mark.stack

POST = {
    "id": 13,
    "post_number": 2,
    "topic_id": 10,
    "user_id": 8,
    "username": "grace",
    "raw": "With oil.",
    "created_at": "2026-01-02T11:00:00.000Z",
    "topic_archetype": "regular",
}


def test_from_nothing_to_a_first_delivery(platform: StackState, tmp_path: Path) -> None:
    where = ("--community", f"c{uuid4().hex[:8]}")

    def plaudit(*command: str, fails: bool = False, given: str | None = None) -> str:
        result = CliRunner().invoke(
            main, ["connector", *command, *where], env={"PLAUDIT_STACK": "whole"}, input=given
        )
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    def deliver(address: str, event: str, body: Any, secret: str) -> httpx.Response:
        raw = json.dumps(body).encode()
        mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {
            "X-Discourse-Event": event,
            "X-Discourse-Event-Id": uuid4().hex,
            "X-Discourse-Instance": "https://forum.example.org",
            "X-Discourse-Event-Signature": f"sha256={mac}",
        }
        return httpx.post(address, content=raw, headers=headers, timeout=60)

    said = plaudit("add", "forum", "--connector", "discourse")
    address, secret = (line.split()[1] for line in said.splitlines()[:2])
    assert "Payload URL" in said
    # At the gateway, the one address of all, as well.
    for at in (address, address.replace(platform.service_urls["ingest"], platform.gateway_url)):
        answer = deliver(at, "post_created", {"post": POST}, secret)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "mapped"), answer.text
    assert deliver(address, "strange_thing", {"strange": 1}, secret).json()["outcome"] == "unmapped"
    assert deliver(address, "post_created", {"post": POST}, "guessed").status_code == 401

    listed = json.loads(plaudit("deliveries", "forum", "--json"))
    assert [(one["event"], one["outcome"]) for one in listed] == [
        ("strange_thing", "unmapped"),
        ("post_created", "mapped"),
        ("post_created", "mapped"),
    ]
    assert "strange_thing" in plaudit("deliveries", "forum", "--outcome", "unmapped")
    [connected] = json.loads(plaudit("connected", "--json"))
    assert (connected["counts"]["mapped"], connected["refused_why"]) == (
        2,
        "the signature is not that of the body",
    )
    said = plaudit("connected")
    assert "forum  discourse  1 mapped, " in said
    assert f"Z: {connected['refused_why']}" in said
    assert max(map(len, said.split("\n"))) <= 80
    assert "unmapped: no mapping is for" in plaudit("replay", "forum", listed[0]["delivery_id"])
    assert plaudit("replay", "forum").endswith("1 mapped again; 1 are still unmapped or invalid\n")

    new = json.loads(plaudit("rotate", "forum", "--json"))
    assert new["address"] == address
    for each in (secret, new["secret"]):
        assert deliver(address, "ping", {"ping": "OK"}, each).json()["outcome"] == "no_engagement"

    # A platform that makes its own secret is told the address first.
    assert "the platform makes it" in plaudit("add", "chat", "--connector", "slack")
    plaudit("rotate", "chat", "--secret-file", "-", given="8f742231b10e\n")
    [chat] = [one for one in json.loads(plaudit("connected", "--json")) if one["name"] == "chat"]
    at, body = str(int(time.time())), '{"type": "url_verification", "token": "t", "challenge": "c"}'
    mac = hmac.new(b"8f742231b10e", f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    shown = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mac}"}
    url = f"{platform.service_urls['ingest']}{chat['path']}"
    assert httpx.post(url, content=body, headers=shown, timeout=60).json() == {"challenge": "c"}

    own = tmp_path / "own.yaml"
    own.write_text("connector: own\n")
    assert "line 1" in plaudit("add", "own", "--file", str(own), fails=True)
    assert "There is nothing in it" in plaudit("rotate", "chat", "--secret-file", "-", given="\n", fails=True)
    plaudit("remove", "forum", "--yes")
    assert deliver(address, "ping", {"ping": "OK"}, new["secret"]).status_code == 401
