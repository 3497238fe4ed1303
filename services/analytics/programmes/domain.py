"""What analytics knows of a programme version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """The programme version in force when the event was received, and its rules as they were published."""

    programme_id: str
    number: int
    rules: Sequence[Mapping[str, Any]]
