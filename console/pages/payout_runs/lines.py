"""What a bank says of payouts, line by line, as somebody pastes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

#: What a bank can say; those that make points payable again, or say that this was wrong, another person confirms.
STATES = ("sent", "settled", "returned", "failed", "reversed", "corrected")
LINES_MAX_COUNT = 500
REASON_MAX_CHARS = 200
_CELLS = re.compile(r"[;,\t]")
_HEADING = "endtoendid"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


NOT_AN_ID = _("The first column is an EndToEndId: 32 digits and letters from a to f")
NOT_A_STATE = _("The second column is one of these: sent, settled, returned, failed, reversed, corrected")
LONG_REASON = _("The reason is too long")


@dataclass(frozen=True)
class Line:
    """A line with its number; `wrong` says what is wrong with it (a text to translate), or is None."""

    number: int
    said: str
    payout_id: str = ""
    state: str = ""
    reason: str | None = None
    wrong: str | None = None


def read_lines(text: str) -> list[Line]:
    """The lines of a text: EndToEndId, state and reason, between semicolons, commas or tabs."""
    lines = []
    for number, said in enumerate(text.splitlines(), 1):
        cells = [cell.strip().strip('"').strip() for cell in _CELLS.split(said, maxsplit=2)]
        if not any(cells) or cells[0].replace("_", "").replace(" ", "").lower() == _HEADING:
            continue
        lines.append(_line(number, said, *(*cells, "", "")[:3]))
    return lines


def _line(number: int, said: str, id_: str, state: str, reason: str) -> Line:
    try:
        payout_id = str(UUID(id_))
    except ValueError:
        return Line(number, said, wrong=NOT_AN_ID)
    if state.lower() not in STATES:
        return Line(number, said, payout_id, wrong=NOT_A_STATE)
    if len(reason) > REASON_MAX_CHARS:
        return Line(number, said, payout_id, state.lower(), wrong=LONG_REASON)
    return Line(number, said, payout_id, state.lower(), reason or None)


def grouped(lines: Sequence[Line]) -> dict[tuple[str, str | None], list[str]]:
    """The payouts of which the same is said, for the same reason."""
    groups: dict[tuple[str, str | None], list[str]] = {}
    for line in lines:
        groups.setdefault((line.state, line.reason), []).append(line.payout_id)
    return groups
