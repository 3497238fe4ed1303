"""Which enums the fields of an entry of the audit log are given, as the types of what handlers say tell."""

import ast
import importlib
import inspect
from collections.abc import Hashable, Iterator, Mapping
from enum import StrEnum
from functools import cache, partial
from types import GenericAlias, ModuleType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from tests.contract.audited_fields import ROOT, Place, audited

#: Deeper than any handler computes what it says.
DEPTH_MAX = 14
#: What gives back what it is given, as far as words for it go.
SAME = {"str", "sorted", "list", "tuple", "set", "dict", "replace", "reversed", "max", "min", "next"}


@cache
def _module(place: Place) -> ModuleType:
    return importlib.import_module(".".join(place.path.relative_to(ROOT).with_suffix("").parts))


@cache
def _hints(known: Any) -> Mapping[str, Any]:
    return get_type_hints(known) if callable(known) and not isinstance(known, str) else {}


def _union(*types: Any) -> tuple[Any, ...]:
    """What it may be, one by one: a union is taken apart, and an optional's None left out."""
    found: list[Any] = []
    for one in types:
        parts = one if isinstance(one, tuple) else (one,)
        for part in parts:
            more = (
                get_args(part) if getattr(get_origin(part), "__name__", "") in {"Union", "UnionType"} else (part,)
            )
            found += [it for it in more if it is not None and it is not type(None) and it not in found]
    return tuple(found)


def _elements(types: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is in it: a list's items, a mapping's values."""
    return _union(
        *(part for one in types for part in get_args(one)[-1:] if part is not Ellipsis),
        *(part for one in types for part in get_args(one)[:1] if get_args(one)[-1:] == (Ellipsis,)),
    )


def _member(types: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """What an attribute of it may be: a field's type, a property's or a method's answer."""
    found: list[Any] = []
    for one in types:
        known = get_origin(one) or one
        if (
            isinstance(known, type)
            and issubclass(known, StrEnum)
            and (name == "value" or name in known.__members__)
        ):
            found.append(known)
            continue
        said = inspect.getattr_static(known, name, None)
        if isinstance(said, property):
            found.append(_hints(said.fget).get("return"))
        elif inspect.isfunction(said):
            found.append(_hints(said).get("return"))
        elif inspect.isclass(known):
            found.append(_hints(cast(Hashable, known)).get(name))
    return _union(*found)


def _bound(name: str, place: Place, depth: int) -> tuple[Any, ...]:
    """What a name may be there: by what the function does to it, its parameter's type, or the module's."""
    found: list[Any] = []
    for node in ast.walk(place.function):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            found.append(_annotated(node.annotation, place))
        elif isinstance(node, ast.Assign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [
                _taken(one, name, _types(node.value, place, depth)) for one in targets if name in _names(one)
            ]
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension) and name in _names(node.target):
            found.append(_taken(node.target, name, _elements(_types(node.iter, place, depth))))
    for argument in (*place.function.args.args, *place.function.args.kwonlyargs):
        if argument.arg == name and argument.annotation is not None:
            found.append(_annotated(argument.annotation, place))
    return _union(*found) or _union(vars(_module(place)).get(name))


def _names(target: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}


def _taken(target: ast.expr, name: str, types: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a name gets of what is assigned to it, or to several in their order."""
    if isinstance(target, ast.Name):
        return types
    found: list[Any] = []
    for number, one in enumerate(getattr(target, "elts", [])):
        if name in _names(one):
            for type_ in types:
                parts = get_args(type_) or tuple(
                    _hints(type_).get(field) for field in getattr(type_, "_fields", ())
                )
                found += parts[number : number + 1]
    return _union(*found)


def _annotated(node: ast.expr, place: Place) -> Any:
    return eval(ast.unparse(node), vars(_module(place)))  # noqa: S307 - our own source


def _types(node: ast.AST | None, place: Place, depth: int = 0) -> tuple[Any, ...]:
    """What an expression may be, as types; none where that is not said."""
    read = partial(_types, place=place, depth=depth + 1)
    found: tuple[Any, ...] = ()
    match None if depth > DEPTH_MAX else node:
        case ast.Constant(value=str(value)) if value:
            found = (Literal[value],)
        case ast.Name(id=name):
            found = _bound(name, place, depth + 1)
        case ast.Attribute(value=value, attr=name):
            found = _member(read(value), name)
        case ast.Await(value=value):
            found = read(value)
        case ast.Subscript(value=value):
            found = _elements(read(value))
        case ast.IfExp(body=body, orelse=orelse):
            found = _union(read(body), read(orelse))
        case ast.BoolOp(values=values):
            found = _union(*map(read, values))
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            found = tuple(GenericAlias(tuple, (one, ...)) for one in _union(*map(read, items)))
        case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item) | ast.SetComp(elt=item):
            found = read(item)
        case ast.Call() as call:
            found = _called(call, place, depth + 1)
    return found


def _called(node: ast.Call, place: Place, depth: int) -> tuple[Any, ...]:
    if isinstance(node.func, ast.Name) and node.func.id in SAME:
        return _types(node.args[0], place, depth) if node.args else ()
    found: list[Any] = []
    for one in _types(node.func, place, depth):
        known = get_origin(one) or one
        found.append(_hints(known).get("return") if inspect.isfunction(known) else one)
    return _union(*found)


def _words(types: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """Each value that an enum or a literal among the types has, and whose it is."""
    for one in types:
        if isinstance(one, type) and issubclass(one, StrEnum):
            yield from ((value.value, one.__name__) for value in one)
        elif isinstance(one, StrEnum):
            yield one.value, type(one).__name__
        elif get_origin(one) is Literal:
            yield from ((value, "a literal") for value in get_args(one) if isinstance(value, str))
        else:
            yield from _words(get_args(one))


def audited_values() -> dict[str, dict[str, str]]:
    """What a field may say of itself, by the field: each value of its enums
    and each word in the code, with a place that says it.
    """
    found: dict[str, dict[str, str]] = {}
    for said, at in audited():
        for value, whose in _words(_types(said.value, said.place)):
            found.setdefault(said.field, {})[value] = f"{at} {whose}"
    return found
