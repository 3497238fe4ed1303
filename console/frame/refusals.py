"""What services say of what they refuse, in words for people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from console.asking import Answer
from console.components.languages import LANGUAGES
from console.frame.problem_titles import TITLES
from console.frame.service_words import in_words


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


DOWN: Final = _("The service does not answer: look whether it was done before you do it again")


@dataclass(frozen=True)
class Refusal:
    """Why nothing was done: a text of ours to be translated, and the service's own detail."""

    title: str | None
    detail: str = ""
    status: int = 409

    @classmethod
    def of(cls, answer: Answer) -> "Refusal":
        """What a page says of an answer that is not as wished."""
        if answer.status is None or not answer.problem:
            return cls(DOWN, status=503)
        said = answer.problem
        title = TITLES.get(answer.problem_slug)
        detail = str(said.get("detail", ""))
        return cls(title or str(said.get("title", "")) or None, detail, answer.status)


def service_words(language: str, say: Callable[[str], str], text: str) -> Markup:
    """A service's sentence for a page: in the reader's language, or else marked as English."""
    if is_english_alone(language, say, text):
        return Markup('<span lang="en">{}</span>').format(text)
    return Markup.escape(text if language == LANGUAGES[0] else in_words(text, say) or text)


def is_english_alone(language: str, say: Callable[[str], str], text: str) -> bool:
    """Whether a reader of another language gets a service's sentence in English."""
    return bool(text) and language != LANGUAGES[0] and in_words(text, say) is None


def why_not(language: str, say: Callable[[str], str], answer: Answer) -> Markup:
    """Why there is no answer, in one sentence: the case where it can be said, else what its kind says."""
    detail, title = str(answer.problem.get("detail", "")), TITLES.get(answer.problem_slug)
    if title is not None and (not detail or is_english_alone(language, say, detail)):
        return Markup.escape(say(title))
    said = detail or str(answer.problem.get("title", ""))
    return service_words(language, say, said) if said else Markup.escape(say(DOWN))
