"""`plaudit bank`: what a bank's messages say, and what becomes of them.

`try` needs no stack: a message is a file. The others ask rewards.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from plaudit.bank_checks import check, checks, differences, explain, look
from plaudit.calls import Refused, request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
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
from shared.currencies import decimal_amount

STATUS_REPORT = "pain.002"
#: How long is waited for what was imported to be noted, and how often it is looked at.
NOTED_WITHIN_SECONDS = 60.0
PAUSE_SECONDS = 1.0
LINES_MAX_COUNT = 1_000

Line = dict[str, Any]


@click.group(epilog="Example: plaudit bank try camt053.xml")
def bank() -> None:
    """Read what a bank answers: statements (camt.052, camt.053, camt.054) and status reports (pain.002)."""


bank.add_command(check)
bank.add_command(checks)
bank.add_command(differences)
bank.add_command(look)
bank.add_command(explain)


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
            # What of a file's name is no text is an escape of JSON: \udcff.
            print(json.dumps(line, ensure_ascii=False).encode(errors="backslashreplace").decode())
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
        "entry_unexplained": str(decimal_amount(unexplained, entry.amount.currency)) if unexplained else None,
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
    return None if amount is None else str(decimal_amount(amount.minor, amount.currency))


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


at_rewards = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
line_argument = click.argument("line", type=click.UUID)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")


@bank.command("import", epilog='Example: plaudit bank import camt054.xml camt053.xml --key "$MAKER"')
@at_rewards
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_command(where: Where, files: tuple[Path, ...], as_json: bool) -> None:
    """Import FILES of the bank: what they say is noted of the payouts, and what came back is proposed.

    A file that was imported before does nothing. One that is not right is refused whole, the others are imported
    all the same; ends with 1 then.
    """
    place = where.place()
    is_refused = False
    with place.access("plaudit bank import", ("payouts:write", "payouts:read"), ("rewards",)) as key:
        for file in files:
            try:
                done = _import(f"{place.url('rewards')}/v1/bank-messages", key, file)
            except Refused as error:
                is_refused = True
                click.echo(f"{written_out(str(file))}: {written_out(error.format_message())}", err=True)
                continue
            if as_json:
                click.echo(json.dumps({"file": str(file), **done}))
            else:
                counts = ", ".join(f"{one['count']} {one['state']}" for one in done["lines"]) or "nothing in it"
                before = "" if done["is_new"] else " (imported before)"
                click.echo(f"{written_out(str(file))}: {counts}{before}")
    if is_refused:
        sys.exit(1)


def _import(url: str, key: str, file: Path) -> Line:
    """Import a file, and wait until what it says is noted; what it came to then."""
    headers = {"Content-Type": "application/xml"}
    done: Line = request("POST", url, key, content=file.read_bytes(), headers=headers)
    until = time.monotonic() + NOTED_WITHIN_SECONDS
    while done["is_worked_at"] and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
        done |= request("GET", f"{url}/{done['message_key']}", key)
    return done


@bank.command("lines", epilog="Example: plaudit bank lines --state open")
@at_rewards
@click.option("--state", help="Only those in this state; open: those that wait for somebody.")
@click.option("--payout", type=click.UUID, help="Only those about this payout.")
@click.option("--run", type=click.UUID, help="Only those about payouts of this run.")
@json_option
def lines_command(where: Where, state: str | None, payout: str | None, run: str | None, as_json: bool) -> None:
    """Show what became of the lines of imported files, the newest first, at most a thousand."""
    asked = {"state": state, "payout": payout, "run": run}
    params: dict[str, Any] = {name: str(value) for name, value in asked.items() if value is not None}
    place = where.place()
    found: list[Line] = []
    with place.access("plaudit bank lines", ("payouts:read",), ("rewards",)) as key:
        while len(found) < LINES_MAX_COUNT:
            page = request("GET", f"{place.url('rewards')}/v1/bank-lines", key, params=params)
            found += page["items"]
            if page["next"] is None:
                break
            params["after"] = page["next"]
    if as_json:
        for line in found:
            click.echo(json.dumps(line))
        return
    table = listing("line", "kind", "amount", "state", "payout", "why")
    for line in found:
        amount = (
            "" if line["amount_minor"] is None else str(decimal_amount(line["amount_minor"], line["currency"]))
        )
        why = line["why"] or line["reason"] or ""
        cells = (line["line_id"], line["kind"], f"{amount} {line['currency'] or ''}".strip(), line["state"])
        table.add_row(*(Text(written_out(str(cell))) for cell in (*cells, line["payout_id"] or "", why)))
    Console().print(table)


@bank.command(
    "match",
    epilog="Example: plaudit bank match 0b9e4a51-6f0c-5d0e-8f6a-1a8c2f6e9d77 5c2f7d1e-9a40-5b8e-8c61-2f0a7be4d913",
)
@at_rewards
@line_argument
@click.argument("payout", type=click.UUID)
@click.option("--confirm-amount", is_flag=True, help="It is meant so although the amounts differ.")
def match_command(where: Where, line: str, payout: str, confirm_amount: bool) -> None:
    """Say that a LINE that waits is about a PAYOUT: what it says is noted of it."""
    body = {"payout_id": str(payout), "confirm_amount": confirm_amount}
    _decide(where, f"{line}/match", body)


@bank.command(
    "set-aside",
    epilog='Example: plaudit bank set-aside 0b9e4a51-6f0c-5d0e-8f6a-1a8c2f6e9d77 --reason "The rent"',
)
@at_rewards
@line_argument
@click.option("--reason", required=True, help="Why it is about no payout.")
def set_aside_command(where: Where, line: str, reason: str) -> None:
    """Say that a LINE that waits is about no payout."""
    _decide(where, f"{line}/set-aside", {"reason": reason})


def _decide(where: Where, path: str, body: Line) -> None:
    place = where.place()
    with place.access("plaudit bank", ("payouts:write",), ("rewards",)) as key:
        done = request("POST", f"{place.url('rewards')}/v1/bank-lines/{path}", key, json=body)
        click.echo(f"{done['line_id']} is {done['state']}")
