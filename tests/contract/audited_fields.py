"""Which fields entries of the audit log can have: what handlers give to `Did`, followed to its literals."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: Deeper than any handler nests what it says.
DEPTH_MAX = 12
#: Where what is said has its names from a value's own fields, or from a table: they stand here.
ELSEWHERE = {
    "before._asdict()": {
        "name",
        "url",
        "email",
        "description",
        "provider",
        "product_id",
        "face_minor",
        "currency",
    },
    "issuer._asdict()": {"name", "url", "email", "description"},
    "card._asdict()": {"provider", "product_id", "face_minor", "currency"},
    "{name: value for name, value in more if value is not None}": {
        "amount",
        "to_wallet_id",
        "spends",
        "reward_id",
        "unit_cost",
    },
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """Where an expression stands: the function that it is in, and its file."""

    function: Function
    path: Path


class Said(NamedTuple):
    """A field's name, and what it is given: None where that is not said at the place that names it."""

    field: str
    value: ast.expr | None
    place: Place


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def _functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(_tree(path)) if isinstance(node, Function)]


@cache
def _near(path: Path, name: str) -> list[Path]:
    """Where a function of that name may stand or be called: its own file, and unless it is private its service."""
    service = Path(ROOT, *path.relative_to(ROOT).parts[:2])
    more = [] if name.startswith("_") else sorted(service.rglob("*.py"))
    return [path, *(one for one in more if one != path and f" {name}" in one.read_text())]


def _named(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _called(name: str, path: Path) -> list[Place]:
    for file in _near(path, name):
        if found := [Place(one, file) for one in _functions(file) if one.name == name]:
            return found
    return []


def _callers(place: Place) -> Iterator[tuple[ast.Call, Place]]:
    for file in _near(place.path, place.function.name):
        for function in _functions(file):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _named(node) == place.function.name:
                    yield node, Place(function, file)


def _read(node: ast.AST | None, place: Place, depth: int = 0) -> Iterator[Said]:
    """The fields that an expression can have."""
    more = depth + 1
    if node is None or isinstance(node, ast.Constant) or depth > DEPTH_MAX:
        return
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield Said(str(key.value), value, place)
            else:
                yield from _read(value if key is None else key, place, more)
    elif isinstance(node, ast.BinOp):
        yield from _read(node.left, place, more)
        yield from _read(node.right, place, more)
    elif isinstance(node, ast.IfExp):
        yield from _read(node.body, place, more)
        yield from _read(node.orelse, place, more)
    elif isinstance(node, ast.BoolOp | ast.Tuple):
        for value in node.values if isinstance(node, ast.BoolOp) else node.elts:
            yield from _read(value, place, more)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield from _read(node.elt, place, more)
    elif isinstance(node, ast.Subscript | ast.Await):
        yield from _read(node.value, place, more)
    elif ast.unparse(node) in ELSEWHERE:
        yield from (Said(field, None, place) for field in sorted(ELSEWHERE[ast.unparse(node)]))
    elif isinstance(node, ast.DictComp):
        # `{… for … in fields.items() if …}`: the names of `fields`.
        for part in ast.walk(node.generators[0].iter):
            if isinstance(part, ast.Attribute) and part.attr == "items":
                yield from _read(part.value, place, more)
    elif isinstance(node, ast.Name):
        yield from _read_name(node.id, place, more)
    elif isinstance(node, ast.Call) and _named(node) == "dict":
        yield from (Said(one.arg, one.value, place) for one in node.keywords if one.arg)
    elif isinstance(node, ast.Call):
        for one in _called(_named(node), place.path):
            for part in ast.walk(one.function):
                if isinstance(part, ast.Return):
                    yield from _read(part.value, one, more)


def _read_name(name: str, place: Place, depth: int) -> Iterator[Said]:
    """What a variable or parameter can have: by what it is given here, else by callers."""
    arguments = place.function.args
    positions = [one.arg for one in arguments.args]
    known = [*positions, *(one.arg for one in arguments.kwonlyargs)]
    for node in ast.walk(place.function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
                    yield Said(str(ast.literal_eval(target.slice)), node.value, place)
                elif name in {ast.unparse(one) for one in getattr(target, "elts", [target])}:
                    yield from _read(node.value, place, depth)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and ast.unparse(node.target) == name:
            yield from _read(node.value, place, depth)
    if arguments.kwarg and arguments.kwarg.arg == name:
        for call, caller in _callers(place):
            for one in call.keywords:
                if one.arg is None:
                    yield from _read(one.value, caller, depth)
                elif one.arg not in known:
                    yield Said(one.arg, one.value, caller)
    elif name in known:
        for call, caller in _callers(place):
            given = [one.value for one in call.keywords if one.arg == name]
            given += call.args[positions.index(name) :][:1] if name in positions else []
            for value in given:
                yield from _read(value, caller, depth)


@cache
def audited() -> list[tuple[Said, str]]:
    """What entries can have, each with a place that says it.

    What is made otherwise than of literals is not found: commands that are given in tests show those.
    """
    found = []
    # A switch of databases is a command of whoever has them, and of no service's API.
    rooms = ("services/**/*.py", "shared/**/*.py", "plaudit/rebuilds/*.py")
    for path in sorted(path for room in rooms for path in ROOT.glob(room)):
        if "Did(" not in path.read_text():
            continue
        for function in _functions(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _named(node) == "Did":
                    said = [one.value for one in node.keywords if one.arg in {"before", "after"}]
                    for value in [*said, *node.args[4:6]]:
                        at = f"{path.relative_to(ROOT)}:{node.lineno}"
                        found += [(one, at) for one in _read(value, Place(function, path))]
    return found


def audited_fields() -> dict[str, str]:
    """The fields that entries can have, each with a place that says it."""
    return {said.field: at for said, at in reversed(audited())}
