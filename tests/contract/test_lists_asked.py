"""The command asks for all items of a list only where the API gives lists in pages."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ASKED = re.compile(r"""every_item\(\s*f?["']\{[^/]*\}(/v1/[^"']*)["']""")
_NAMED = re.compile(r"\{[^{}]*\}")


def test_every_list_that_a_command_reads_to_its_end_is_paged() -> None:
    paged = set()
    for file in (ROOT / "schemas" / "openapi").glob("*.json"):
        for path, operations in json.loads(file.read_text())["paths"].items():
            names = {one.get("name") for one in operations.get("get", {}).get("parameters", ())}
            if {"limit", "after"} <= names:
                paged.add(_NAMED.sub("{}", path))
    asked = {
        (file.name, _NAMED.sub("{}", path))
        for file in (ROOT / "plaudit").rglob("*.py")
        for path in _ASKED.findall(file.read_text())
    }
    assert len(asked) > 10
    assert {one for one in asked if one[1] not in paged} == set()
