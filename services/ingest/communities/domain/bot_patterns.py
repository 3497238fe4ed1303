"""Whom a community takes for bots: patterns of ids and names, in which `*` stands for any text.

Matching takes time in proportion to the text, whatever the pattern: no tenant's pattern may stop the others.
"""

from collections.abc import Sequence

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
    first, *others = pattern.lower().split("*")
    text = text.lower()
    if not others:
        return text == first
    *middle, last = others
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    start, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True


def is_bot(patterns: Sequence[str], *texts: str | None) -> bool:
    """Whether a pattern matches somebody's id or name."""
    return any(matches(pattern, text) for text in texts if text for pattern in patterns)
