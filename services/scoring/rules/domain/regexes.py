"""How large a regular expression is: what compiling it and searching with it can cost.

The evaluator compiles it anew for every event. Whatever this does not understand for certain is refused; what it
lets through may still be refused by the evaluator, when it is tried.
https://docs.rs/regex/latest/regex/#syntax
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from shared.conditions.errors import ConditionError

REGEX_MAX_CHARS = 200
#: Positions once every counted repetition is written out.
REGEX_POSITIONS_MAX_COUNT = 250
REGEX_GROUPS_MAX_DEPTH = 10

# Steps that one position takes to compile, measured (docs/adr/0013-what-a-condition-may-cost.md).
PLAIN_STEPS = 40
FOLDED_STEPS = 300
WIDE_STEPS = 500
DIGIT_STEPS = 2_000
SPACE_STEPS = 1_000
UNICODE_STEPS = 14_000
BASE_STEPS = 1_000

_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_GROUP = re.compile(r"\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|(?P<flags>[ims]+(?:-[ims]+)?|-[ims]+)?(?P<end>[:)]))")
_ANCHOR = re.compile(r"(?:\(\?[is]+\))?\^")
_CLASS_NAME = re.compile(r"\[:\^?[a-z]+:\]")
_ESCAPED = {"d": DIGIT_STEPS, "D": DIGIT_STEPS, "s": SPACE_STEPS, "S": SPACE_STEPS}
_ESCAPED |= {"w": UNICODE_STEPS, "W": UNICODE_STEPS, "b": FOLDED_STEPS, "B": FOLDED_STEPS}
_LITERAL_ESCAPES = frozenset(r"\.+*?()|[]{}^$#&-~/ tnrfva" + '"')
_CODE = re.compile(r"x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})|u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]{1,6}\})")
_PROPERTY = re.compile(r"[pP](?:[A-Za-z]|\{[^{}]*\})")


#: What making one position of a state takes, and, in hundredths, what going over one character does.
POSITION_STEPS = 3
CHARACTER_HUNDREDTHS = 100


class Size(NamedTuple):
    """What a regular expression is: `steps` to compile it; `positions` that a search can be at.

    `ambiguous` counts those that a search can be at in any combination, or is None when the evaluator goes through
    all positions for every character.
    """

    steps: int
    positions: int
    ambiguous: int | None

    def search_steps(self, chars: int) -> int:
        """The steps of a search through so many characters."""
        if self.ambiguous is None:
            return chars * self.positions * POSITION_STEPS
        # The evaluator makes a state when it comes to it, for one character at most, and keeps it.
        states = min(chars, self.positions + (1 << min(self.ambiguous, 20)))
        return states * self.positions * POSITION_STEPS + chars * CHARACTER_HUNDREDTHS // 100


@dataclass(slots=True)
class _Part:
    steps: int = 0
    positions: int = 0


def size_of(pattern: str) -> Size:
    """The size of a regular expression.

    Raises ConditionError, its offset in characters of the pattern, for what is too large or unknown.
    """
    if len(pattern) > REGEX_MAX_CHARS:
        raise ConditionError(
            f"the regular expression has {len(pattern)} characters, and may have {REGEX_MAX_CHARS}; write several "
            "conditions with ||, or a list with `in`",
            0,
        )
    reader = _Reader(pattern)
    whole = reader.alternatives(0)
    if reader.at < len(pattern):
        raise ConditionError("the regular expression closes a bracket that it did not open", reader.at)
    return Size(BASE_STEPS + whole.steps, max(whole.positions, 1), reader.ambiguous(whole.positions))


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0
        self._is_plain = True
        self._is_anchored = _ANCHOR.match(pattern) is not None
        self._has_boundary = False
        self._repeats = False
        self._repeats_from: int | None = None
        # Case folding makes any position a class. What a flag holds for is not followed: it counts for all.
        flags = "".join(
            found["flags"] or "" for found in re.finditer(r"\((?P<group>\?(?P<flags>[A-Za-z-]*))", pattern)
        )
        self._character_steps = FOLDED_STEPS if "i" in flags else PLAIN_STEPS
        self._is_anchored = self._is_anchored and "m" not in flags

    def ambiguous(self, positions: int) -> int | None:
        """How many of the positions a search can be at in any combination, once all was read."""
        if self._has_boundary:
            return None  # between characters that are not ASCII the evaluator has no states for this
        if self._is_plain:
            return 0
        if not self._is_anchored:
            return positions  # a search begins anew at every character
        return 0 if self._repeats_from is None else positions - self._repeats_from

    def alternatives(self, depth: int) -> _Part:
        """Up to the bracket that closes the group, or the end."""
        if depth > REGEX_GROUPS_MAX_DEPTH:
            raise ConditionError(f"more than {REGEX_GROUPS_MAX_DEPTH} groups within one another", self.at)
        whole = _Part()
        while self.at < len(self._pattern) and self._pattern[self.at] != ")":
            start = self.at
            part = self._part(depth)
            part = self._repeated(part, start)
            if depth == 0 and self._repeats and self._repeats_from is None:
                self._repeats_from = whole.positions
            whole.steps += part.steps
            whole.positions += part.positions
            if whole.positions > REGEX_POSITIONS_MAX_COUNT:
                self._too_large(start)
        return whole

    def _part(self, depth: int) -> _Part:
        character = self._pattern[self.at]
        self.at += 1
        match character:
            case "(":
                return self._group(depth)
            case "[":
                self._is_plain = False
                return _Part(self._class(depth), 1)
            case "\\":
                return _Part(self._escape(), 1)
            case ".":
                self._is_plain = False
                return _Part(WIDE_STEPS, 1)
            case "|" | "^" | "$":
                self._is_anchored = self._is_anchored and not (character == "|" and depth == 0)
                return _Part(PLAIN_STEPS, 1)
            case "*" | "+" | "?" | "{":
                detail = (
                    f"nothing stands before `{character}` to be repeated; write \\\\{character} for the character"
                )
                raise ConditionError(detail, self.at - 1)
        return _Part(self._character_steps * len(character.encode()), 1)

    def _group(self, depth: int) -> _Part:
        opened = self.at - 1
        if self._pattern.startswith("?", self.at):
            found = _GROUP.match(self._pattern, self.at)
            if found is None:
                raise ConditionError("of groups there are (…), (?:…), (?<name>…), (?i), (?m) and (?s)", opened)
            self.at = found.end()
            if found["end"] == ")":
                return _Part(PLAIN_STEPS, 0)
        inside = self.alternatives(depth + 1)
        if self.at >= len(self._pattern):
            raise ConditionError("the regular expression does not close this bracket", opened)
        self.at += 1
        inside.steps += PLAIN_STEPS
        # A group without anything in it can be repeated all the same.
        inside.positions = max(inside.positions, 1)
        return inside

    def _class(self, depth: int) -> int:
        """Behind the `[` of a class: its steps."""
        opened = self.at - 1
        if depth > REGEX_GROUPS_MAX_DEPTH:
            raise ConditionError(f"more than {REGEX_GROUPS_MAX_DEPTH} classes within one another", opened)
        steps = PLAIN_STEPS
        if self._pattern.startswith("^", self.at):
            self.at += 1
            steps = WIDE_STEPS
        is_first = True
        while self.at < len(self._pattern):
            character = self._pattern[self.at]
            if character == "]" and not is_first:
                self.at += 1
                return steps
            if (name := _CLASS_NAME.match(self._pattern, self.at)) is not None:
                self.at = name.end()
                steps += WIDE_STEPS
            elif character == "[":
                self.at += 1
                steps += self._class(depth + 1)
            elif character == "\\":
                self.at += 1
                steps += self._escape()
            else:
                self.at += 1
                steps += max(self._character_steps, PLAIN_STEPS if character.isascii() else WIDE_STEPS)
            is_first = False
        raise ConditionError("the regular expression does not close this class", opened)

    def _escape(self) -> int:
        """Behind a backslash: the steps of what it means."""
        character = self._pattern[self.at : self.at + 1]
        if (code := _CODE.match(self._pattern, self.at)) is not None:
            self.at = code.end()
            return WIDE_STEPS + self._character_steps
        if (found := _PROPERTY.match(self._pattern, self.at)) is not None:
            self.at = found.end()
            self._is_plain = False
            return 2 * UNICODE_STEPS
        if character in _ESCAPED:
            self.at += 1
            self._has_boundary = self._has_boundary or character in "bB"
            self._is_plain = False
            return _ESCAPED[character] + (self._character_steps if character in "wWdDsS" else 0)
        if character in {"A", "z"} or character in _LITERAL_ESCAPES:
            self.at += 1
            return self._character_steps
        raise ConditionError(f"there is no `\\{character}` in regular expressions here", self.at - 1)

    def _repeated(self, part: _Part, start: int) -> _Part:
        """The part with the repetitions that follow it."""
        while self.at < len(self._pattern):
            character = self._pattern[self.at]
            if character in "*+?":
                self.at += 1
                self._is_plain = False
                self._repeats = self._repeats or character != "?"
                part.steps += PLAIN_STEPS
                continue
            if character != "{":
                break
            found = _COUNT.match(self._pattern, self.at)
            if found is None:
                raise ConditionError("a repetition is {2}, {2,} or {2,5}; write \\\\{ for a bracket", self.at)
            self._is_plain = False
            self.at = found.end()
            is_open = found[2] is not None and not found[3]
            self._repeats = self._repeats or is_open
            times = max(int(found[1]), int(found[3] or 0)) + is_open
            part.steps *= max(times, 1)
            part.positions *= max(times, 1)
            if part.positions > REGEX_POSITIONS_MAX_COUNT:
                self._too_large(start)
        return part

    def _too_large(self, start: int) -> NoReturn:
        raise ConditionError(
            "the regular expression is too large: with its repetitions written out it has more than "
            f"{REGEX_POSITIONS_MAX_COUNT} positions; use smaller numbers in {{…}}, or + and *",
            start,
        )
