"""What may not be done with a case."""

from collections.abc import Sequence
from datetime import datetime


class UnknownCaseError(Exception):
    """There is no such case."""


class UnknownSuspensionError(Exception):
    """There is no such suspension, or it does not stand."""


class NoGuidelinesError(Exception):
    """The programme in force says nothing of guidelines."""


class UnknownCategoryError(Exception):
    """The guidelines have no such category; `known` are those they have."""

    def __init__(self, category: str, known: Sequence[str]) -> None:
        super().__init__(category)
        self.category = category
        self.known = known


class CaseDecidedError(Exception):
    """The case is not in a state for that; the message says in which it is."""


class OwnCaseError(Exception):
    """One who has a part in it may not decide it; the message says which part."""


class AppealTooLateError(Exception):
    """The time to appeal ended at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class OtherVersionError(Exception):
    """Another version of the guidelines is in force than the one that was accepted."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version
