"""The connectors that come with Plaudit: one file each, beside this one."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from connectors.compiled import Connector
from connectors.reading import read_connector

FOLDER = Path(__file__).parent


def files() -> Mapping[str, Path]:
    """The file of each connector, by its name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


@cache
def connector(name: str) -> Connector:
    """A connector that comes with Plaudit. Raises KeyError when there is none of this name."""
    return read_connector(files()[name].read_text(encoding="utf-8"))


@cache
def with_exports() -> tuple[str, ...]:
    """The names of those that know an export, found without reading any as a connector."""
    return tuple(name for name, path in files().items() if "\nexports:\n" in path.read_text(encoding="utf-8"))
