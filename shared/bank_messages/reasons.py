"""Why a payment was refused or came back, as a bank says it."""

import re
from typing import NamedTuple

from lxml import etree

from shared.bank_messages.documents import every, text

#: The code for what has no code, with the reason in words; some banks begin these with a code after all.
NARRATIVE = "NARR"
_CODE_FIRST = re.compile(r"([A-Z]{2}\d{2})(?=[;:,\s]|$)[;:,\s]*")
WORDS_MAX_CHARS = 500


class Reason(NamedTuple):
    """A code, of ISO 20022 or the bank's own, and the bank's words; None where there is none."""

    code: str | None
    words: str | None


def reason_of(element: etree._Element, name: str) -> Reason:
    """The first reason in the elements of a name, `StsRsnInf` or `RtrInf`, with the words of all."""
    found = every(element, name)
    codes = [text(one, "Rsn", "Cd") or text(one, "Rsn", "Prtry") for one in found]
    code = next((one for one in codes if one), None)
    words = " ".join((one.text or "").strip() for one in every(element, name, "AddtlInf")).strip()
    if code in {NARRATIVE, None} and (first := _CODE_FIRST.match(words)):
        code, words = first[1], words[first.end() :]
    return Reason(code, words[:WORDS_MAX_CHARS] or None)
