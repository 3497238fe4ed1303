"""Who may be whom, and why."""

from enum import StrEnum
from typing import NamedTuple

from shared.contracts.fields import Uuid


class Reason(StrEnum):
    """Why two members may be one person."""

    SUBJECT = "same_subject"
    EMAIL = "same_email"
    NAME = "same_name"
    HANDLE = "same_handle"


class Suggestion(NamedTuple):
    """Two members who may be one person, the lower id first, and why.

    `noted_id` is the first member of whom something that they share is noted: it may be another.
    """

    noted_id: str
    member_id: str
    other_id: str
    reasons: tuple[Reason, ...]


class SuggestionPlace(NamedTuple):
    """Where a page of suggestions ended."""

    noted_id: Uuid
    member_id: Uuid
    other_id: Uuid

    @classmethod
    def of(cls, suggestion: Suggestion) -> "SuggestionPlace":
        """The place of a suggestion."""
        return cls(suggestion.noted_id, suggestion.member_id, suggestion.other_id)
