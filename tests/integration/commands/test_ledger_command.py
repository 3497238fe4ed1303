"""`plaudit ledger check`: the ledger of a community looked at again, right and wrong."""

import json
from uuid import uuid4

import asyncpg
import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState
from shared.postgres import database_url

pytestmark = pytest.mark.stack


def check(community: str, *options: str) -> tuple[int, str]:
    command = ["ledger", "check", "--community", community, *options]
    result = CliRunner().invoke(main, command, env={"PLAUDIT_STACK": "whole"})
    return result.exit_code, result.output


async def test_a_ledger_is_checked_shown_again_and_found_wrong(platform: StackState) -> None:
    community = f"c{uuid4().hex[:8]}"
    code, said = check(community, "--last")
    assert code == 1
    assert "Nobody has asked for a check yet: leave --last out." in said

    code, said = check(community)
    assert code == 0
    assert "The ledger balances: 0 entries as of " in said
    code, last = check(community, "--last", "--json")
    assert (code, json.loads(last)["balanced"]) == (0, True)

    connection = await asyncpg.connect(database_url(platform.postgres_admin_url, "plaudit_rewards"))
    try:
        await connection.execute("insert into balances values ($1, $2, 7)", community, account := uuid4())
    finally:
        await connection.close()
    assert check(community, "--last")[0] == 0  # what was found then, of that moment
    code, said = check(community, "--json")
    assert code == 1
    found = json.loads(said.splitlines()[-1])
    assert [(one["account_id"], one["balance"]) for one in found["balance_differences"]] == [(str(account), 7)]
    code, said = check(community, "--last")
    assert code == 1
    assert "The ledger is WRONG" in said
    assert "balance_differences" in said
