"""A table of members: looked at line by line before anybody is declared, then declared piece by piece."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from console.asking import Answer
from console.frame.navigation import MEMBERS
from console.frame.problem_titles import TITLES
from console.frame.refusals import Refusal
from console.frame.visits import Visit
from shared.member_table import TableError, TableRow, faults_by_row, table_rows

PATH = f"{MEMBERS.path}/import"
#: Rows of a table on a page; longer ones are for the command.
ROWS_MAX_COUNT: Final = 2_000
#: Declared by one form: of members who are there already each takes some 10 ms.
PIECE_COUNT: Final = 100
#: Rows that are shown of those that nothing is wrong with.
SHOWN_COUNT: Final = 50
UNPROCESSABLE: Final = 422
EARLIER = re.compile(r"/members/(\d+)")
IDENTITY = re.compile(r"identities/(\d{1,3})(/\w+)?")


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


EMPTY = _("Open a file, or paste a table")
LINE = _("line {line}")
NO_ROWS = _("The table has a first line and nothing below it")
TOO_MANY = _("A page takes {most} rows: give a longer table to plaudit member import")


@dataclass(frozen=True)
class Seen:
    """A row, and what would become of it: new, changed, known, or None where it is refused, and why."""

    row: TableRow
    becomes: str | None = None
    member_id: str | None = None
    fault: str = ""

    @property
    def name(self) -> str | None:
        """The name that it says."""
        return None if self.row.member is None else self.row.member.get("name")

    @property
    def identities(self) -> Sequence[str]:
        """The identities that it says, as people write them."""
        said = () if self.row.member is None else self.row.member["identities"]
        return [f"{one['channel']}{'@' + one['host'] if 'host' in one else ''}:{one['id']}" for one in said]


@dataclass
class Look:
    """A table as it was looked at, in the order of its lines."""

    rows: list[Seen] = field(default_factory=list)
    #: What did not answer; then nothing is known of the rows.
    missing: Answer | None = None

    def of(self, becomes: str | None) -> list[Seen]:
        """The rows of which that would become."""
        return [one for one in self.rows if one.becomes == becomes]

    @property
    def taken(self) -> list[TableRow]:
        """The rows that are not refused."""
        return [one.row for one in self.rows if one.becomes is not None]


async def show(visit: Visit) -> Response:
    """The form for a table."""
    return await _form(visit)


async def look(visit: Visit) -> Response:
    """What would become of each row; nobody is declared."""
    rows, error = _read(visit)
    if error:
        return await _form(visit, error=error)
    found = await _looked_at(visit, rows)
    if found.missing is not None:
        return await _form(visit, refused=Refusal.of(found.missing))
    return visit.page("pages/members/import_look.html", look=found, **_said(visit))


async def declare(visit: Visit) -> Response:
    """Declare the next rows, and say how far it is; once all are, what became of them."""
    rows, error = _read(visit)
    if error:
        return await _form(visit, error=error)
    said = [row for row in rows if row.member is not None]
    begin = visit.form.get("from", "")
    done = min(int(begin), len(said)) if begin.isascii() and begin.isdecimal() and len(begin) < len("10000") else 0
    refused = await _declare(visit, said[done : done + PIECE_COUNT])
    after = done if refused else min(done + PIECE_COUNT, len(said))
    if after < len(said):
        return visit.page(
            "pages/members/import_under_way.html",
            status=200 if refused is None else refused.status,
            done=after,
            rows_count=len(said),
            refused=refused,
            **_said(visit),
        )
    # What is so now, and what is still refused: it is asked, for between pieces somebody may have declared others.
    found = await _looked_at(visit, rows)
    return visit.page("pages/members/import_done.html", look=found, rows_count=len(rows))


async def _form(visit: Visit, *, error: str = "", refused: Refusal | None = None) -> Response:
    return visit.page(
        "pages/members/import.html",
        status=UNPROCESSABLE if error else 200 if refused is None else refused.status,
        errors={"table": error} if error else {},
        refused=refused,
        rows_max_count=ROWS_MAX_COUNT,
        **_said(visit),
    )


def _said(visit: Visit) -> Mapping[str, Any]:
    return {"table": visit.form.get("table", ""), "shown_count": SHOWN_COUNT}


def _read(visit: Visit) -> tuple[list[TableRow], str]:
    """The rows of the table, and in words why it is none."""
    text = visit.form.get("table", "").removeprefix("\ufeff")
    if not text.strip():
        return [], visit.say(EMPTY)
    try:
        rows = list(table_rows(text.splitlines(keepends=True)))
    except TableError as error:
        where = visit.say(_("Line {line}: the table {why}"), line=error.line, why="{}")
        return [], Markup.escape(where).format(visit.service_words(str(error)))
    if not rows:
        return [], visit.say(NO_ROWS)
    if len(rows) > ROWS_MAX_COUNT:
        return [], visit.say(TOO_MANY, most=visit.writer.number(ROWS_MAX_COUNT))
    return rows, ""


async def _looked_at(visit: Visit, rows: Sequence[TableRow]) -> Look:
    found = {row.line: Seen(row, fault=visit.service_words(row.fault)) for row in rows if row.member is None}
    left = [row for row in rows if row.member is not None]
    while left:
        body = {"members": [row.member for row in left]}
        answer = await visit.ask.post("ingest", "/v1/members/declare/preview", body)
        if not answer.ok:
            wrong = _wrong(answer)
            if not wrong:
                return Look(missing=answer)
            found |= {
                left[index].line: Seen(left[index], fault=_of_field(visit, left[index], why))
                for index, why in wrong.items()
            }
            left = [row for index, row in enumerate(left) if index not in wrong]
            continue
        for item in answer.items:
            row = left[item["index"]]
            found[row.line] = Seen(row, item["becomes"], item["member_id"], _fault(visit, item["refused"], left))
        break
    return Look([found[row.line] for row in rows])


def _of_field(visit: Visit, row: TableRow, why: str) -> Markup:
    """What is wrong with a row, by the column of the table that has it."""
    place, _, detail = why.partition(": ")
    found = IDENTITY.fullmatch(place)
    said = [] if row.member is None else row.member["identities"]
    if found is not None and int(found[1]) < len(said):
        place = said[int(found[1])]["channel"]
    return Markup("<code>{}</code> {}").format(place, visit.service_words(detail))


def _fault(visit: Visit, refused: Mapping[str, Any] | None, rows: Sequence[TableRow]) -> str:
    """Why a row is refused; an earlier one that it is refused for is named by its line."""
    if refused is None:
        return ""

    def line(found: re.Match[str]) -> str:
        place = int(found[1])
        return visit.say(LINE, line=rows[place].line) if place < len(rows) else found[0]

    title = visit.say(TITLES.get(refused["type"].rpartition(":")[2], refused["title"]))
    return Markup("{}. {}").format(title, visit.service_words(EARLIER.sub(line, refused["detail"])))


async def _declare(visit: Visit, rows: Sequence[TableRow]) -> Refusal | None:
    """Declare some rows but for those that are not valid; None, or why it could not be done."""
    left = list(rows)
    while left:
        answer = await visit.ask.post("ingest", "/v1/members/declare", {"members": [row.member for row in left]})
        if answer.ok:
            break
        wrong = _wrong(answer)
        if not wrong:
            return Refusal.of(answer)
        left = [row for index, row in enumerate(left) if index not in wrong]
    return None


def _wrong(answer: Answer) -> dict[int, str]:
    return faults_by_row(answer.problem.get("errors") or ()) if answer.status == UNPROCESSABLE else {}
