"""`plaudit badge issuer` as docs/credentials.md has it: a key that was stolen signs nothing that counts."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.access import issue_key
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

SCOPES = [
    *("recognition:read", "recognition:write", "programmes:read", "programmes:write", "members:write"),
]
PROGRAMME = """\
programme: issuers
title: Issuers
rules: [{id: post, title: Posted, on: [forum.post.v1], points: 1}]
recognition: {badges: [{id: hero, title: Hero, by_hand: true}]}
"""


def test_what_a_stolen_key_signed_is_forged_and_taken_away_again_it_is_valid(
    platform: StackState, tmp_path: Path
) -> None:
    community = f"c{uuid4().hex[:8]}"
    key = issue_key(platform, community, "issuer", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "200"}

    def plaudit(*command: str, code: int | None = 0, here: bool = True, typed: str = "") -> str:
        where = ("--community", community) if here else ()
        result = CliRunner().invoke(main, [*command, *where], env=of_reader, input=typed)
        assert code is None or result.exit_code == code, result.output
        return result.output

    file, first, again = tmp_path / "programme.yaml", tmp_path / "first.svg", tmp_path / "again.svg"
    file.write_text(PROGRAMME)
    plaudit("programme", "publish", str(file))
    plaudit("member", "link", "forum:ada", "--name", "Ada")

    give = ("badge", "grant", "forum:ada", "hero", "--for", "Kept the booth", "--community", community)

    async def is_given() -> bool:
        return CliRunner().invoke(main, [*give], env=of_reader).exit_code == 0

    asyncio.run(until(is_given))
    plaudit("badge", "issuer", "set", "--name", "Acme")
    plaudit("badge", "take-away", "forum:ada", "hero", "--as", "svg", "--out", str(first))
    assert plaudit("badge", "verify", str(first), here=False).startswith("valid")
    (old,) = json.loads(plaudit("badge", "issuer", "show", "--json"))["keys"]
    # Whoever does not mean it ends nothing.
    assert "cannot be taken back" in plaudit("badge", "issuer", "stolen", old["name"], code=1, typed="n\n")
    said = plaudit("badge", "issuer", "stolen", old["name"], "--yes")
    assert "stolen: nothing that it signed since" in said
    keys: list[dict[str, Any]] = json.loads(plaudit("badge", "issuer", "show", "--json"))["keys"]
    assert [one["is_signing"] for one in keys] == [True, False]
    forged = plaudit("badge", "verify", str(first), here=False, code=1)
    assert forged.startswith("forged")
    assert "nothing counts which this key signed" in forged
    plaudit("badge", "take-away", "forum:ada", "hero", "--as", "svg", "--out", str(again))
    assert plaudit("badge", "verify", str(again), here=False).startswith("valid")
    assert "no such key" in plaudit("badge", "issuer", "stolen", "z6MkpPv358sqNKAJ9", "--yes", code=None)
