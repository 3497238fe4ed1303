"""Drafts of a programme, which several people write: what is saved, by whom, and when a draft is taken.

Two who save over one another would lose what one of them wrote: whoever saves says which revision they saw.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from services.scoring.programmes.domain.publication import Author
from shared.contracts.fields import Timestamp, Uuid

#: Differing lines beyond this are told by their numbers alone: to align them takes their product.
ALIGNED_MAX_LINES = 1_000
#: So do lines that are the same again and again: each pair of equal ones is looked at, time and again.
ALIGNED_MAX_PAIRS = 20_000
DIFFERENCES_MAX_COUNT = 20
LINE_SHOWN_MAX_CHARS = 120


class DraftState(StrEnum):
    """What a draft is: written, waiting for another person, or a version that was published."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"


class UnknownDraftError(Exception):
    """There is no such draft."""


class DraftTakenError(Exception):
    """The draft was submitted as version `version`, and is what it was then."""

    def __init__(self, state: DraftState, version: int) -> None:
        super().__init__(state)
        self.state = state
        self.version = version


class TooManyDraftsError(Exception):
    """The community has as many open drafts as it may."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


class DraftTooLargeError(Exception):
    """The text has more bytes than a programme may have, which is `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.max_bytes = max_bytes


class Difference(NamedTuple):
    """Lines that two texts have differently: from which line of the other text on, and what stands in each."""

    line: int
    mine: str
    theirs: str


class DraftChangedError(Exception):
    """Somebody saved the draft meanwhile: `draft` is as it is now, and `differences` what it has otherwise."""

    def __init__(self, draft: "Draft", differences: Sequence[Difference]) -> None:
        super().__init__(draft.revision)
        self.draft = draft
        self.differences = differences


class DraftPlace(NamedTuple):
    """Where a draft stands in the list of them: what was saved last comes first."""

    saved_at: Timestamp
    draft_id: Uuid


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that is to become a version. `revision` counts what was saved, from 1.

    `version` is as which it was submitted last, `version_state` what became of that (`proposed`, `published`, …),
    and `reason` why it was sent back.
    """

    community: str
    draft_id: str
    title: str
    source_text: str
    revision: int
    created_at: datetime
    created_by: Author
    saved_at: datetime
    saved_by: Author
    version: int | None = None
    version_state: str | None = None
    reason: str | None = None

    @property
    def state(self) -> DraftState:
        """What it is, by what became of the version that it was submitted as."""
        if self.version_state == "proposed":
            return DraftState.IN_REVIEW
        return DraftState.PUBLISHED if self.version_state == "published" else DraftState.OPEN

    def check_open(self) -> None:
        """Check that it may change. Raises DraftTakenError when it is in review, or was published."""
        if self.version is not None and self.state is not DraftState.OPEN:
            raise DraftTakenError(self.state, self.version)

    def check_revision(self, seen: int, text: str | None = None) -> None:
        """Check that it is as it was seen. Raises DraftChangedError, with what it has otherwise than `text`."""
        if self.revision != seen:
            raise DraftChangedError(self, [] if text is None else list(differences(text, self.source_text)))

    def saved(self, *, title: str, text: str, by: Author, now: datetime) -> "Draft":
        """The draft with another text. Raises DraftTakenError when it may not change."""
        self.check_open()
        return replace(self, title=title, source_text=text, revision=self.revision + 1, saved_by=by, saved_at=now)


def differences(mine: str, theirs: str) -> Iterator[Difference]:
    """The lines that two texts have differently, of the first DIFFERENCES_MAX_COUNT places."""
    ours, others = mine.splitlines(), theirs.splitlines()
    start = 0
    while start < min(len(ours), len(others)) and ours[start] == others[start]:
        start += 1
    end = 0
    while end < min(len(ours), len(others)) - start and ours[-1 - end] == others[-1 - end]:
        end += 1
    ours, others = ours[start : len(ours) - end], others[start : len(others) - end]
    if not ours and not others:
        return
    if max(len(ours), len(others)) > ALIGNED_MAX_LINES or _pairs(ours, others) > ALIGNED_MAX_PAIRS:
        yield Difference(start + 1, f"{len(ours)} lines", f"{len(others)} lines")
        return
    places = [
        (low, high, first, last)
        for tag, low, high, first, last in SequenceMatcher(None, ours, others, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    for low, high, first, last in places[:DIFFERENCES_MAX_COUNT]:
        yield Difference(start + first + 1, _shown(ours[low:high]), _shown(others[first:last]))


def _pairs(ours: Sequence[str], others: Sequence[str]) -> int:
    counts = Counter(others)
    return sum(counts[line] for line in ours)


def _shown(lines: Sequence[str]) -> str:
    shown = " / ".join(line.strip() for line in lines)
    return shown if len(shown) <= LINE_SHOWN_MAX_CHARS else shown[: LINE_SHOWN_MAX_CHARS - 1] + "…"
