"""Whom a community takes for bots: patterns of ids and names, in which `*` stands for any text.

Matching takes time in proportion to the text, whatever the pattern: no tenant's pattern may stop the others.
"""

from functools import lru_cache

#: What holds where a community has said nothing: the mark that code forges give to their apps.
DEFAULT_BOTS = ("*[bot]",)
PATTERNS_MAX_COUNT = 50
PATTERN_MAX_CHARS = 100
#: Less than that would make bots of nearly everybody.
PATTERN_LITERAL_MIN_CHARS = 3


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a pattern, in words, or None."""
    if len(pattern.replace("*", "").strip()) < PATTERN_LITERAL_MIN_CHARS:
        return (
            f"`{pattern}` would take people for bots: give {PATTERN_LITERAL_MIN_CHARS} characters or more beside *"
        )
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is as the pattern says; case does not count."""
    return _matches(_parts(pattern), text.lower())


@lru_cache(maxsize=1_024)
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.lower().split("*"))


def _matches(parts: tuple[str, ...], text: str) -> bool:
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    start, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True


def is_bot(patterns: tuple[str, ...], *texts: str | None) -> bool:
    """Whether a pattern matches somebody's id or name."""
    return any(_is_like_any(patterns, text) for text in texts if text)


@lru_cache(maxsize=16_384)  # the same people come again and again, and fifty patterns cost 50 µs a text
def _is_like_any(patterns: tuple[str, ...], text: str) -> bool:
    lowered = text.lower()
    return any(_matches(_parts(pattern), lowered) for pattern in patterns)
