"""docs/backtests.md: its commands run as they stand there, and print what it shows."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from plaudit.access import add_person, issue_key, local_people
from plaudit.calls import request
from plaudit.cli import main
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.scopes import TOGETHER

pytestmark = pytest.mark.stack

PAGE = (Path(__file__).parents[3] / "docs" / "backtests.md").read_text(encoding="utf-8")
[(COMMAND, PRINTED)] = re.findall(r"^```console\n\$ plaudit (.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PROGRAMME = """
programme: asked
title: Asked
rules:
  - {id: question, title: Question, on: [forum.post.v1], points: 10}
  - {id: reply, title: Reply, on: [forum.reply.v1], points: 3}
rewards:
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500,
     paying_account: {name: Acme, iban: NL91ABNA0417164300, bic: ABNANL2A}}
"""
DRAFT = PROGRAMME.replace("points: 3}", "points: 5}")
#: What is another each time.
OTHER = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"[\d,]*\d(\.\d+)?", "N"),
)
#: A limit, a campaign and who moves most are only where there are such.
ALWAYS = ("done:", "N events", "The programme", "“draft”", "  N points", "  N members", "  rule reply", "digest")


def shape(line: str) -> str:
    """A line without what is another each time."""
    for pattern, name in OTHER:
        line = re.sub(pattern, name, line)
    return line.rstrip()


@pytest.fixture
async def community(platform: StackState) -> str:
    """A community whose members asked twice and answered three times within the last days."""
    community = f"guide-{uuid4().hex[:12]}"
    key = issue_key(platform, community, "platform", TOGETHER)["key"]
    programmes = f"{platform.service_urls['scoring']}/v1/programmes"
    yaml = {"Content-Type": "application/yaml"}
    request("POST", programmes, key, content=PROGRAMME.encode(), headers=yaml)
    # What points are worth takes two.
    other = add_person(local_people(platform).office, community, "Carol", ["finance_approver"])["person_id"]
    approver = issue_key(platform, community, "approver", ["programmes:approve"], person_id=other)["key"]
    request("POST", f"{programmes}/1/approve", approver)
    kinds = ("post", "reply", "reply", "post", "reply")
    events = [
        {
            "specversion": "1.0",
            "id": str(number),
            "source": "https://forum.example.org",
            "type": f"forum.{kind}.v1",
            "time": (datetime.now(UTC) - timedelta(days=number + 1)).isoformat(),
            "data": {"channel": "forum", "actor": {"id": ("ada", "bob")[number % 2]}},
        }
        for number, kind in enumerate(kinds)
    ]
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=events)
    await wait_until_idle(platform)
    return community


def _typed(platform: StackState, line: str, key: str | None = None) -> Result:
    """What a line does for whoever has a key, or by the local stack's own."""
    environment = {"PLAUDIT_STACK": platform.name, "PLAUDIT_KEY": key}
    return CliRunner().invoke(main, line.split(), env=environment)


def test_a_backtest_prints_what_the_page_shows(
    platform: StackState, community: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "draft.yaml").write_text(DRAFT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    key = issue_key(platform, community, "manager", TOGETHER)["key"]
    ran = _typed(platform, COMMAND, key)
    assert ran.exit_code == 0, ran.output
    printed = [shape(line) for line in ran.output.splitlines()]
    shown = [shape(line) for line in PRINTED.splitlines()]
    for begins in ALWAYS:
        (line,) = (one for one in shown if one.startswith(begins))
        assert line in printed, (line, ran.output)
    # Three replies that give two points more each, by hand.
    assert "rule reply (points): 9 -> 15 (+6)" in ran.output

    again = _typed(platform, f"{COMMAND} --json", key)
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["events_count"] == 5


def test_a_community_that_asks_for_it_has_each_version_backtested(platform: StackState, community: str) -> None:
    (line,) = re.findall(r"`plaudit (community set demo --backtest)`", PAGE)
    declared = _typed(platform, f"community add {community} --title Guide")
    assert declared.exit_code == 0, declared.output
    changed = _typed(platform, line.replace("demo", community))
    assert changed.exit_code == 0, changed.output
    key = issue_key(platform, community, "other", TOGETHER)["key"]
    programmes = f"{platform.service_urls['scoring']}/v1/programmes"
    with pytest.raises(Exception, match="backtest"):
        request(
            "POST",
            programmes,
            key,
            content=DRAFT.encode(),
            params={"note": "Replies give more"},
            headers={"Content-Type": "application/yaml"},
        )
