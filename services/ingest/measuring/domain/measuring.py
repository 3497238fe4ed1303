"""Measures of a text: its length, links, language and sentiment, by a model that has a name and a version."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

from services.ingest.measuring.domain.sentiment import sentiment
from services.ingest.measuring.domain.words import LANGUAGES, Lexicon, telling_words
from shared.contracts.measures import Measures

#: Lexicons and rules as they are here; whoever changes what they give counts this up.
MODEL: Final = "lexicons-1"
#: From here on a text sounds positive, below its negative negative.
DECIDED: Final = 0.05
#: What of a text is judged, so that one takes at most a millisecond; all of it is counted.
JUDGED_MAX_CHARS: Final = 2_000
#: So many words must tell of a language, and more than of any other.
TELLING_MIN_COUNT: Final = 2

_LINK = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_QUOTED = re.compile(r"```.*?(?:```|$)|`[^`\n]*`", re.DOTALL)


class Model:
    """Judges texts by lexicons, which `find` has for each of LANGUAGES.

    `words` of the operator's are worth what they say in every language, 0 is nothing.
    """

    def __init__(self, words: Mapping[str, float], find: Callable[[str], Lexicon]) -> None:
        self._words = dict(words)
        self._find = find
        said = ",".join(f"{word}={value:g}" for word, value in sorted(self._words.items()))
        own = f"-{hashlib.blake2b(said.encode(), digest_size=4).hexdigest()}" if said else ""
        self.name = MODEL + own
        self._lexicons: dict[str, Lexicon] = {}

    def measure(self, text: str, said_language: str | None) -> Measures:
        """What a text is like; `said_language` is what its platform says, a tag of BCP 47."""
        judged = _LINK.sub(" ", _QUOTED.sub(" ", text[:JUDGED_MAX_CHARS]))
        language = said_language or language_of(judged)
        measures: Measures = {
            "length_chars": len(text),
            "links_count": len(_LINK.findall(text)),
            "tone": "left_out",
            "model": self.name,
        }
        if language is None:
            return measures
        measures["language"] = language
        main = language.partition("-")[0]
        if main in LANGUAGES:
            value = sentiment(judged, self._lexicon(main))
            measures["sentiment"] = value
            measures["tone"] = "positive" if value >= DECIDED else "negative" if value <= -DECIDED else "undecided"
        return measures

    def _lexicon(self, language: str) -> Lexicon:
        found = self._lexicons.get(language)
        if found is None:
            found = self._find(language)
            if self._words:
                found = found._replace(values={**found.values, **self._words})
                found = found._replace(values={word: value for word, value in found.values.items() if value})
            self._lexicons[language] = found
        return found


def language_of(text: str) -> str | None:
    """The language that a text's words tell of, one of LANGUAGES; None where too few do, or as many of another."""
    telling = telling_words()
    counts = dict.fromkeys(LANGUAGES, 0)
    for word in _WORD.findall(text.lower()):
        for language in telling.get(word, ()):
            counts[language] += 1
    best, second = sorted(counts.values(), reverse=True)[:2]
    if best < TELLING_MIN_COUNT or best == second:
        return None
    return max(counts, key=counts.__getitem__)
