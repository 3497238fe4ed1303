"""docs/people.md: its commands and requests run one after the other as they stand there."""

import re
import time
from pathlib import Path
from uuid import uuid4

import pytest

from plaudit.access import issue_key
from plaudit.calls import knows, request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.integration.commands.conftest import Reader

pytestmark = pytest.mark.stack

PAGE = (Path(__file__).parents[3] / "docs" / "people.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [block for block in BLOCKS if not block.startswith("curl ")]
REQUESTS = [block.strip() for block in BLOCKS if block.startswith("curl ")]
KNOWN_SECONDS = 90.0
EVENT = {
    "specversion": "1.0",
    "id": "post-1",
    "source": "https://forum.example.org",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}


@pytest.fixture
def community() -> str:
    return f"guide-{uuid4().hex[:12]}"


@pytest.mark.usefixtures("platform")
def test_people_come_get_keys_and_leave(reader: Reader, community: str) -> None:
    assert len(COMMANDS) == 7
    wide = "export COLUMNS=200\n"
    said = [reader.shell(wide + block.replace("acme", community)) for block in COMMANDS]

    added, changed, keyed, rotated, left, unbound, tied = said
    assert re.search(r"Omar .* person .*finance_approver", added)
    assert changed == "Mia is finance_maker, manager, moderator\n"
    assert "plk_" in keyed
    assert re.search(r"Mia .*laptop .*valid", keyed)
    assert rotated.startswith("plk_")
    assert rotated.endswith("is revoked\n")
    assert left == "Mia is disabled\n"
    assert unbound == "Omar is nobody at a provider now\n"
    assert re.search(r"Omar .* person .*finance_approver .*not said", tied)
    assert re.search(r"^Omar is [0-9a-f-]{36}$", tied, re.MULTILINE)
    assert tied.endswith("Omar is no member that anybody knows of\n")


async def test_a_platforms_user_signs_in_and_reads_what_is_theirs(
    reader: Reader, platform: StackState, community: str
) -> None:
    key = issue_key(platform, community, "platform", ("events:write", "members:read", "sign_in:write"))["key"]
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=EVENT)
    await wait_until_idle(platform)
    ask_link, ask_token, ask_balance = REQUESTS
    reader.variables["PLATFORM"] = key

    status, made = reader.request(ask_link)
    assert status == 201
    reader.variables |= {"LINK": made["link"], "MEMBER": made["member_id"]}
    status, signed_in = reader.request(ask_token)
    assert status == 201
    assert signed_in["member_id"] == made["member_id"]
    reader.variables["TOKEN"] = signed_in["token"]
    status, balance = reader.request(ask_balance)
    assert status == 200
    assert balance["member_id"] == made["member_id"]
    reader.variables["MEMBER"] = str(uuid4())
    assert reader.request(ask_balance)[0] == 403
    assert reader.request(ask_token)[1]["type"] == "urn:plaudit:problem:used-link"


def test_a_person_signs_in_by_a_link_of_the_command(reader: Reader, platform: StackState, community: str) -> None:
    at = f"--community {community}"
    link = reader.shell(
        f"plaudit people add {at} --name Mia --role moderator && plaudit sign-in-link {at} --person Mia"
    ).split()[-1]
    token = request("POST", f"{platform.service_urls['ingest']}/v1/tokens", "none", json={"link": link})["token"]
    who = request("GET", f"{platform.service_urls['ingest']}/v1/key", token)
    assert (who["name"], who["roles"]) == ("Mia", ["moderator"])


def test_a_key_is_revoked_by_its_id_or_by_itself(reader: Reader, platform: StackState, community: str) -> None:
    """Whoever has the key at hand gives that: it ends, and its secret is written nowhere."""
    at = f"--community {community}"
    reader.shell(f"plaudit people add {at} --name Mia --role moderator")
    for said in ("$KEY", '"$(echo "$KEY" | cut -d _ -f 2)"'):
        reader.variables["KEY"] = reader.shell(f"plaudit keys create {at} --person Mia --name laptop").strip()

        printed = reader.shell(f"plaudit keys revoke {said} {at}")

        assert printed == f"{reader.variables['KEY'].split('_')[1]} is revoked\n"
        assert not is_let_in(platform, reader.variables["KEY"])


def is_let_in(platform: StackState, key: str) -> bool:
    """Whether ingest lets the key in, once what it believed for a moment is over."""
    deadline = time.monotonic() + KNOWN_SECONDS
    while knows(platform.service_urls["ingest"], key):
        if time.monotonic() > deadline:
            return True
    return False
