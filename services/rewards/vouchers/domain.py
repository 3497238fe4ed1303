"""Codes of vouchers as they are written in a table, as they are kept, and as they are given."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from shared.calendars import Calendar
from shared.contracts.fields import Timestamp, Uuid
from shared.csv_tables import TableFault, TableRow, read_table

LINES_MAX_COUNT: Final = 5_000
CODE_MAX_CHARS: Final = 300
PIN_MAX_CHARS: Final = 50
FAULTS_MAX_COUNT: Final = 100
COLUMNS: Final = ("code", "pin", "expires_on")


class Secret(NamedTuple):
    """What whoever was given a voucher needs to use it. It is in no log, fact or error."""

    code: str
    pin: str | None = None

    def __repr__(self) -> str:
        return "Secret(…)"


class CodeLine(NamedTuple):
    """A code of a table: on which line it stands, and until when it can be used (None: for good)."""

    line: int
    secret: Secret
    expires_at: datetime | None


class CodesRefusedError(Exception):
    """A table has faults, and nothing of it was taken in: `faults` are the first, of `count` in all."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        super().__init__(f"{len(faults)} lines cannot be taken in")
        self.faults = list(faults[:FAULTS_MAX_COUNT])
        self.count = len(faults)


class TooManyCodesError(Exception):
    """More codes would wait to be given than may: `max_count` of one reward."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"{max_count} codes of one reward may wait")
        self.max_count = max_count


class NoVoucherError(Exception):
    """The reward is none whose codes are given."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"{reward_id} is no voucher")
        self.reward_id = reward_id


class NoVoucherKeysError(Exception):
    """The service has no key that would seal codes, or not the one that sealed this."""


class NoCodeError(Exception):
    """The redemption has no code to show: it is no voucher's, or what it was is gone."""


class NotTheirsError(Exception):
    """Somebody else asks for the code than whom it was given to."""


class Sealed(NamedTuple):
    """A code as it is kept: sealed, by which key, and its hash under that key."""

    sealed_by: str
    content: bytes
    code_hash: bytes


class NewCode(NamedTuple):
    """A code that is taken in."""

    code_id: str
    sealed: Sealed
    expires_at: datetime | None


class KeptCode(NamedTuple):
    """A code that was taken in; `content` is None where it went with whom it was given to, or with a backup."""

    community: str
    code_id: str
    reward_id: str
    code_hash: bytes
    sealed_by: str
    content: bytes | None
    redemption_id: str | None
    is_forgotten: bool


class GivenCode(NamedTuple):
    """A code that is somebody's from now on, as it is told: by its id and its hash under a key."""

    code_id: str
    sealed_by: str
    code_hash: bytes


class CodeState(StrEnum):
    """What a code is."""

    LEFT = "left"
    GIVEN = "given"
    ENDED = "ended"


class CodePlace(NamedTuple):
    """Where a page of codes ended."""

    added_at: Timestamp
    code_id: Uuid


class CodeEntry(NamedTuple):
    """What is shown of a code to whoever runs the catalogue: all but the code."""

    code_id: str
    added_at: datetime
    expires_at: datetime | None
    redemption_id: str | None
    given_at: datetime | None

    def state(self, now: datetime) -> CodeState:
        """What it is now."""
        if self.redemption_id is not None:
            return CodeState.GIVEN
        is_over = self.expires_at is not None and self.expires_at <= now
        return CodeState.ENDED if is_over else CodeState.LEFT


class OpenedCode(NamedTuple):
    """A code as its owner sees it."""

    secret: Secret
    expires_at: datetime | None
    given_at: datetime


class Imported(NamedTuple):
    """What became of a table: how many codes are new, which lines were known, and how many came back.

    Those that came back were given before the database was restored from a backup that lacks them: whoever has
    them sees them again.
    """

    added_count: int
    known_lines: Sequence[int]
    returned_count: int


def read_codes(text: str, *, now: datetime, start_of: Callable[[date], datetime]) -> list[CodeLine]:
    """The codes of a table in CSV with a line of headings: `code`, and `pin` and `expires_on` where there are.

    `expires_on` is the last day on which a code can be used; `start_of` says when a day begins. Raises
    CodesRefusedError with what is wrong, line by line.
    """
    rows, faults = read_table(text, columns=COLUMNS, needed=["code"], rows_max_count=LINES_MAX_COUNT)
    lines = [_line(row, now=now, start_of=start_of) for row in rows]
    codes = [line for line in lines if isinstance(line, CodeLine)]
    faults += [line for line in lines if isinstance(line, TableFault)]
    first: dict[str, int] = {}
    for line in codes:
        other = first.setdefault(line.secret.code, line.line)
        if other != line.line:
            faults.append(TableFault(line.line, f"it is the code of line {other} again"))
    if not rows and not faults:
        faults = [TableFault(2, "there is no code")]
    if faults:
        raise CodesRefusedError(sorted(faults))
    return codes


def last_day(expires_at: datetime | None, calendar: Calendar) -> date | None:
    """The last day on which what expires then, as a day begins, can be used; None: for good."""
    return None if expires_at is None else calendar.day_of(expires_at - timedelta(microseconds=1))


def _line(row: TableRow, *, now: datetime, start_of: Callable[[date], datetime]) -> CodeLine | TableFault:
    cells = row.cells
    reason = _wrong(cells)
    if reason is not None:
        return TableFault(row.line, reason)
    try:
        last = date.fromisoformat(cells["expires_on"]) if cells.get("expires_on") else None
        expires_at = None if last is None else start_of(last + timedelta(days=1))
    except (ValueError, OverflowError):
        return TableFault(row.line, "expires_on is a day such as 2030-12-31")
    if expires_at is not None and expires_at <= now:
        return TableFault(row.line, "it cannot be used any more: expires_on is over")
    return CodeLine(row.line, Secret(cells["code"], cells.get("pin") or None), expires_at)


def _wrong(cells: Mapping[str, str]) -> str | None:
    code, pin = cells["code"], cells.get("pin", "")
    if not code:
        return "it has no code"
    if len(code) > CODE_MAX_CHARS or len(pin) > PIN_MAX_CHARS:
        return f"a code has {CODE_MAX_CHARS} signs at most, and a pin {PIN_MAX_CHARS}"
    if not (code.isprintable() and pin.isprintable()):
        return "it has signs that nobody could type"
    return None
