"""What every part of a connector's file is made of: closed objects, names, sentences and expressions."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypeAliasType

from connectors.expressions import EXPRESSION_MAX_CHARS

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
Cel = Annotated[
    str,
    StringConstraints(min_length=1, max_length=EXPRESSION_MAX_CHARS),
    Field(description="An expression in CEL over `headers`, `body`, `settings`, `event`, `received` and `let`."),
]
#: An expression, a constant, or an object or list of them.
Value = TypeAliasType("Value", "Cel | bool | int | float | list[Value] | dict[str, Value]")


class Part(BaseModel):
    """A part of the format: it takes no field that it does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
