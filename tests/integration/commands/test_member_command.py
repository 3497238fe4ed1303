"""`plaudit member`: joined, shown, marked and wished for, by identity."""

import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState

pytestmark = pytest.mark.stack


def plaudit(*command: str) -> Any:
    result = CliRunner().invoke(main, ["member", *command, "--json"], env={"PLAUDIT_STACK": "whole"})
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_by_identity_from_first_to_last(platform: StackState) -> None:
    community, ada = f"m{uuid4().hex[:8]}", f"ada/{uuid4().hex[:6]}"
    where, written = ("--community", community), f"forum:{ada.replace('/', '%2F')}"

    made = plaudit("link", written, "chat:U1", "--name", "Ada", *where)
    assert sorted(one["id"] for one in made["identities"]) == ["U1", ada]
    marked = plaudit("standing", written, "--is", "staff", *where)
    assert (marked["standing"], marked["ranks"]) == ({"staff": "hand"}, False)
    known = plaudit("wish", "chat:U1", "--no", "boards", "--time-zone", "Europe/Rome", *where)
    assert {one["name"]: one["value"] for one in known} == {"boards": True, "time_zone": "Europe/Rome"}
    shown = plaudit("show", made["member_id"], *where)
    assert (shown["member_id"], shown["known"]) == (made["member_id"], known)

    printed = CliRunner().invoke(main, ["member", "show", written, *where], env={"PLAUDIT_STACK": "whole"}).output
    assert "staff (by hand)" in printed
    assert written in printed
    refused = CliRunner().invoke(
        main, ["member", "set", written, "tier=gold", *where], env={"PLAUDIT_STACK": "whole"}
    )
    assert refused.exit_code == 1
    assert "declares no attribute" in refused.output


def test_two_members_are_merged_and_parted_again(platform: StackState) -> None:
    community = f"m{uuid4().hex[:8]}"
    where = ("--community", community)
    ada, bob = (plaudit("link", one, *where)["member_id"] for one in ("forum:ada", "chat:U1"))

    tried = plaudit("merge", "forum:ada", "chat:U1", "--dry-run", *where)
    assert (tried["dry_run"], plaudit("show", "chat:U1", *where)["member_id"]) == (True, bob)
    assert plaudit("merge", "forum:ada", "chat:U1", *where)["stays"]["merged_ids"] == [bob]
    assert plaudit("show", "chat:U1", *where)["member_id"] == ada
    printed = CliRunner().invoke(
        main, ["member", "unmerge", "forum:ada", "chat:U1", *where], env={"PLAUDIT_STACK": "whole"}
    )
    assert (printed.exit_code, f"Done: {bob} is by itself" in printed.output) == (0, True), printed.output
    assert plaudit("show", "chat:U1", *where)["member_id"] == bob


def test_exported_and_forgotten_for_good(platform: StackState, tmp_path: Path) -> None:
    community, ada = f"m{uuid4().hex[:8]}", f"forum:ada{uuid4().hex[:6]}"
    where = ("--community", community)
    made = plaudit("link", ada, "--name", "<Ada>", *where)
    plaudit("export", ada, "--to", str(tmp_path / "ada.zip"), *where)
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        data, page = json.loads(archive.read("data.json")), archive.read("index.html").decode()
    held = {table["table"]: table["rows"] for table in data["services"]["ingest"]}
    assert held["members"][0]["name"] == "<Ada>"
    assert f"forum:{held['identities'][0]['identity']}" == ada
    assert "&lt;Ada&gt;" in page

    proof = plaudit("erase", ada, "--yes", *where)

    assert proof["member_id"] == made["member_id"]
    assert proof["deleted"] == {"alike_keys": 2, "identities": 1}
    again = CliRunner().invoke(
        main, ["member", "erase", made["member_id"], "--yes", *where], env={"PLAUDIT_STACK": "whole"}
    )
    assert again.exit_code == 0, again.output
    assert proof["erased_at"] in again.output
    assert "engagement.raw.v1" in again.output
    gone = CliRunner().invoke(main, ["member", "show", ada, *where], env={"PLAUDIT_STACK": "whole"})
    assert gone.exit_code == 1
    assert "Nobody" in gone.output or "no member" in gone.output.lower()


def test_a_table_of_members_is_declared_and_what_is_wrong_is_said_by_line(
    platform: StackState, tmp_path: Path
) -> None:
    community, table = f"m{uuid4().hex[:8]}", tmp_path / "people.csv"
    where = ("--community", community)
    some = "\n".join(f"Member {number},m{number},," for number in range(250))
    table.write_text(
        f"\ufeffname,forum,chat,code@git.example.org\nAda Lovelace,ada,U1,17\n{some}\n,,,\nBob,,,\nCy,cy\n"
        f"Dan,{'d' * 600},,\nEve,m0,U1,\n",
        encoding="utf-8",
    )

    tried, done = (
        CliRunner().invoke(
            main, ["member", "import", str(table), *where, "--json", *more], env={"PLAUDIT_STACK": "whole"}
        )
        for more in (["--dry-run"], [])
    )

    assert tried.exit_code == 1
    assert json.loads(tried.stdout) == {"new": 251, "changed": 0, "known": 0, "refused": 4}
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"declared": 251, "refused": 4}
    faults = dict(line.removeprefix("line ").split(": ", 1) for line in done.stderr.splitlines())
    assert sorted(faults, key=int) == ["254", "255", "256", "257"]
    assert "names nobody" in faults["254"]
    assert faults["255"] == "has 2 cells where the first line names 4 columns"
    assert faults["256"].startswith("identities/0/id: ")
    assert faults["257"].startswith("The identities are different members: ")
    ada = plaudit("show", "code@git.example.org:17", *where)
    assert ada["name"] == "Ada Lovelace"
    assert {(one["channel"], one["id"]) for one in ada["identities"]} == {
        ("forum", "ada"),
        ("chat", "U1"),
        ("code", "17"),
    }
    again = CliRunner().invoke(
        main, ["member", "import", "-", *where], input="forum,chat\nada,U1\n", env={"PLAUDIT_STACK": "whole"}
    )
    assert (again.exit_code, "1 members were declared, 0 rows refused" in again.output) == (0, True), again.output


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("name", "names no channel"),
        ("forum,forum", "two columns forum"),
        ("Full Name,forum", "neither `name` nor a channel"),
    ],
)
def test_a_table_whose_first_line_names_no_channels_is_refused(
    platform: StackState, first: str, said: str
) -> None:
    refused = CliRunner().invoke(
        main, ["member", "import", "-"], input=f"{first}\nada,U1\n", env={"PLAUDIT_STACK": "whole"}
    )
    assert refused.exit_code == 1
    assert said in refused.output
