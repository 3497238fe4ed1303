"""Names and texts in the characters that every SEPA bank takes.

SEPA's customer-to-bank rules allow Latin letters without marks, digits, the space and `/-?:().,'+`; nothing
may begin or end with a slash, nor hold two in a row (EPC132-08, chapter 1.4).
"""

import re

from text_unidecode import unidecode  # type: ignore[import-untyped]

NAME_MAX_CHARS = 70

#: Where SEPA's best practices (EPC217-08) name a replacement; everything else becomes a full stop.
REPLACEMENTS = str.maketrans({"&": "+", "_": "-", "[": "(", "]": ")", "{": "(", "}": ")", '"': "'", ";": ","})
FORBIDDEN = re.compile(r"[^a-zA-Z0-9/\-?:().,'+ ]")
LETTER_OR_DIGIT = re.compile(r"[a-zA-Z0-9]")


class UnwritableNameError(ValueError):
    """A name that leaves no letter or digit when it is written in SEPA's characters."""


def sepa_text(text: str, max_chars: int) -> str:
    """`text` in SEPA's characters, at most `max_chars` long; other scripts are transliterated.

    Raises UnwritableNameError when no letter or digit is left.
    """
    spaced = " ".join(text.split())
    # Most are Latin letters without marks already, which stay what they are: of thousands of payments that shows.
    latin = FORBIDDEN.sub(".", (spaced if spaced.isascii() else unidecode(spaced)).translate(REPLACEMENTS))
    single = re.sub(r"/{2,}", "/", re.sub(r" {2,}", " ", latin))
    short = single.strip(" /")[:max_chars].strip(" /")
    if not LETTER_OR_DIGIT.search(short):
        raise UnwritableNameError(f"{text!r} has no letter or digit that a SEPA bank can read")
    return short
