"""docs/guides/running-a-programme.md is followed word by word: each command prints what the page says."""

import re
import shlex
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.waiting import until

pytestmark = pytest.mark.stack

PAGE = (Path(__file__).parents[3] / "docs" / "guides" / "running-a-programme.md").read_text(encoding="utf-8")
YAML = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
#: Each command of the page, and the lines that it prints there.
SAID = [
    (command, printed.splitlines())
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for command, _, printed in (one.partition("\n") for one in re.split(r"(?m)^\$ ", block) if one)
]
#: What is another each time.
OTHER = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?", "TIME"),
    (r"\d+ days left", "SOME days left"),
)


def told(line: str) -> str:
    """A line without what is another each time."""
    for pattern, name in OTHER:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def edited(file: Path, *changes: tuple[str, str], add: str = "") -> None:
    """What the reader does to a file; each text to be replaced stands in it."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text + add, encoding="utf-8")


def typed(line: str, environment: dict[str, str]) -> list[str]:
    """What a line prints, with `|` and `>` as a shell has them."""
    printed = None
    for stage in line.split(" | "):
        command, _, file = stage.partition(" > ")
        name, *arguments = shlex.split(command)
        assert name == "plaudit"
        result = CliRunner().invoke(main, arguments, input=printed, env=environment)
        # Cases that are not as expected end with 1, as the page shows.
        assert result.exit_code in {0, 1}, f"$ {line}\n{result.output}"
        printed = result.output
        if file:
            Path(file).write_text(printed, encoding="utf-8")
            printed = ""
    assert printed is not None
    return printed.splitlines()


@pytest.mark.timeout(300)
async def test_the_guide_is_followed_from_the_empty_page_to_the_running_campaign(
    platform: StackState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, attributes, campaign, rule = YAML
    community = f"gardeners-{uuid4().hex[:8]}"
    environment = {"PLAUDIT_STACK": "whole", "PLAUDIT_COMMUNITY": community, "COLUMNS": "200"}
    monkeypatch.chdir(tmp_path)
    file, reply = Path("gardeners.yaml"), Path("reply.json")
    Path("tests").mkdir()
    (Path("tests") / "gardeners.yaml").write_text(cases, encoding="utf-8")
    today = datetime.now(UTC).date()
    campaign = campaign.replace("2027-03-01", str(today - timedelta(days=2)))
    campaign = campaign.replace("2027-03-14", str(today + timedelta(days=7)))
    #: What the page asks the reader to do, before the command that begins so.
    before = {
        "plaudit event send reply.json": lambda: edited(reply, (text_of(reply), "Thanks!")),
        "plaudit programme test gardeners.yaml": lambda: (
            edited(file, ("points: 15\n", "points: 20\n")) if "event" in done else None
        ),
        "plaudit programme publish gardeners.yaml --note 'We say": lambda: edited(
            file, ("points: 20\n", "points: 15\n"), add=attributes
        ),
        "plaudit programme publish gardeners.yaml --note 'For two": lambda: edited(
            file, ("rules:\n", f"rules:\n{rule}"), add=campaign
        ),
    }
    done: set[str] = set()
    last: list[str] = []
    for command, expected in SAID:
        if command.startswith("export "):
            continue
        for begins, does in before.items():
            if command.startswith(begins):
                does()
        if command.startswith(("plaudit audience", "plaudit campaign show")):
            await wait_until_idle(platform)
        if "--now | plaudit event send" in command:
            starts = datetime.fromisoformat(re.findall(r"in effect from (\S+)", "\n".join(last))[-1])
            await until(partial(is_past, starts))
        asked = command.replace("community add gardeners", f"community add {community}")
        if "plk_…" in asked:
            asked = asked.replace("plk_…", next(line for line in last if line.startswith("plk_")))
        if "explain" in asked:
            uid = re.findall(r"explain (\S+)", "\n".join(last))[-1]
            asked = re.sub(r"explain \S+", f"explain {uid}", asked)
        printed = typed(asked, environment)
        done.add(shlex.split(command)[1])
        shown = [told(line) for line in printed]
        for line in (told(one) for one in expected if one != "…"):
            assert line in shown, f"$ {command}\n" + "\n".join(printed)
        if expected and "…" not in expected:
            assert len(expected) == len(printed), f"$ {command}\n" + "\n".join(printed)
        last = printed


async def is_past(moment: datetime) -> bool:
    return datetime.now(UTC) > moment


def text_of(file: Path) -> str:
    """The text of the example, as it stands in its file."""
    found = re.search(r'"text": "([^"]+)"', file.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]
