"""What a platform never delivered is sent from its export: live and export together are what happened, once."""

import asyncio
import hashlib
import hmac
import json
import os
import time
import zipfile
from itertools import count

import httpx
import pytest
from click.testing import CliRunner

from plaudit.access import issue_key
from plaudit.connector import connector
from tests.waiting import until

pytestmark = pytest.mark.stack

SCOPES = ("events:write", "receipts:read", "members:write", "connectors:write", "analytics:read")
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TEAM = "T1"
ROOMS = {"general": "C1", "random": "C2"}
DAY = 1_599_616_000
MONTH = {"from": "2020-09-01", "to": "2020-09-30", "by": "month"}

numbers = count()


def messages(room):
    """What was written in a room: its ts, who, and what they react with."""
    return [
        {
            "type": "message",
            "user": f"U{number % 7}",
            "text": f"{room} {number}",
            "ts": f"{DAY + 60 * number + (0 if room == 'general' else 1)}.000100",
            **({"reactions": [{"name": "tada", "users": ["U8", "U9"], "count": 2}]} if number % 10 == 0 else {}),
        }
        for number in range(40)
    ]


def live(room, message):
    """A message as it is delivered when it is written."""
    event = {name: value for name, value in message.items() if name != "reactions"}
    event |= {"channel": ROOMS[room], "channel_type": "channel", "event_ts": message["ts"]}
    named = {"api_app_id": "A1", "type": "event_callback", "event_id": f"Ev{message['ts']}"}
    return named | {"team_id": TEAM, "event": event}


def deliver(client, path, body):
    raw = json.dumps(body).encode()
    now = str(int(time.time()))
    signed = hmac.new(SECRET.encode(), b"v0:" + now.encode() + b":" + raw, hashlib.sha256).hexdigest()
    headers = {
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signed}",
        "Content-Type": "application/json",
    }
    answer = client.post(path, content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_live_and_an_export_together_are_what_happened_once(platform, tmp_path):
    name = f"reconciled-{next(numbers)}-{os.getpid()}"
    key = issue_key(platform, name, "importer", SCOPES)["key"]
    url, asked = platform.service_urls["ingest"], {"Authorization": f"Bearer {key}"}
    wanted = {"name": "team-chat", "connector": "slack", "secret": SECRET, "settings": []}
    made = httpx.post(f"{url}/v1/connectors", json=wanted, headers=asked, timeout=60)
    assert made.status_code == 201, made.text
    path = made.json()["path"]

    said = {room: messages(room) for room in ROOMS}
    delivered = [live(room, one) for room in ROOMS for one in said[room] if int(one["text"].split()[1]) % 4 == 0]
    with httpx.Client(base_url=url, timeout=60) as client:
        for body in [*delivered, delivered[0]]:  # one comes twice
            assert deliver(client, path, body)["outcome"] == "mapped"

    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("channels.json", json.dumps([{"id": id_, "name": room} for room, id_ in ROOMS.items()]))
        packed.writestr("users.json", json.dumps([{"id": "U1", "team_id": TEAM, "is_primary_owner": True}]))
        for room, those in said.items():
            packed.writestr(f"{room}/2020-09-09.json", json.dumps(those))

    def reconciled():
        arguments = ["reconcile", "team-chat", str(archive), "--url", url, "--key", key, "--json", "--strict"]
        done = CliRunner().invoke(connector, arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    written = sum(map(len, said.values()))
    reactions = sum(len(one["users"]) for those in said.values() for m in those for one in m.get("reactions", []))
    # Each reaction also says that it stands.
    first, again = reconciled(), reconciled()
    assert (first["duplicate"], first["accepted"]) == (len(delivered), written - len(delivered) + 2 * reactions)
    assert (again["duplicate"], again["accepted"]) == (written + 2 * reactions, 0)

    async def counted():
        answer = httpx.get(
            f"{platform.service_urls['analytics']}/v1/participation", params=MONTH, headers=asked, timeout=60
        )
        assert answer.status_code == 200, answer.text
        [month] = answer.json()["items"]
        kinds = {one["type"]: one["events"] for one in month["types"]}
        return kinds if sum(kinds.values()) >= written + reactions else None

    # Each counted from what was written, not by what mapped it.
    assert asyncio.run(until(counted, 60)) == {"chat.message.v1": written, "chat.reaction.v1": reactions}
