"""What is asked of a programme version: how it is called, and its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a programme, with its rules as they were published."""

    programme_id: str
    number: int
    rules: Sequence[Mapping[str, Any]]
