"""Text from outside, made fit to be compared and shown: one place says which characters nobody sees.

Controls, directions and what has no width forge lines and look-alikes. What is compared loses them (`plain_id`),
as does what is shown as a name (`shown_name`, `label`); a terminal or a log has them written out (`written_out`).
Joiners stay where they join: in emoji, and in the scripts that are written with them.
"""

import json
import re
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import Annotated, Any
from unicodedata import category, normalize

import regex
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from shared.contracts.fields import NAME_MAX_CHARS, TEXT_MAX_CHARS

#: No field in which a text is put right is longer; more is not looked at, since that would cost by its length.
READ_MAX_CHARS = 2_000

_JOINING_SCRIPTS = "".join(
    rf"\p{{{script}}}"
    for script in (
        "Arab",
        "Syrc",
        "Mong",
        "Deva",
        "Beng",
        "Guru",
        "Gujr",
        "Orya",
        "Taml",
        "Telu",
        "Knda",
        "Mlym",
        "Sinh",
    )
)
_EMOJI = r"\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0e\ufe0f]*"
_CONTROLS = r"\p{Cc}\p{Zl}\p{Zp}"
_WITHOUT_WIDTH = r"\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}"
# Some of these scripts have marks without width of their own (U+061C), between which nothing is joined.
_KEPT = (
    rf"{_EMOJI}(?:\u200d{_EMOJI})*|[0-9#*]\ufe0f\u20e3"
    rf"|(?<=[{_JOINING_SCRIPTS}])(?<![{_WITHOUT_WIDTH}])[\u200c\u200d](?![{_WITHOUT_WIDTH}])(?=[{_JOINING_SCRIPTS}])"
)
_BLANK = r"\p{Z}\u2800"  # the last is Braille for a blank

_LINE_BREAKS = regex.compile(rf"[{_CONTROLS}]+")
_BEGINNING = regex.compile(rf"^[{_BLANK}{_WITHOUT_WIDTH}\p{{M}}]+")
_END = regex.compile(rf"[{_BLANK}]+$")
_IN_NAMES = regex.compile(rf"({_KEPT})|[{_WITHOUT_WIDTH}]")
_IN_IDS = regex.compile(rf"[{_WITHOUT_WIDTH}]+")
_IN_NUMBERS = regex.compile(rf"[{_CONTROLS}{_BLANK}{_WITHOUT_WIDTH}\p{{Pd}}]+")
_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)
_HIDDEN = regex.compile(rf"({_KEPT})|[{_CONTROLS}\p{{Cf}}\p{{Cs}}]")
#: What Python takes for printable though nobody sees it.
_UNSEEN_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_ROOT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?")  # what `/` and `file:///` are without their slashes
_PEOPLE_SEE = regex.compile(r"\X")


def written_out(text: str) -> str:
    r"""The text for a terminal or a log: each control, direction and invisible character as JSON escapes it.

    An escape sequence becomes `\\u001b[2J` and a new line `\\n`, so that nothing moves the cursor or begins a line
    of its own. JSON written out so means the same as before.
    """
    if text.isprintable():
        return text
    return str(_HIDDEN.sub(lambda found: found[1] or json.dumps(found[0])[1:-1], text))


def hides_something(text: str) -> bool:
    """Whether there is a control, direction or invisible character in the text, which `written_out` would show."""
    return not text.isprintable() and any(found[1] is None for found in _HIDDEN.finditer(text))


def label(text: str) -> str:
    """The text in one line as people see it: NFC, nothing invisible, no blanks around; empty when that is all."""
    if not _is_plain(text):
        text = _BEGINNING.sub("", _LINE_BREAKS.sub(" ", text))
        text = _END.sub("", _IN_NAMES.sub(lambda found: found[1] or "", text))
    return normalize("NFC", text)


def _is_plain(text: str) -> bool:
    """Whether nothing of a text has to be put right but its normal form; a tenth of the cost of doing it."""
    return (
        text.isprintable()
        and text == text.strip()
        and _UNSEEN_LETTERS.search(text) is None
        and category(text[:1] or "x")[0] != "M"
    )


def shown_name(text: str) -> str | None:
    """A name as `label` makes it, cut where a character that people see ends; None when nothing is to be seen."""
    name = label(text[:READ_MAX_CHARS])
    if len(name) > NAME_MAX_CHARS:
        ends = [character.end() for character in _PEOPLE_SEE.finditer(name[: 2 * NAME_MAX_CHARS])]
        name = label(name[: max((end for end in ends if end <= NAME_MAX_CHARS), default=0)])
    return name or None


def plain_id(text: str) -> str:
    """The spelling of an id that is compared: NFC, without what has no width and without blanks around it."""
    if text.isascii():
        return text.strip()
    if text.isprintable() and _UNSEEN_LETTERS.search(text) is None:
        return normalize("NFC", text).strip()
    return normalize("NFC", _IN_IDS.sub("", text)).strip()


def account_number(text: str) -> str:
    """An IBAN or BIC in electronic form: capitals and digits without blanks, dashes and what nobody sees.

    Full-width forms become what they are forms of. Whether it is one is another question.
    """
    return str(_IN_NUMBERS.sub("", normalize("NFKC", text))).translate(_CAPITALS)


def plain_source(text: str) -> str:
    """The spelling of a source that is compared: NFC, and without slashes at its end, if it has more."""
    without_slash = text if "?" in text or "#" in text else text.rstrip("/")
    return normalize("NFC", text if _ROOT.fullmatch(without_slash) else without_slash)


def if_text(repair: Callable[[str], str]) -> Callable[[Any], Any]:
    """The repair for a field's validator; what is no text, or too long to be put right, its rules refuse."""

    def repaired(value: Any) -> Any:
        return repair(value) if isinstance(value, str) and len(value) <= READ_MAX_CHARS else value

    return repaired


def _something_seen(text: str) -> str:
    if not label(text):
        raise PydanticCustomError("nothing_seen", "should say something that people see")
    return text


#: Refuses what people see nothing of: blanks, and what has no width.
SomethingSeen = AfterValidator(_something_seen)
#: What somebody says about something, in one line.
Line = Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS), AfterValidator(label)]
