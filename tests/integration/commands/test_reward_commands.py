"""`plaudit reward` as docs/rewards.md has it."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.access import issue_key
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

DOCS = Path(__file__).parents[3] / "docs"
SCOPES = ["rewards:read", "rewards:write"]


async def test_a_voucher_is_put_stocked_and_linked(platform: StackState, tmp_path: Path) -> None:
    community = f"c{uuid4().hex[:8]}"
    key = issue_key(platform, community, "rewards", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}
    where = ("--community", community)

    def plaudit(*command: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, ["reward", *command, *where], env=of_reader)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    async def key_is_known() -> bool:
        return CliRunner().invoke(main, ["reward", "list", *where], env=of_reader).exit_code == 0

    await until(key_is_known)
    file, codes = tmp_path / "book-voucher.yaml", tmp_path / "codes.csv"
    said = (DOCS / "rewards.md").read_text(encoding="utf-8").partition("<<END\n")[2].partition("END\n")[0]
    file.write_text(said, encoding="utf-8")
    assert "none left" in plaudit("put", str(file))
    file.write_text(said.replace("points: 1000", "points: 900"), encoding="utf-8")
    changed = plaudit("put", str(file))
    assert ("900 points" in changed, "revision 2" in changed) == (True, True)
    file.write_text(f"{said}revision: 1\n", encoding="utf-8")
    assert "Somebody changed the reward meanwhile" in plaudit("put", str(file), fails=True)

    codes.write_text("code\nEXAMPLE-1\nEXAMPLE-1\n")
    refused = plaudit("import-codes", "book-voucher", str(codes), fails=True)
    assert ("line 3" in refused, "EXAMPLE-1" in refused) == (True, False)
    codes.write_text("code\nEXAMPLE-1\nEXAMPLE-2\n")
    assert "2 codes are taken in, 0 were there" in plaudit("import-codes", "book-voucher", str(codes))
    assert "0 codes are taken in, 2 were there" in plaudit("import-codes", "book-voucher", str(codes))
    assert "few left" in plaudit("list", "--kind", "voucher")
    assert "left: 2" in plaudit("show", "book-voucher")
    assert "has no" in plaudit("show", "nothing", fails=True)

    made = json.loads(plaudit("link", "book-voucher", "--uses", "25", "--note", "Speakers", "--json"))
    assert (made["uses_max_count"], made["state"]) == (25, "open")
    assert made["token"] not in plaudit("links")
    assert "revoked, 0 of 25 claimed" in plaudit("revoke-link", made["link_id"])
    assert "revoked" in plaudit("links")
    file.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7z"/></svg>')
    picture = ("picture", "book-voucher", str(file), "--alt", "A book", "--in", "it", "Un libro")
    assert "image/svg+xml" in plaudit(*picture)
    shown = json.loads(plaudit("show", "book-voucher", "--json"))
    assert shown["picture"]["translations"] == [{"language": "it", "alt": "Un libro"}]
    assert "no picture" in plaudit("drop-picture", "book-voucher")
    # Nobody has points here, and nothing is to be sent: what is wrong is said.
    assert json.loads(plaudit("goods", "--json"))["items"] == []
    assert "no redemption" in plaudit("take", str(uuid4()), fails=True)

    def redemption(*command: str) -> tuple[int, str]:
        ran = CliRunner().invoke(main, ["redemption", *command, *where], env=of_reader)
        return ran.exit_code, ran.output

    assert redemption("list", "--state", "reserved", "--json")[0] == 0
    code, said = redemption("show", str(uuid4()))
    assert (code, "no redemption" in said) == (1, True)
    assert "is no REWARD[:COUNT]" in plaudit("order", str(uuid4()), "mug:x", "--points", "1", fails=True)
    for points, why in (("1000", "It costs 900 points by now, not 1000"), ("900", "900 points are missing")):
        assert why in plaudit("order", str(uuid4()), "book-voucher", "--points", points, fails=True)
    file.write_text("[]")
    assert "says no reward" in plaudit("put", str(file), fails=True)
