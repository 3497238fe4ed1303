"""docs/operating.md lists every setting as the code has it."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.settings import ServiceSettings

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"


def rows(settings: type[ServiceSettings], *, besides: set[str] = frozenset()) -> Iterator[str]:
    """A table row for each setting: its environment variable, default and meaning."""
    for name, field in settings.model_fields.items():
        if name not in besides:
            meaning = field.description or "Lines below this level are left out"
            yield f"| `PLAUDIT_{name.upper()}` | `{field.default}` | {meaning} |"


def settings_of(part: str) -> type[ServiceSettings]:
    package = {CONSOLE: "console", GATEWAY: "console.gateway"}.get(part, f"services.{part}")
    found: type[ServiceSettings] = importlib.import_module(f"{package}.settings").Settings
    return found


def documented(service: str) -> list[str]:
    """The rows that the document must have for a service, without those that all services share."""
    return list(rows(settings_of(service), besides=set(ServiceSettings.model_fields)))


def test_every_shared_setting_is_in_the_table() -> None:
    lines = DOCUMENT.read_text().splitlines()
    missing = [row for row in rows(ServiceSettings) if row not in lines]
    assert not missing, "add to docs/operating.md:\n" + "\n".join(missing)


@pytest.mark.parametrize("service", [*SERVICES, CONSOLE, GATEWAY])
def test_every_setting_of_a_service_is_in_the_table(service: str) -> None:
    lines = DOCUMENT.read_text().splitlines()
    missing = [row for row in documented(service) if row not in lines]
    assert not missing, "add to docs/operating.md:\n" + "\n".join(missing)


def test_no_row_is_left_of_a_setting_that_is_gone() -> None:
    known = {*rows(ServiceSettings), *(row for part in (*SERVICES, CONSOLE, GATEWAY) for row in documented(part))}
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `PLAUDIT_")]
    # The command's own, not a service's.
    stack = {"PLAUDIT_STACK", "PLAUDIT_HOME", "PLAUDIT_CACHE", "PLAUDIT_PREPARED"}
    assert [line for line in lines if line not in known and line.split("`")[1] not in stack] == []
