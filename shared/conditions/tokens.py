"""The tokens of a CEL expression, exactly as the language's grammar has them.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.conditions.errors import ConditionError

INT_MAX = 2**63 - 1
UINT_MAX = 2**64 - 1


class Kind(StrEnum):
    """What a token is."""

    NAME = "a name"
    INT = "a whole number"
    UINT = "an unsigned number"
    DOUBLE = "a number"
    TEXT = "text"
    BYTES = "bytes"
    SIGN = "a sign"  # operators, brackets, and the words true, false, null and in
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its text as written, where it begins in characters from 0, and what it means.

    `value` is a literal's; of a name or sign it is the text. The most negative int has no literal without its
    minus, so INT may be one more than the greatest.
    """

    kind: Kind
    text: str
    at: int
    value: str | bytes | int | float

    @property
    def end(self) -> int:
        """The first character behind it."""
        return self.at + len(self.text)


WORDS = frozenset({"true", "false", "null", "in"})
RESERVED = frozenset({"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let"})
RESERVED |= {"loop", "package", "namespace", "return", "var", "void", "while"}

# Only a line feed ends a comment: neither a carriage return nor a separator of Unicode does.
_SPACE = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*)*")
_NUMBER = re.compile(
    r"(?P<double>(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
    r"|(?P<int>0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU]?)"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPENING = re.compile(r"(?P<prefix>[bB]?[rR]?)(?P<quotes>\"\"\"|'''|\"|')")
_SIGN = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}]")
_ESCAPE = re.compile(
    r"\\(?:(?P<letter>[abfnrtv\\?\"'`])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2}))"
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def tokenize(expression: str) -> Iterator[Token]:
    """The tokens of `expression` in their order, the last of which is its END; space and comments are none.

    Raises ConditionError at the first character that begins no token.
    """
    at = _space_behind(expression, 0)
    while at < len(expression):
        token = _token(expression, at)
        yield token
        at = _space_behind(expression, token.end)
    yield Token(Kind.END, "", len(expression), "")


def _space_behind(expression: str, at: int) -> int:
    space = _SPACE.match(expression, at)
    return at if space is None else space.end()


def _token(expression: str, at: int) -> Token:
    # Before names: `r"…"` and `b"…"` begin as names do, and the longest token counts.
    if opening := _OPENING.match(expression, at):
        return _quoted(expression, at, opening["prefix"].lower(), opening["quotes"])
    if number := _NUMBER.match(expression, at):
        return _number(number, at)
    if name := _NAME.match(expression, at):
        if name[0] in RESERVED:
            raise ConditionError(f"`{name[0]}` is a word that CEL keeps for itself", at)
        return Token(Kind.SIGN if name[0] in WORDS else Kind.NAME, name[0], at, name[0])
    if sign := _SIGN.match(expression, at):
        return Token(Kind.SIGN, sign[0], at, sign[0])
    raise ConditionError(f"not a CEL expression: {_shown(expression[at])} has no place in one", at)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"


def _number(found: re.Match[str], at: int) -> Token:
    text = found[0]
    if found["double"] is not None:
        value = float(text)
        if value == float("inf"):
            raise ConditionError(f"{text} is more than a number can be", at)
        return Token(Kind.DOUBLE, text, at, value)
    whole = int(found["int"], 16 if found["int"].startswith("0x") else 10)
    kind, most = (Kind.UINT, UINT_MAX) if found["unsigned"] else (Kind.INT, INT_MAX + 1)
    if whole > most:
        raise ConditionError(f"{text} is more than a whole number can be", at)
    return Token(kind, text, at, whole)


def _quoted(expression: str, at: int, prefix: str, quotes: str) -> Token:
    """Text or bytes, which begin at `at` with `prefix` and `quotes`."""
    raw = "r" in prefix
    start = at + len(prefix) + len(quotes)
    end = start
    while not expression.startswith(quotes, end):
        if end >= len(expression):
            raise ConditionError(f"the text that begins here has no {quotes} at its end", at)
        if expression[end] == "\0":
            raise ConditionError("text cannot hold the character U+0000", end)
        if len(quotes) == 1 and expression[end] in "\r\n":
            raise ConditionError(f"the line ends before the text does; {quotes * 3} may go over several lines", at)
        if expression[end] == "\\" and not raw:
            end = _escape(expression, end).end()
        else:
            end += 1
    text = expression[at : end + len(quotes)]
    # As in YAML: text has line feeds, whatever the file has that it is written in.
    inner = expression[start:end].replace("\r\n", "\n").replace("\r", "\n")
    if "b" in prefix:
        return Token(Kind.BYTES, text, at, inner.encode() if raw else _bytes_of(inner, start))
    return Token(Kind.TEXT, text, at, inner if raw else _text_of(inner, start))


def _escape(expression: str, at: int) -> re.Match[str]:
    found = _ESCAPE.match(expression, at)
    if found is None:
        escape = expression[at : at + 2]
        raise ConditionError(
            f'there is no escape `{escape}` in text; write \\\\ for a backslash, or r"…" around the text', at
        )
    return found


def _text_of(inner: str, start: int) -> str:
    """What text between quotes means; `start` is where it begins in the expression."""

    def meant(found: re.Match[str]) -> str:
        if found["letter"] is not None:
            return _LETTERS.get(found["letter"], found["letter"])
        code = _code(found)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise ConditionError(f"{found[0]} is no character", start + found.start())
        return chr(code)

    return _ESCAPE.sub(meant, inner)


def _bytes_of(inner: str, start: int) -> bytes:
    """What bytes between quotes mean: escapes are bytes, other characters are UTF-8."""
    found: list[bytes] = []
    at = 0
    while at < len(inner):
        escape = _ESCAPE.match(inner, at)
        if escape is None:
            found.append(inner[at].encode())
            at += 1
            continue
        if escape["short"] is not None or escape["long"] is not None:
            raise ConditionError(f"{escape[0]} is a character; bytes have \\x00 to \\xff", start + at)
        letter = escape["letter"]
        if letter is not None:
            found.append(_LETTERS.get(letter, letter).encode())
        else:
            found.append(bytes([_code(escape)]))
        at = escape.end()
    return b"".join(found)


def _code(escape: re.Match[str]) -> int:
    if escape["octal"] is not None:
        return int(escape["octal"], 8)
    return int(escape["hex"] or escape["short"] or escape["long"], 16)
