"""The demo, small, on a platform that is up: all that it shows is there."""

import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from plaudit import demo
from plaudit.access import local_people
from plaudit.calls import request
from plaudit.stack import StackState

pytestmark = pytest.mark.stack

MEMBERS_COUNT = 40
AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def test_it_plays_from_the_first_event_to_the_payout_explained(
    platform: StackState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for number in range(3):
        commit = ["commit", "--quiet", "--allow-empty", "-m", f"Part {number}"]
        subprocess.run(["git", "-C", tmp_path, *AUTHOR, *commit], check=True)
    printed = StringIO()
    monkeypatch.setattr(demo, "console", Console(file=printed, width=120))

    demo.play_on(platform, tmp_path, MEMBERS_COUNT)

    said = printed.getvalue()
    office = local_people(platform).office
    declared = request("GET", f"{office.ingest_url}/v1/communities/{demo.COMMUNITY}", office.key)
    assert set(declared["public"]) >= {"boards", "programme"}
    assert "Added Omar, who approves them: finance_approver." in said
    assert "so the other of the two approved it: it is in effect." in said
    assert f"git history of {tmp_path.name} (real)" in said
    assert "has 'Sheet of stickers' for 50 points: confirmed." in said
    assert "has 'Book card, 10 €' for 150 points, ordered at the sandbox provider: confirmed." in said
    assert "The ledger balances: yes." in said
    assert "One payout explained, from the bank line back to the events" in said
    assert "approved at" in said
    for badge in ("First answer", "Was there in person", "Five hundred points", "Newcomer"):
        assert re.search(rf"^ *{badge} +[1-9]\d* *$", said, re.MULTILINE), said
    for service, url in platform.service_urls.items():
        assert service in said
        assert f"{url}/docs" in said
