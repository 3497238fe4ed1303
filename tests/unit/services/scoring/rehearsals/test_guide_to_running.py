"""The guide from an empty page: what it shows of `init` and `test` is what they print."""

import re
from pathlib import Path

from click.testing import CliRunner

from plaudit.cli import main

GUIDE = (Path(__file__).parents[5] / "docs" / "guides" / "running-a-programme.md").read_text(encoding="utf-8")


def programme(*arguments: str) -> str:
    return CliRunner().invoke(main, ["programme", *arguments]).output


def test_the_guide_prints_what_the_commands_print(tmp_path: Path) -> None:
    file, cases = tmp_path / "gardeners.yaml", tmp_path / "tests" / "gardeners.yaml"
    begun = programme("init", str(file), "--id", "gardeners", "--title", "The gardeners")
    assert begun.replace(f"{tmp_path}/", "") in GUIDE
    (written,) = re.findall(r"```yaml\n(cases:.*?)```", GUIDE, re.DOTALL)
    cases.parent.mkdir()
    cases.write_text(written)
    as_it_is = programme("test", str(file))
    file.write_text(file.read_text().replace("points: 15", "points: 20"))
    changed = programme("test", str(file))
    assert "1 of 1 cases" in as_it_is
    assert "not 15" in changed
    assert f"$ plaudit programme test gardeners.yaml\n{as_it_is}```" in GUIDE
    assert f"$ plaudit programme test gardeners.yaml\n{changed}$" in GUIDE
