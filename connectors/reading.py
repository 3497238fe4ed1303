"""The text of a connector → a connector that can be asked, or every mistake in it with line and column."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connectors.compiled import Connector, compile_connector
from connectors.document import Document
from connectors.leaves import Path, PlaceError, shown
from shared.located_yaml import Located, YamlError, mark_within, read_yaml
from shared.near_names import suggestion

#: What pydantic says of each kind that a value may be, when it is none of them.
_OF_A_VALUE = {"string_type", "bool_type", "int_type", "float_type", "list_type", "dict_type"}
NO_VALUE = "this is no expression, constant, object or list; in braces, one with a comma stands in quotes"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a connector's text: line and column from 1, the field, and what to write instead."""

    line: int
    column: int
    field: str
    detail: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"line {self.line}, column {self.column}: {where}{self.detail}"


class ConnectorError(ValueError):
    """A text that is no connector; `mistakes` has all that was found."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = mistakes


def read_connector(text: str) -> Connector:
    """The connector that a text is. Raises ConnectorError."""
    try:
        located = read_yaml(text, begins_with="connector")
    except YamlError as error:
        raise ConnectorError(
            [Mistake(error.mark.line, error.mark.column, shown(error.path), error.detail)]
        ) from None
    try:
        document = Document.model_validate(located.value)
    except ValidationError as error:
        raise ConnectorError(_mistakes(text, located, error)) from None
    try:
        return compile_connector(document)
    except PlaceError as error:
        raise ConnectorError([_mistake(text, located, error.path, error.detail, error.offset)]) from None


def _mistakes(text: str, located: Located, error: ValidationError) -> list[Mistake]:
    found: dict[Path, Mistake] = {}
    for one in error.errors(include_url=False, include_input=False):
        path = _path(located, one["loc"])
        detail = one["msg"].removeprefix("Value error, ")
        if one["type"] == "missing":
            detail = f"`{path[-1] if path else one['loc'][-1]}` is missing"
        if one["type"] == "extra_forbidden":
            detail = f"there is no field `{path[-1]}`; {suggestion(str(path[-1]), _names(located, path))}"
        if one["type"] in _OF_A_VALUE and path not in located.values:
            path, detail = path[:-1], NO_VALUE
        found.setdefault(path, _mistake(text, located, path, detail))
    # Of a value within one, what is wrong is said once, where it is.
    inner = {path[:length] for path, one in found.items() if one.detail == NO_VALUE for length in range(len(path))}
    found = {path: one for path, one in found.items() if path not in inner or one.detail != NO_VALUE}
    return sorted(found.values(), key=lambda mistake: (mistake.line, mistake.column))


def _names(located: Located, path: Path) -> list[str]:
    return list(Document.model_fields) if len(path) == 1 else []


def _path(located: Located, loc: Path) -> Path:
    """The place in the file, without the names of alternatives that pydantic has in between."""
    path: Path = ()
    for number, step in enumerate(loc):
        longer = (*path, step)
        if longer in located.values or number == len(loc) - 1:
            path = longer
    return path


def _mistake(text: str, located: Located, path: Path, detail: str, offset: int | None = None) -> Mistake:
    at = path
    while at and at not in located.values:
        at = at[:-1]
    mark = located.values.get(at) or located.values[()]
    value = _value_at(located.value, at)
    if offset is not None and isinstance(value, str):
        mark = mark_within(text, mark, value, offset)
    return Mistake(mark.line, mark.column, shown(path), detail)


def _value_at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
