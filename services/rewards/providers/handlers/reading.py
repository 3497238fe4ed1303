"""What all clients of providers that pay out do with an answer."""

from typing import Any, Final

from services.rewards.providers.domain.contract import LaterError, UnknownOutcomeOfOrderError
from services.rewards.providers.handlers.calls import HttpAnswer, NoAnswerError, said

NOT_FOUND: Final = 404
CONFLICT: Final = 409


def read_told(answer: HttpAnswer) -> Any:
    """The JSON in the answer to what may have paid. Raises UnknownOutcomeOfOrderError for what is none."""
    try:
        return answer.read()
    except NoAnswerError as error:
        raise UnknownOutcomeOfOrderError(str(error)) from error


def read_asked(answer: HttpAnswer) -> Any:
    """The JSON in the answer to what changes nothing. Raises LaterError for what is none, or is no success."""
    if not answer.is_good:
        raise LaterError(f"it answered {answer.status}")
    try:
        return answer.read()
    except NoAnswerError as error:
        raise LaterError(str(error)) from error


def field_of(answer: HttpAnswer, *names: str | int) -> str:
    """A text of an answer, by the names that lead there; empty where it has none."""
    try:
        found: Any = answer.read()
        for name in names:
            found = found[name]
    except (NoAnswerError, KeyError, IndexError, TypeError):
        return ""
    return said(found) if isinstance(found, str) else ""
