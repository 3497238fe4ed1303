"""How a text sounds, from -1 to 1, by a lexicon: the rules of VADER (Hutto and Gilbert, 2014) for five languages.

What a word is worth is changed by those before it (boosters, negations), by capitals where not all are, and by a
"but"; marks of exclamation and question add to the whole.
"""

import math
import string
from collections.abc import Mapping, Sequence
from typing import Final

from services.ingest.measuring.domain.words import Lexicon

_SHOUTED: Final = 0.733
_TURNED_ROUND: Final = -0.74
_EXCLAIMED: Final = 0.292
_EXCLAIMED_MAX_COUNT: Final = 4
_ASKED: Final = 0.18
_ASKED_MAX_COUNT: Final = 3
_ASKED_MOST: Final = 0.96
_BEFORE_TURN, _BEHIND_TURN = 0.5, 1.5
#: What a booster loses with each word between it and what it boosts.
_FAR: Final = (1.0, 0.95, 0.9)
#: The sum at which the result is about 0.7.
_SPREAD: Final = 15
#: A token that is no longer without its marks is a face, such as :).
_FACE_MAX_CHARS: Final = 2


def sentiment(text: str, lexicon: Lexicon) -> float:
    """How a text sounds, from -1 to 1, rounded to four places; 0 where no word of the lexicon is in it."""
    words = _words(text, lexicon.emoji)
    lower = [word.lower() for word in words]
    if not any(word in lexicon.values for word in lower):
        return 0.0
    shouted = [word.isupper() for word in words]
    is_mixed = 0 < sum(shouted) < len(words)
    worth = [
        _worth(place, lower, [one and is_mixed for one in shouted], lexicon)
        if word in lexicon.values and not _is_booster(place, lower, lexicon)
        else 0.0
        for place, word in enumerate(lower)
    ]
    turn = next((place for place, word in enumerate(lower) if word in lexicon.turns), None)
    if turn is not None:
        worth = [
            value * (_BEFORE_TURN if place < turn else _BEHIND_TURN if place > turn else 1.0)
            for place, value in enumerate(worth)
        ]
    total = math.fsum(worth)
    if total:
        total += math.copysign(_emphasis(text), total)
    return round(max(-1.0, min(1.0, total / math.sqrt(total * total + _SPREAD))), 4)


def _words(text: str, emoji: Mapping[str, str]) -> list[str]:
    if not text.isascii() and any(sign in emoji for sign in text):
        text = "".join(f" {emoji[sign]} " if sign in emoji else sign for sign in text)
    words = []
    for token in text.split():
        bare = token.strip(string.punctuation)
        words.append(bare if len(bare) > _FACE_MAX_CHARS else token)
    return words


def _is_booster(place: int, lower: Sequence[str], lexicon: Lexicon) -> bool:
    word = lower[place]
    return word in lexicon.boosters or " ".join(lower[place : place + 2]) == "kind of"


def _worth(place: int, lower: Sequence[str], shouted: Sequence[bool], lexicon: Lexicon) -> float:
    word = lower[place]
    value = _after_no(place, lower, lexicon)
    if shouted[place]:
        value += math.copysign(_SHOUTED, value)
    for distance, share in enumerate(_FAR, start=1):
        before = place - distance
        if before < 0 or lower[before] in lexicon.values:
            continue
        boost = lexicon.boosters.get(lower[before], 0.0)
        if boost:
            boost += _SHOUTED if shouted[before] else 0.0
            value += share * (boost if value >= 0 else -boost)
        value = _negated(value, place, distance, lower, lexicon)
        if distance == len(_FAR):
            value = _as_idiom(value, place, lower, lexicon)
    if place and lower[place - 1] == "least" and "least" not in lexicon.values:
        is_at_least = place > 1 and lower[place - 2] in {"at", "very"}
        value *= 1.0 if is_at_least else _TURNED_ROUND
    return value if word in lexicon.values else 0.0


def _after_no(place: int, lower: Sequence[str], lexicon: Lexicon) -> float:
    """What a word is worth by itself; "no" before it turns it round, and is then worth nothing itself."""
    value = lexicon.values[lower[place]]
    if "no" in lexicon.negations or "no" not in lexicon.values:
        return value
    if lower[place] == "no" and place + 1 < len(lower) and lower[place + 1] in lexicon.values:
        value = 0.0
    is_after = "no" in lower[max(0, place - 2) : place]
    is_after_pair = place > 2 and lower[place - 3] == "no" and lower[place - 1] in {"or", "nor"}
    return lexicon.values[lower[place]] * _TURNED_ROUND if is_after or is_after_pair else value


def _negated(value: float, place: int, distance: int, lower: Sequence[str], lexicon: Lexicon) -> float:
    word, between = lower[place - distance], lower[place - distance + 1 : place]
    if word == "never" and between and {"so", "this"} & set(between):
        return value * 1.25
    if word == "without" and "doubt" in between:
        return value
    is_negation = word in lexicon.negations or "n't" in word
    return value * _TURNED_ROUND if is_negation else value


def _as_idiom(value: float, place: int, lower: Sequence[str], lexicon: Lexicon) -> float:
    if not lexicon.idioms:
        return value
    spans = ((-1, 1), (-2, 1), (-2, 0), (-3, 0), (-3, -1), (0, 2), (0, 3))
    for begin, end in spans:
        said = " ".join(lower[max(0, place + begin) : place + end])
        if said in lexicon.idioms:
            value = lexicon.idioms[said]
            break
    for begin, end in ((-3, 0), (-3, -1), (-2, 0)):
        value += lexicon.boosters.get(" ".join(lower[max(0, place + begin) : place + end]), 0.0)
    return value


def _emphasis(text: str) -> float:
    exclaimed = min(text.count("!"), _EXCLAIMED_MAX_COUNT) * _EXCLAIMED
    asked = text.count("?")
    if asked <= 1:
        return exclaimed
    return exclaimed + (asked * _ASKED if asked <= _ASKED_MAX_COUNT else _ASKED_MOST)
