"""The commands of the runbooks run, each as its page has it."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState
from tests.contract.test_runbooks import RUNBOOKS, blocks

pytestmark = pytest.mark.stack

COMMANDS: Sequence[str] = sorted({command for page in RUNBOOKS for command in blocks(page)})


@pytest.fixture(scope="module")
def community() -> str:
    return f"c{uuid4().hex[:8]}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_runbook_runs_as_it_stands(platform: StackState, community: str, command: str) -> None:
    _, *words = command.split()
    environment = {"PLAUDIT_STACK": platform.name, "PLAUDIT_COMMUNITY": community}
    result = CliRunner().invoke(main, words, env=environment)
    assert result.exit_code == 0, f"{command}\n{result.output}"
    assert result.output.strip(), f"{command} says nothing"
