"""A newcomer's second community: declared by one command, shown, listed and changed; its days are its own."""

import json
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from plaudit.access import local_people
from plaudit.cli import main
from plaudit.stack import StackState
from tests.integration.commands.conftest import Reader
from tests.waiting import until

pytestmark = pytest.mark.stack

GUIDE = Path(__file__).parents[3] / "docs" / "communities.md"


def plaudit(*command: str, fails: bool = False) -> Result:
    result = CliRunner().invoke(main, list(command), env={"PLAUDIT_STACK": "whole"})
    assert bool(result.exit_code) == fails, result.output
    return result


@pytest.fixture
def name(platform: StackState) -> str:
    return f"second-{uuid4().hex[:8]}"


async def test_a_second_community_is_one_command(platform: StackState, name: str) -> None:
    said = plaudit("community", "add", name, "--title", "Second", "--time-zone", "Pacific/Auckland").output
    assert f"plaudit people add --community {name}" in said
    key = plaudit("keys", "create", "--community", name, "--name", "both").output.strip()
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "forum.post.v1",
        "time": "2026-01-31T11:00:00Z",
        "data": {"channel": "forum", "actor": {"id": "ada"}},
    }
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        taken = await client.post(f"{platform.service_urls['ingest']}/v1/events", json=event)
        assert taken.status_code == 202, taken.text

        async def active_days() -> list[str]:
            url = f"{platform.service_urls['analytics']}/v1/active-members"
            days = await client.get(url, params={"from": "2026-01-30", "to": "2026-02-02"})
            assert days.status_code == 200, days.text
            return [one["starts_on"] for one in days.json()["items"] if one["active_members"]]

        assert await until(active_days) == ["2026-02-01"]


def test_it_is_shown_listed_and_changed(name: str, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (32, 32), 0).save(logo)
    plaudit("community", "add", name, "--title", "Second", "--language", "it", "--language", "en", "--json")
    shown = plaudit("community", "show", name).output
    assert "UTC" in shown
    assert "it, en" in shown
    assert name in [one["id"] for one in json.loads(plaudit("community", "list", "--json").output)]
    assert name in plaudit("community", "list").output.replace("\n", "")

    plaudit("community", "set", name, "--logo", str(logo), "--public", "boards", "--keep-texts", "30")
    colours = ("#ffffff", "#1e1e1e", "#1a5fb4")
    changed = json.loads(
        plaudit("community", "set", name, "--colours", *colours, "--week-start", "sunday", "--json").output
    )
    with Image.open(BytesIO(b64decode(changed["look"]["logo_png"]))) as kept:
        assert kept.size == (32, 32)
    assert tuple(changed["look"]["colours"].values()) == colours
    assert (changed["public"], changed["week_start"], changed["revision"]) == (["boards"], "sunday", 3)
    assert changed["retention"] == {"texts_days": 30, "rejected_days": 30}
    assert json.loads(plaudit("community", "set", name, "--public", "nothing", "--json").output)["public"] == []


def test_what_the_guide_says_is_so(platform: StackState, reader: Reader) -> None:
    commands, requests = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    reader.variables = {
        "INGEST": platform.service_urls["ingest"],
        "ADMINISTRATOR": local_people(platform).office.key,
    }
    key = reader.shell(commands).splitlines()[-1]
    answers = reader.shell(requests.replace("curl ", "curl --silent --show-error --fail-with-body "))

    assert key.startswith("plk_")
    assert re.findall(r'"title":"Beta","time_zone":"(.*?)",.*?"revision":(\d)', answers) == [
        ("Europe/Rome", "1"),
        ("Pacific/Auckland", "2"),
    ]


def test_what_is_wrong_is_said(name: str) -> None:
    plaudit("community", "add", name, "--title", "Second")

    assert "did you mean `Europe/Rome`" in plaudit(
        "community", "set", name, "--time-zone", "europe/rome", fails=True
    ).output.replace("\n", "")
    assert "Say what to change" in plaudit("community", "set", name, fails=True).output
    assert "was declared before" in plaudit("community", "add", name, "--title", "Second", fails=True).output
    assert "No such community" in plaudit("community", "show", "nobody-did", fails=True).output


def test_who_asks_that_one_person_publishes_does_not_make_it_so(platform: StackState, name: str) -> None:
    plaudit("community", "add", name, "--title", "Second", "--publishing", "two")
    asked = " ".join(plaudit("community", "set", name, "--publishing", "one").output.split())
    assert "two people; one person waits for another administrator's approval" in asked

    assert "another administrator must approve it" in plaudit("community", "approve", name, fails=True).output

    assert "one person waits" not in plaudit("community", "withdraw", name).output
    assert "says what does" in plaudit("community", "withdraw", name, fails=True).output
