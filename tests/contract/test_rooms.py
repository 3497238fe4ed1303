"""What lint cannot see: modules that are no room, clocks and files without an import, arguments by position."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"api", "handlers", "store", "domain"}
#: What domain does not call: what it gave would depend on when and where it runs. `read_bytes` of a package's own
#: data is none of these: the schema of a bank's file is always the same.
IMPURE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "open", "read_text", "write_text", "write_bytes"}
#: How a module is imported behind the back of whoever reads the imports.
BY_NAME = {"import_module", "__import__"}

SOURCES = sorted((ROOT / "services").rglob("*.py"))
#: services/<service>/<capability>, and capabilities within one.
CAPABILITIES = [
    path.parent
    for path in SOURCES
    if path.name == "__init__.py" and path.parent.name not in ROOMS and len(path.relative_to(ROOT).parts) > 3
]
DOMAINS = [path for path in SOURCES if "domain" in path.parts or path.name == "domain.py"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(source: str) -> Iterator[str]:
    """The last name of everything that a source calls."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def test_there_are_capabilities_and_domains() -> None:
    assert {"services/rewards/ledger", "services/rewards/payouts/runs"} <= {named(path) for path in CAPABILITIES}
    assert {"services/rewards/lots/domain/lots.py", "services/scoring/limits/domain/allotting.py"} <= {
        *map(named, DOMAINS)
    }


@pytest.mark.parametrize("folder", CAPABILITIES, ids=named)
def test_a_capability_has_rooms_and_capabilities_alone(folder: Path) -> None:
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    folders = {path.parent for path in folder.glob("*/__init__.py")}

    assert modules <= ROOMS
    assert {path for path in folders if path.name not in ROOMS} <= set(CAPABILITIES)


@pytest.mark.parametrize("path", DOMAINS, ids=named)
def test_domain_is_told_the_time_and_ids_and_reads_nothing(path: Path) -> None:
    assert not IMPURE.intersection(calls(path.read_text()))


def test_nothing_is_imported_by_name() -> None:
    assert not [named(path) for path in SOURCES if BY_NAME.intersection(calls(path.read_text()))]


def test_after_a_transaction_comes_what_the_verb_acts_on_and_the_rest_by_name() -> None:
    positional = {
        (named(path), node.name): [argument.arg for argument in node.args.posonlyargs + node.args.args]
        for path in [*SOURCES, *(ROOT / "shared").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    transactional = {where: names for where, names in positional.items() if names[:1] in (["tx"], ["conn"])}

    assert len(transactional) > 100
    assert {where: names for where, names in transactional.items() if len(names) > 2} == {}


def test_a_clock_and_a_hidden_import_would_be_seen() -> None:
    source = "moment = datetime.now(UTC)\nname = uuid4()\ndriver = importlib.import_module('asyncpg')\n"

    assert set(calls(source)) == {"now", "uuid4", "import_module"}
