"""A fragment of the changelog has a name and a text that a release can print, and a release prints every one."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "changelog.d"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
KINDS = [kind["directory"] for kind in CONFIG["type"]]
NAME = re.compile(rf"\+[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(KINDS)})\.md")
FRAGMENTS = sorted(path for path in FOLDER.iterdir() if path.name != "README.md")
FRAGMENT_MAX_CHARS = 600


def test_fragments_have_names_of_a_known_kind() -> None:
    wrong = [path.name for path in FRAGMENTS if not NAME.fullmatch(path.name)]

    assert not wrong, f"call them +words-of-yours.KIND.md, where KIND is one of {', '.join(KINDS)}"


def test_fragments_are_one_paragraph_of_whole_sentences() -> None:
    texts = {path.name: path.read_text() for path in FRAGMENTS}

    assert not [name for name, text in texts.items() if not re.fullmatch(r"[A-Z`][^\n]+\.\n", text)]
    assert not [name for name, text in texts.items() if len(text) > FRAGMENT_MAX_CHARS]


def test_the_page_about_fragments_lists_the_kinds() -> None:
    assert re.findall(r"^\| `(\w+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE) == KINDS


def test_the_next_release_prints_every_fragment() -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "next", "--dir", str(ROOT)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    missing = [path.name for path in FRAGMENTS if f"- {path.read_text()}" not in printed]
    assert not missing
    assert printed.count("\n- ") == len(FRAGMENTS)


def test_a_release_has_a_place_in_the_changelog() -> None:
    assert CONFIG["start_string"] in (ROOT / CONFIG["filename"]).read_text()
