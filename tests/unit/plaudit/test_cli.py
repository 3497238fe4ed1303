import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from plaudit import __version__
from plaudit.cli import SUBCOMMANDS, main
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import USUAL
from plaudit.stack.state import StackState


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_help_lists_what_is_there_without_importing_it():
    code = "import sys; from plaudit.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Start Kafka, PostgreSQL, the services and all else." in output
    assert "plaudit.importers.commands" not in output.split()
    assert {"asyncpg", "plaudit.stack", "shared.contracts.facts"}.isdisjoint(output.split())


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_command_is_listed_and_is_there(name):
    assert name in run("--help").output
    result = run(name, "--help")
    assert result.exit_code == 0, result.output


def test_a_command_that_there_is_not_is_refused():
    assert run("ghost").exit_code == 2


def test_a_wrong_command_is_answered_with_the_one_that_was_meant():
    result = run("stauts")
    assert result.exit_code == 2
    assert "Did you mean status?" in result.output


def test_a_wrong_option_is_answered_with_the_one_that_was_meant():
    result = run("up", "--onyl", "kafka")
    assert result.exit_code == 2
    assert "--only" in result.output


def test_version():
    assert run("--version").output == f"plaudit, version {__version__}\n"


@pytest.mark.parametrize("command", ["up", "down", "status", "logs", "reset"])
def test_every_command_explains_itself_with_an_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: plaudit {command}" in result.output


def test_what_the_stack_cannot_do_is_a_message_and_exit_code_1(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path))
    result = run("status", "--stack", "never-started")
    assert result.exit_code == 1
    assert "plaudit up --stack never-started" in result.output


def test_an_unknown_part_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path))
    result = run("up", "--only", "kafka,zookeeper")
    assert result.exit_code == 1
    assert "'zookeeper'" in result.output


def leaves(group, path=()):
    """Every command that is no group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


LEAVES = [pytest.param(path, command, id=" ".join(path)) for path, command in leaves(main)]


@pytest.mark.parametrize(("path", "command"), LEAVES)
def test_the_example_of_a_command_is_one_that_it_takes(path, command, monkeypatch):
    shown = re.split("Examples?:", run(*path, "--help").output)[1]
    shown = shown.partition("Options:")[0].replace("\\\n", " ").replace("\n", " ")
    lexer = shlex.shlex(shown, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = (
        shlex.split(evaluated[1])
        if (evaluated := re.fullmatch(r'eval "\$\((.+)\)"', shown.strip()))
        else list(lexer)
    )
    given = dict(word.split("=", 1) for word in words[: words.index("plaudit")] if "=" in word)
    arguments = words[words.index("plaudit") + 1 :]
    # Where there are several examples, the first.
    arguments = arguments[: arguments.index("plaudit")] if "plaudit" in arguments else arguments
    arguments = arguments[: next((at for at, word in enumerate(arguments) if set(word) <= set("&|;()")), None)]
    assert tuple(arguments[: len(path)]) == path
    monkeypatch.chdir(Path(__file__).parents[3])
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    try:
        command.make_context(path[-1], arguments[len(path) :])
    except click.BadParameter as error:
        # The path of an example need not be there; a value that is missing must not be.
        assert "does not exist" in error.message  # noqa: PT017


def test_reset_asks_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path))
    data = tmp_path / "stacks" / "trial" / "data"
    data.mkdir(parents=True)
    assert CliRunner().invoke(main, ["reset", "--stack", "trial"], input="n\n").exit_code == 1
    assert data.exists()
    assert run("reset", "--stack", "trial", "--yes").exit_code == 0
    assert not data.exists()


def test_status_cuts_nothing_off_however_narrow_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "50")
    StackState(name="default", directory=stack_directory("default"), ports=USUAL).save()
    output = run("status").output
    assert "…" not in output
    table = output.partition("Stack 'default'")[0].splitlines()
    assert max(map(len, table)) <= 50
    names = table[1:]
    column = next(at for at in range(len(names[0])) if all(line[at : at + 2].strip() == "" for line in names))
    assert "recognition" in "".join(line[1:column].strip() for line in names)
