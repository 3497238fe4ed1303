"""Blocks of commands of a page in docs, so that a test runs what readers type."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PART = re.compile(
    r"^#+ (?P<heading>[^\n]+)$|^(?P<indent> *)```sh\n(?P<block>.*?)^ *```$", re.MULTILINE | re.DOTALL
)


def shell_blocks(page: str) -> dict[str, list[str]]:
    """The blocks of shell of a page below docs/, by the heading that they stand under, in their order."""
    found: dict[str, list[str]] = {}
    heading = ""
    for part in _PART.finditer((ROOT / "docs" / page).read_text()):
        if part["heading"] is not None:
            heading = part["heading"]
        else:
            lines = (line.removeprefix(part["indent"]) for line in part["block"].splitlines(keepends=True))
            found.setdefault(heading, []).append("".join(lines))
    return found
