"""The demo has a stack of its own, and no data but its own are ever deleted for it."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from plaudit import demo as demo_module
from plaudit.cli import main
from plaudit.demo_stack import NAMES, empty_stack
from plaudit.stack import StackError
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import USUAL
from plaudit.stack.state import StackState


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path))


def a_stack(name: str, *, disposable: bool) -> Path:
    """A stack with data; returns a file of them."""
    StackState(name=name, directory=stack_directory(name), ports=USUAL, disposable=disposable).save()
    data = stack_directory(name) / "kafka" / "data"
    data.parent.mkdir(parents=True)
    data.write_text("points")
    return data


def test_what_an_earlier_demo_left_is_made_anew() -> None:
    data = a_stack("demo", disposable=True)
    with empty_stack(None, yes=False) as name:
        assert name == "demo"
        assert not data.exists()


def test_a_stack_that_somebody_used_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    data = a_stack("demo", disposable=False)
    with empty_stack(None, yes=False) as name:
        assert name == "demo-2"
    assert data.read_text() == "points"
    assert "this demo plays on 'demo-2'" in capsys.readouterr().out


def test_a_stack_whose_state_is_damaged_is_left_alone() -> None:
    data = a_stack("demo", disposable=True)
    (stack_directory("demo") / "state.json").write_text("{")
    with empty_stack(None, yes=False) as name:
        assert name == "demo-2"
    assert data.exists()


def test_two_demos_at_once_have_a_stack_each() -> None:
    with empty_stack(None, yes=False) as one, empty_stack(None, yes=False) as two:
        assert (one, two) == ("demo", "demo-2")
    with (
        empty_stack("mine", yes=False),
        pytest.raises(StackError, match="already"),
        empty_stack("mine", yes=True),
    ):
        pass


def test_when_all_hold_data_it_says_how_to_make_room() -> None:
    for name in NAMES:
        a_stack(name, disposable=False)
    with pytest.raises(StackError, match="plaudit reset --stack demo"), empty_stack(None, yes=False):
        pass


def test_a_stack_that_is_named_is_deleted_only_when_that_is_said() -> None:
    data = a_stack("mine", disposable=False)
    with pytest.raises(click.ClickException, match="--yes"), empty_stack("mine", yes=False):
        pass
    assert data.exists()
    with empty_stack("mine", yes=True) as name:
        assert name == "mine"
        assert not data.exists()


def test_the_stack_of_the_environment_is_not_the_demos(monkeypatch: pytest.MonkeyPatch) -> None:
    data = a_stack("mine", disposable=False)
    played: list[str] = []
    monkeypatch.setattr(demo_module, "_show", lambda stack, *_: played.append(stack))

    result = CliRunner().invoke(main, ["demo"], env={"PLAUDIT_STACK": "mine"})

    assert result.exit_code == 0, result.output
    assert played == ["demo"]
    assert data.read_text() == "points"


def test_the_demo_refuses_to_delete_a_stack_where_nobody_can_be_asked() -> None:
    data = a_stack("mine", disposable=False)
    result = CliRunner().invoke(main, ["demo", "--stack", "mine"], input="y\n")
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert data.exists()


def test_reset_refuses_where_nobody_can_be_asked() -> None:
    data = a_stack("mine", disposable=False)
    result = CliRunner().invoke(main, ["reset", "--stack", "mine"], input="y\n")
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert data.exists()
