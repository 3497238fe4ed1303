"""A table of people who are to get something: each a member, or somebody with a mail address."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.csv_tables import TableFault, TableRow, read_table

COLUMNS: Final = ("email", "member", "reward")
LINES_MAX_COUNT: Final = 5_000
FAULTS_MAX_COUNT: Final = 100


class Wanted(NamedTuple):
    """A line of a table: who it is, by one of both, and what they get where it says so."""

    line: int
    email: str
    member: str
    reward: str


class Addressee(NamedTuple):
    """Who a line of a table is: a member, or a recipient who is held."""

    line: int
    member_id: str | None
    recipient_id: str | None
    reward_id: str | None


class TableRefusedError(Exception):
    """A table has faults, and nobody of it is held: `faults` are the first, of `count` in all."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        super().__init__(f"{len(faults)} lines cannot be taken")
        self.faults = list(faults[:FAULTS_MAX_COUNT])
        self.count = len(faults)


class MemberElsewhereError(Exception):
    """Whoever was written to is a member by another platform, where they sign in."""


def read_people(text: str) -> tuple[list[Wanted], list[TableFault]]:
    """The people of a table in CSV: `email` or `member` each, and `reward` where a line says another one."""
    rows, faults = read_table(text, columns=COLUMNS, needed=COLUMNS[:2], rows_max_count=LINES_MAX_COUNT)
    people = [_wanted(row) for row in rows]
    faults += [TableFault(one.line, _wrong(one)) for one in people if _wrong(one)]
    if not rows and not faults:
        faults = [TableFault(2, "there is nobody")]
    return people, faults


def _wanted(row: TableRow) -> Wanted:
    cells = row.cells
    return Wanted(row.line, cells.get("email", ""), cells.get("member", ""), cells.get("reward", ""))


def _wrong(one: Wanted) -> str:
    if one.email and one.member:
        return "it has an email and a member: give one of both"
    return "" if one.email or one.member else "it has neither an email nor a member"
