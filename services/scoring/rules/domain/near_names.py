"""Which of the names there are was meant: a suggestion, or none where it would be a guess."""

from collections.abc import Iterable
from difflib import SequenceMatcher

#: Of twice the letters in common to all letters. `titel` for `title` has 0.8; at 0.6 `towards` was `rewards`.
ALIKE_MIN_RATIO = 0.8


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not there: the one that was meant, or else all of the `known`."""
    known = list(known)
    near = [one for one in known if _alike(name.casefold(), one.casefold())]
    near.sort(key=lambda one: SequenceMatcher(None, name, one).ratio(), reverse=True)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"


def _alike(name: str, known: str) -> bool:
    # Of `forum.like.v1` and `forum.post.v1` most letters are the same, and yet they are two things.
    ours, theirs = name.split("."), known.split(".")
    return len(ours) == len(theirs) and all(map(_slipped, ours, theirs))


def _slipped(part: str, known: str) -> bool:
    """Whether one word may be the other with a slip of the finger, such as two letters the wrong way round."""
    if part == known or sorted(part) == sorted(known):
        return True
    return SequenceMatcher(None, part, known).ratio() >= ALIKE_MIN_RATIO
