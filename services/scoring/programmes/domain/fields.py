"""Which fields a programme has where: its sections, by the path of a value."""

from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.contracts.programme import Programme
from shared.located_yaml import Path


def section_at(path: Path) -> type[BaseModel] | None:
    """The section that stands at a path, be it an item of a list; None where a plain value does, or nothing."""
    section: type[BaseModel] | None = Programme
    for part in path:
        if isinstance(part, str):
            field = None if section is None else section.model_fields.get(part)
            section = None if field is None else _section(field.annotation)
    return section


def field_at(names: tuple[str, ...]) -> FieldInfo | None:
    """The field that the names of a path lead to."""
    section = section_at(names[:-1])
    return None if section is None else section.model_fields.get(names[-1])


def _section(hint: Any) -> type[BaseModel] | None:
    """The part of a programme that a field holds, be it in a list or perhaps not there; None for plain values."""
    hints = (hint, *get_args(hint), *(inner for argument in get_args(hint) for inner in get_args(argument)))
    return next((found for found in hints if isinstance(found, type) and issubclass(found, BaseModel)), None)
