"""`plaudit checkin`: an occasion, its code, and a list that was taken without a network."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState

pytestmark = pytest.mark.stack


def test_from_the_occasion_to_the_list_that_comes_late(platform: StackState, tmp_path: Path) -> None:
    where = ("--community", f"c{uuid4().hex[:8]}")

    def plaudit(*command: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*command], env={"PLAUDIT_STACK": "whole"})
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    now = datetime.now(UTC).replace(microsecond=0)
    window = ("--from", (now - timedelta(hours=1)).isoformat(), "--until", (now + timedelta(hours=1)).isoformat())
    plaudit("member", "link", "forum:ada", *where)
    occasion = plaudit("checkin", "add", "Meet-up", *window, "--capacity", "1", *where).strip()

    shown: dict[str, Any] = json.loads(plaudit("checkin", "code", occasion, "--json", *where))
    assert shown["address"].startswith(f"{platform.console_url}/here/")
    drawn = plaudit("checkin", "code", occasion, "--console", "https://console.example.org/", *where)
    assert "https://console.example.org/here/" in drawn
    assert "█" in drawn

    taken, signed, key = tmp_path / "evening.list", tmp_path / "evening.json", tmp_path / "device.pem"
    plaudit("checkin", "device", occasion, "--pem", str(key), *where)
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    plaudit("checkin", "device", occasion, "--pem", str(key), *where)
    assert key.read_bytes() == before
    assert plaudit("checkin", "note", str(taken), occasion, "forum:ada", "forum:kofi") == "2 on the list.\n"
    assert plaudit("checkin", "note", str(taken), occasion, "forum:ada") == "3 on the list.\n"
    plaudit("checkin", "note", str(taken), str(uuid4()), "forum:ada", fails=True)
    signed.write_text(plaudit("checkin", "sign", str(taken), "--pem", str(key)))

    handed_in = plaudit("checkin", "upload", str(signed), *where).split("\n")
    again = json.loads(plaudit("checkin", "upload", str(signed), "--json", *where))

    assert [line.split() for line in handed_in[:3]] == [
        ["checked_in", "forum:ada"],
        ["unknown", "forum:kofi"],
        ["again", "forum:ada"],
    ]
    assert [one["outcome"] for one in again] == ["again", "unknown", "again"]
    (listed,) = json.loads(plaudit("checkin", "list", "--json", *where))
    assert (listed["occasion_id"], listed["checked_in_count"]) == (occasion, 1)
    assert "Meet-up" in plaudit("checkin", "list", *where)
    signed.write_text(signed.read_text().replace("forum:kofi", "forum:ada"))
    assert "not signed" in plaudit("checkin", "upload", str(signed), *where, fails=True)
    assert "no signed list" in plaudit("checkin", "upload", str(taken), *where, fails=True)
    assert "has no key" in plaudit("checkin", "sign", str(taken), "--pem", str(signed), fails=True)
