"""`plaudit bank`: what a bank's messages say. Needs no stack: a message is a file."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from plaudit.listing import listing
from shared.bank_messages.amounts import decimal_amount
from shared.bank_messages.counting import BOOKED, Counted, Told
from shared.bank_messages.documents import (
    MESSAGE_MAX_BYTES,
    Amount,
    Message,
    MessageError,
    message_id,
    read_message,
)
from shared.bank_messages.statements import Booking, Entry, entries
from shared.bank_messages.status_reports import Status, statuses
from shared.contracts.texts import written_out

STATUS_REPORT = "pain.002"

Line = dict[str, Any]


@click.group(epilog="Example: plaudit bank try camt053.xml")
def bank() -> None:
    """Read what a bank answers: statements (camt.052, camt.053, camt.054) and status reports (pain.002)."""


@bank.command("try", epilog="Example: plaudit bank try pain002.xml camt054.xml camt053.xml --json")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each booking and status.")
def try_command(files: tuple[Path, ...], as_json: bool) -> None:
    """Show each booking and status in FILEs; what several of them tell counts once. Nothing is sent or kept.

    A file that is not right is refused whole, with the line and what is wrong there; the others are read all the
    same. Ends with 1 when one was refused.
    """
    lines = list(_lines(files))
    if as_json:
        for line in lines:
            print(json.dumps(line, ensure_ascii=False))
    else:
        _show(lines)
    if any("error" in line for line in lines):
        sys.exit(1)


def _lines(files: Sequence[Path]) -> Iterator[Line]:
    """What is printed of each file. What counts is known when all are read."""
    counted, told = Counted(), list[tuple[int, str]]()
    lines: list[tuple[Line, int | None]] = []
    for file in files:
        try:
            read, found = _read(file)
        except MessageError as error:
            lines.append(({"file": str(file), "error": error.problem, "line": error.line}, None))
            continue
        about = {"file": str(file), "message": read.name, "message_id": message_id(read)}
        if not found:
            click.echo(f"{written_out(str(file))}: nothing is booked in it", err=True)
        numbers = iter(
            counted.add(Told.of(one) for one in found if isinstance(one, Entry))
        )  # one for each entry, in their order
        for one in found:
            if isinstance(one, Status):
                lines.append((about | _of_status(one), None))
                continue
            number = next(numbers)
            told.append((number, str(file)))
            lines.extend((about | _of_booking(one, booking), number) for booking in one.bookings)
    files_of = dict(told)
    for line, place in lines:
        if place is not None:
            same = counted.same_as(place)
            line["counts"] = line["status"] == BOOKED and same is None
            line["same_as"] = None if same is None else files_of[same]
        yield line


def _read(file: Path) -> tuple[Message, list[Entry | Status]]:
    try:
        with file.open("rb") as opened:
            content = opened.read(MESSAGE_MAX_BYTES + 1)
    except OSError as error:
        raise MessageError(f"it cannot be read: {error.strerror}") from error
    read = read_message(content)
    return read, [*statuses(read)] if read.kind == STATUS_REPORT else [*entries(read)]


def _of_booking(entry: Entry, booking: Booking) -> Line:
    unexplained = entry.unexplained_minor
    return {
        "reference": booking.reference,
        "end_to_end_id": booking.end_to_end_id,
        "amount": _written(booking.amount),
        "currency": booking.amount.currency,
        "kind": booking.kind,
        "reason": booking.reason.code,
        "reason_text": booking.reason.words,
        "direction": booking.direction,
        "status": entry.status,
        "level": "payment" if entry.is_detailed else "entry",
        "payments": booking.payments_count,
        "account": entry.account,
        "statement": entry.statement,
        "booked_on": _day(entry.booked_on),
        "value_on": _day(entry.value_on),
        "instruction_id": booking.instruction_id,
        "payment_information_id": booking.payment_information_id,
        "instructed_amount": _written(booking.instructed),
        "instructed_currency": booking.instructed.currency if booking.instructed else None,
        "entry_unexplained": decimal_amount(unexplained, entry.amount.currency) if unexplained else None,
    }


def _of_status(status: Status) -> Line:
    return {
        "reference": status.reference,
        "end_to_end_id": status.end_to_end_id,
        "amount": _written(status.amount),
        "currency": status.amount.currency if status.amount else None,
        "kind": status.kind,
        "reason": status.reason.code,
        "reason_text": status.reason.words,
        "status": status.code,
        "level": status.level,
        "original_message_id": status.original_message_id,
        "instruction_id": status.instruction_id,
        "payment_information_id": status.payment_information_id,
    }


def _written(amount: Amount | None) -> str | None:
    return None if amount is None else decimal_amount(amount.minor, amount.currency)


def _day(day: Any) -> str | None:
    return None if day is None else str(day)


def _show(lines: Sequence[Line]) -> None:
    console = Console()
    table = listing("file", "reference", "EndToEndId", "amount", "kind", "reason", "counts")
    for line in lines:
        if "error" not in line:
            table.add_row(*(Text(written_out(cell)) for cell in _cells(line)))
    if table.row_count:
        console.print(table)
    for line in lines:
        if "error" in line:
            place = f"{line['file']}:{line['line']}" if line["line"] else line["file"]
            click.echo(f"{written_out(place)}: {written_out(line['error'])}", err=True)


def _cells(line: Line) -> Iterator[str]:
    amount = f"{line['amount']} {line['currency']}" if line.get("amount") else ""
    said = [str(line[part]) for part in ("reason", "reason_text") if line.get(part)]
    if line.get("entry_unexplained"):
        said.append(f"(its entry: {line['entry_unexplained']} beside its payments)")
    yield Path(line["file"]).name
    for part in ("reference", "end_to_end_id"):
        yield str(line.get(part) or "")
    yield amount
    yield str(line["kind"])
    yield " ".join(said)
    if "counts" in line:
        yield (
            "yes"
            if line["counts"]
            else f"no: in {Path(line['same_as']).name}"
            if line["same_as"]
            else line["status"]
        )
    else:
        yield str(line.get("status", ""))
