"""Pages lead to what is there: links to files and headings, and the paths that the contributors' pages name."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
#: A path from the checkout's root in backticks: it has a slash or an ending, and nothing to be filled in.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|yml))`")
OWN_PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/style.md", "docs/adr/README.md", "changelog.d/README.md")


def pages() -> list[str]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "*.md"], capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def prose(page: Path) -> str:
    """The page without its blocks of code, whose brackets are no links."""
    return re.sub(r"^( *)```.*?^\1```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", pages())
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    broken = []
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        to = (page.parent / path).resolve() if path else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("name", OWN_PAGES)
def test_paths_that_are_named_are_there(name: str) -> None:
    page = ROOT / name
    missing = [
        path for path in NAMED.findall(prose(page)) if not any((at / path).exists() for at in (ROOT, page.parent))
    ]
    assert not missing


def test_the_glossary_is_in_order_and_has_no_word_twice() -> None:
    _, _, glossary = (ROOT / "docs/style.md").read_text().partition("## Glossary")
    words = re.findall(r"^\| ([^|]+) \| [^|]+\. \|", glossary, re.MULTILINE)

    assert len(words) == glossary.count("\n| ") - 1
    assert words == sorted(set(words), key=str.lower)
