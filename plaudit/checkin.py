"""`plaudit checkin`: where people meet in person, the code that they scan, and lists taken without a network."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import segno
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared import base64url
from shared.contracts.attendance import ENTRIES_MAX_COUNT, AttendanceList, ListEntry, signed_bytes
from shared.contracts.texts import written_out

PURPOSE = "plaudit checkin"
SCOPES = ("events:write",)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
key_option = click.option(
    "--pem",
    "key_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the device's own key (PEM), which nobody else may read",
)
list_argument = click.argument("list_file", metavar="LIST", type=click.Path(dir_okay=False, path_type=Path))
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])


@click.group()
def checkin() -> None:
    """Say where people meet, show the code that they scan, and hand in lists taken without a network."""


@checkin.command(
    "add",
    epilog="Example: plaudit checkin add Meet-up --from 2026-01-31T18:00+01:00 --until 2026-01-31T21:00+01:00",
)
@to_ask
@json_option
@click.argument("title")
@click.option(
    "--from", "begins_at", required=True, type=MOMENT, help="From when on one can check in, with its zone"
)
@click.option("--until", "ends_at", required=True, type=MOMENT, help="Until when")
@click.option("--capacity", type=click.IntRange(1), help="So many at most [default: any number]")
def add(
    where: Where, as_json: bool, title: str, begins_at: datetime, ends_at: datetime, capacity: int | None
) -> None:
    """Add an occasion, and print its id."""
    body = {
        "title": title,
        "begins_at": begins_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "capacity": capacity,
    }
    made = _command(where, "POST", "/v1/occasions", body)
    click.echo(json.dumps(made) if as_json else made["occasion_id"])


@checkin.command("list", epilog="Example: plaudit checkin list")
@to_ask
@json_option
def show(where: Where, as_json: bool) -> None:
    """List occasions, those that begin last first."""
    place = where.place()
    with place.access(PURPOSE, SCOPES, ("ingest",)) as key:
        items = every_item(f"{place.url('ingest')}/v1/occasions", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("id", "title", "from", "until", "checked in")
    table.columns[0].no_wrap = True  # it is for copying
    for item in items:
        most = "" if item["capacity"] is None else f" of {item['capacity']}"
        shown = (item["occasion_id"], item["title"], item["begins_at"], item["ends_at"])
        table.add_row(*map(plain, (*shown, f"{item['checked_in_count']}{most}")))
    Console().print(table)


@checkin.command(
    "code",
    epilog="Example: plaudit checkin code 0190a0b0-8a6f-7c3e-9d41-2b7f5e1c6a90 --console https://console.example.org",
)
@to_ask
@json_option
@click.argument("occasion", type=click.UUID)
@click.option("--console", "console_url", help="The console's address [default: the local stack's]")
def code(where: Where, as_json: bool, occasion: object, console_url: str | None) -> None:
    """Show the code of the moment, to be scanned from this terminal; the console's page changes it by itself."""
    place = where.place()
    base = console_url or (place.state.console_url if place.state else None)
    if base is None:
        raise click.UsageError("Say by --console where the console is: that is what a phone opens.")
    shown = _command(where, "GET", f"/v1/occasions/{occasion}/code")
    address = f"{base.rstrip('/')}/here/{shown['code']}"
    if as_json:
        click.echo(json.dumps({"address": address, "next_at": shown["next_at"]}))
        return
    segno.make(address, micro=False, error="m").terminal(compact=True)
    click.echo(f"{address}\nThere is another at {shown['next_at']}.")


@checkin.command(
    "device", epilog="Example: plaudit checkin device 0190a0b0-8a6f-7c3e-9d41-2b7f5e1c6a90 --pem device.pem"
)
@to_ask
@click.argument("occasion", type=click.UUID)
@key_option
def device(where: Where, occasion: object, key_file: Path) -> None:
    """Have lists of an occasion taken that this device signs. Its key is made where there is none yet."""
    if not key_file.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    public_key = base64url.encode(_device_key(key_file).public_key().public_bytes_raw())
    _command(where, "PUT", f"/v1/occasions/{occasion}/device-key", {"public_key": public_key})
    click.echo(f"Lists signed by {key_file} are taken now.")


@checkin.command(
    "note",
    epilog="Example: plaudit checkin note evening.list 0190a0b0-8a6f-7c3e-9d41-2b7f5e1c6a90 forum:ada forum:kofi",
)
@list_argument
@click.argument("occasion", type=click.UUID)
@click.argument("members", nargs=-1, required=True)
def note(list_file: Path, occasion: object, members: tuple[str, ...]) -> None:
    """Note on a LIST that MEMBERS (ids, or identities such as forum:ada) came just now. It needs no network."""
    kept = _read_list(list_file) if list_file.exists() else AttendanceList(occasion_id=str(occasion), entries=[])
    if kept["occasion_id"] != str(occasion):
        raise click.UsageError(f"{list_file} is a list of another occasion.")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    kept["entries"] += [ListEntry(member=member, at=at) for member in members]
    if len(kept["entries"]) > ENTRIES_MAX_COUNT:
        raise click.UsageError(f"A list has {ENTRIES_MAX_COUNT} entries at most: begin another.")
    beside = list_file.with_name(f"{list_file.name}.new")
    beside.write_text(json.dumps(kept), encoding="utf-8")
    beside.replace(list_file)
    click.echo(f"{len(kept['entries'])} on the list.")


@checkin.command("sign", epilog="Example: plaudit checkin sign evening.list --pem device.pem")
@list_argument
@key_option
def sign(list_file: Path, key_file: Path) -> None:
    """Sign a LIST by the device's key, and print what is handed in later. It needs no network."""
    text = json.dumps(_read_list(list_file))
    click.echo(
        json.dumps({"list": text, "signature": base64url.encode(_device_key(key_file).sign(signed_bytes(text)))})
    )


@checkin.command("upload", epilog="Example: plaudit checkin upload evening.json")
@to_ask
@json_option
@click.argument("signed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def upload(where: Where, as_json: bool, signed: Path) -> None:
    """Hand in a SIGNED list, and say what became of each entry. Handing it in again changes nothing."""
    try:
        body = json.loads(signed.read_bytes())
        entries = json.loads(body["list"])["entries"]
        occasion = json.loads(body["list"])["occasion_id"]
        names = [str(entry["member"]) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException("This is no signed list: `plaudit checkin sign` prints one.") from error
    taken = _command(where, "POST", f"/v1/occasions/{occasion}/lists", body)["items"]
    if as_json:
        click.echo(json.dumps(taken))
        return
    for item in taken:
        click.echo(f"{item['outcome']:<12}{written_out(names[item['index']])}")


def _command(where: Where, method: str, path: str, body: Any = None) -> Any:
    place = where.place()
    with place.access(PURPOSE, SCOPES, ("ingest",)) as key:
        more = {} if body is None else {"json": body}
        return request(method, f"{place.url('ingest')}{path}", key, **more)


def _read_list(list_file: Path) -> AttendanceList:
    try:
        kept: AttendanceList = json.loads(list_file.read_text(encoding="utf-8"))
        if not isinstance(kept["occasion_id"], str) or not isinstance(kept["entries"], list):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{list_file} is no list: `plaudit checkin note` begins one.") from error
    return kept


def _device_key(key_file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise click.ClickException(f"{key_file} has no key: `plaudit checkin device` makes one.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise click.ClickException(f"{key_file} has another key than `plaudit checkin device` makes.")
    return key
