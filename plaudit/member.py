"""`plaudit member`: who is who, what somebody is in the community, and what is known of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import httpx
from rich.console import Console

from plaudit.asking import confirmed
from plaudit.calls import Refused, request
from plaudit.exports import gather, write_archive
from plaudit.listing import listing
from plaudit.member_table import import_members
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Place, Where, where_options
from plaudit.terminal import plain
from shared.contracts.identities import NamedIdentity, NotAnIdentityError, read_identity
from shared.services import SERVICES

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
to_ask = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what it would be, and do nothing")
who_argument = click.argument("who", metavar="MEMBER")
source_option = click.option("--source", default="command", show_default=True, help="Who knows it")
since_option = click.option("--since", metavar="TIME", help="From when on it is so, as 2026-05-01T00:00:00Z")
READS, WRITES = ("members:read",), ("members:read", "members:write")
EXPORTS = ("members:read", "members:export")
ERASES = ("members:read", "members:erase", "rewards:read")
STANDINGS = ("bot", "staff", "departed", "hidden")


@click.group()
def member() -> None:
    """Show members, join their identities, say what they are. MEMBER is an id or an identity, like forum:ada."""


member.add_command(import_members)


@member.command("show", epilog="Example: plaudit member show forum:ada")
@to_ask
@json_option
@who_argument
def show_member(where: Where, as_json: bool, who: str) -> None:
    """Show a member: identities, what they are, and what is known of them."""
    place = where.place()
    with place.access("plaudit member", READS, ("ingest",)) as key:
        found = request("GET", _url(place, who), key)
        known = request("GET", f"{_url(place, who)}/attributes", key)["items"]
    if as_json:
        click.echo(json.dumps(found | {"known": known}))
        return
    _show(found, known)


@member.command("score", epilog="Example: plaudit member score forum:ada --at 2026-03-01T00:00:00Z")
@to_ask
@json_option
@who_argument
@click.option("--at", metavar="TIME", help="Of what happened until then [default: now]")
@click.option("--known-at", metavar="TIME", help="As it was recorded until then [default: now]")
def show_score(where: Where, as_json: bool, who: str, at: str | None, known_at: str | None) -> None:
    """Show what a MEMBER had at a time, as known at another: by score and rule."""
    place = where.place()
    asked = {name: value for name, value in (("at", at), ("known_at", known_at)) if value}
    with place.access("plaudit member", ("points:read",), ("scoring",)) as key:
        url = f"{place.url('scoring')}/v1/members/{quote(who, safe='')}/score"
        found = request("GET", url, key, params=asked)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"{found['points']:,} points at {found['at']}, as known at {found['known_at']}")
    table = listing("rule", "score", "awards", "amended", "points")
    for one in found["rules"]:
        row = (one["rule_id"], one["score"], f"{one['awards']:,}", f"{one['amendments']:,}", f"{one['points']:,}")
        table.add_row(*(plain(cell) for cell in row))
    Console().print(table)


@member.command("link", epilog="Example: plaudit member link forum:ada chat:U1 --name Ada")
@to_ask
@json_option
@click.option("--name", help="The name to show, whatever channels say")
@click.argument("identities", metavar="IDENTITY...", nargs=-1, required=True)
def link(where: Where, as_json: bool, name: str | None, identities: tuple[str, ...]) -> None:
    """Say that identities are one person."""
    body: dict[str, Any] = {"identities": [_body(_identity(one)) for one in identities]}
    place = where.place()
    with place.access("plaudit member", WRITES, ("ingest",)) as key:
        url = f"{place.url('ingest')}/v1/members/identities"
        found = request("PUT", url, key, json=body | ({"name": name} if name else {}))
    _print(found, as_json)


@member.command("standing", epilog="Example: plaudit member standing forum:ada --is staff --is-not bot")
@to_ask
@json_option
@who_argument
@click.option("--is", "is_", multiple=True, type=click.Choice(STANDINGS), help="What they are; repeat")
@click.option("--is-not", multiple=True, type=click.Choice(STANDINGS), help="What they are not; repeat")
def standing(where: Where, as_json: bool, who: str, is_: tuple[str, ...], is_not: tuple[str, ...]) -> None:
    """Say what a member is: boards follow at once, and what they earn from now on."""
    if (not is_ and not is_not) or set(is_) & set(is_not):
        raise click.UsageError("Say by --is what they are, or by --is-not what not, and each once.")
    said = dict.fromkeys(is_, True) | dict.fromkeys(is_not, False)
    place = where.place()
    with place.access("plaudit member", WRITES, ("ingest",)) as key:
        found = request("PUT", f"{_url(place, who)}/standing", key, json=said)
    _print(found, as_json)


@member.command("merge", epilog="Example: plaudit member merge forum:ada chat:U1 --dry-run")
@to_ask
@json_option
@dry_run_option
@who_argument
@click.argument("other", metavar="OTHER")
def merge(where: Where, as_json: bool, dry_run: bool, who: str, other: str) -> None:
    """Have OTHER be one with MEMBER, who stays: points and money of both are theirs."""
    _merge(where, "merge", who, other, as_json=as_json, dry_run=dry_run)


@member.command("unmerge", epilog="Example: plaudit member unmerge forum:ada chat:U1")
@to_ask
@json_option
@dry_run_option
@who_argument
@click.argument("other", metavar="OTHER")
def unmerge(where: Where, as_json: bool, dry_run: bool, who: str, other: str) -> None:
    """Have OTHER, who was merged into MEMBER, be by itself again, with all that it did."""
    _merge(where, "unmerge", who, other, as_json=as_json, dry_run=dry_run)


def _merge(where: Where, how: str, who: str, other: str, *, as_json: bool, dry_run: bool) -> None:
    place = where.place()
    with place.access("plaudit member", WRITES, ("ingest",)) as key:
        done = request("POST", f"{_url(place, who)}/{how}", key, json={"member_id": other, "dry_run": dry_run})
    if as_json:
        click.echo(json.dumps(done))
        return
    stays, merged = done["stays"], done["merged"]
    click.echo(
        f"{'Nothing was done. It would be so' if dry_run else 'Done'}: {merged['member_id']} "
        f"{'is merged into' if how == 'merge' else 'is by itself, and not merged into'} {stays['member_id']}."
    )
    if merged["merged_ids"]:
        click.echo(f"With it {'come' if how == 'merge' else 'leave'}: {', '.join(merged['merged_ids'])}")
    if done["differences"]:
        table = listing("what", f"of {plain(who)}", f"of {plain(other)}")
        for one in done["differences"]:
            table.add_row(*(plain("" if one[of] is None else one[of]) for of in ("what", "stays", "merged")))
        Console().print(table)


@member.command("set", epilog="Example: plaudit member set forum:ada tier=gold seats=3 --source crm")
@to_ask
@json_option
@who_argument
@click.argument("values", metavar="NAME=VALUE...", nargs=-1, required=True)
@source_option
@since_option
def set_attributes(
    where: Where, as_json: bool, who: str, values: tuple[str, ...], source: str, since: str | None
) -> None:
    """Say attributes of a member, as the programme declares them. A VALUE that is JSON is read as such."""
    named = [value.partition("=") for value in values]
    if any(not equals for _, equals, _ in named):
        raise click.UsageError("Attributes are said as NAME=VALUE, such as tier=gold.")
    body = {"values": {name: _value(text) for name, _, text in named}}
    _keep(where, as_json, f"{who}", "attributes", body | _said(source, since))


@member.command("wish", epilog="Example: plaudit member wish forum:ada --no boards --time-zone Europe/Rome")
@to_ask
@json_option
@who_argument
@click.option("--no", multiple=True, metavar="WHAT", help="What they want no part in: boards, messages, analytics")
@click.option("--yes", multiple=True, metavar="WHAT", help="What they want part in again")
@click.option("--consents", multiple=True, metavar="PURPOSE", help="What they consent to; repeat")
@click.option("--withdraws", multiple=True, metavar="PURPOSE", help="What they no longer consent to; repeat")
@click.option("--time-zone", metavar="NAME", help="Such as Europe/Rome")
@click.option("--language", metavar="TAG", help="Such as it")
@source_option
@since_option
def wish(
    where: Where,
    as_json: bool,
    who: str,
    no: tuple[str, ...],
    yes: tuple[str, ...],
    consents: tuple[str, ...],
    withdraws: tuple[str, ...],
    source: str,
    since: str | None,
    **wishes: str | None,
) -> None:
    """Say what a member wishes: opt-outs, consents, time zone and language."""
    body: dict[str, Any] = {name: value for name, value in wishes.items() if value is not None}
    if no or yes:
        body["opt_outs"] = dict.fromkeys(no, True) | dict.fromkeys(yes, False)
    if consents or withdraws:
        body["consents"] = dict.fromkeys(consents, True) | dict.fromkeys(withdraws, False)
    if not body:
        raise click.UsageError("Say what they wish; `plaudit member wish --help` lists what there is.")
    _keep(where, as_json, who, "preferences", body | _said(source, since))


@member.command("export", epilog="Example: plaudit member export forum:ada --to ada.zip")
@to_ask
@json_option
@who_argument
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The archive")
def export(where: Where, as_json: bool, who: str, path: Path) -> None:
    """Write all that all services hold of a member to one archive: data.json, and index.html for people."""
    place = where.place()
    with place.access("plaudit member", EXPORTS, SERVICES) as key:
        found = request("GET", _url(place, who), key)
        community = request("GET", f"{place.url('ingest')}/v1/key", key)["community"]
        gathered = gather(place, key, found["member_id"])
    at = datetime.now(UTC).isoformat(timespec="seconds")
    count = write_archive(path, gathered, community=community, member_id=found["member_id"], at=at)
    written = {
        "file": str(path),
        "rows": count,
        "services": {name: len(items) for name, items in gathered.items()},
    }
    if as_json:
        click.echo(json.dumps(written))
    else:
        click.echo(f"{path} has {count} rows of {len([items for items in gathered.values() if items])} services.")


@member.command("erase", epilog="Example: plaudit member erase forum:ada --forfeit")
@to_ask
@json_option
@who_argument
@click.option("--forfeit", is_flag=True, help="Points that they have not used are given up")
@click.option("--yes", is_flag=True, help="Do not ask")
def erase(where: Where, as_json: bool, who: str, forfeit: bool, yes: bool) -> None:
    """Forget a member for good, in every service; prints what went, what remains, and until when.

    Says first what is open of them. Points that were not used are to be used before, or given up by --forfeit;
    payouts that are under way are finished in any case.
    """
    place = where.place()
    with place.access("plaudit member", ERASES, ("ingest", "rewards")) as key:
        member_id = request("GET", f"{_url(place, who)}/erasure", key)["member_id"]
        points = _open_points(place, key, member_id)
        if points and not forfeit:
            had = ", ".join(f"{count} {kind}" for kind, count in points.items())
            raise click.ClickException(
                f"They have points that were not used ({had}). Let them be used, or say --forfeit."
            )
        confirmed(f"Forget {plain(who)} for good?", yes)
        body = {"points": "forfeited" if forfeit else "nothing"}
        proof = request("POST", f"{place.url('ingest')}/v1/members/{member_id}/erase", key, json=body)
    if as_json:
        click.echo(json.dumps(proof))
        return
    gone = ", ".join(f"{count} of {table}" for table, count in proof["deleted"].items())
    click.echo(f"{member_id} was forgotten at {proof['erased_at']}. At ingest went: {gone or 'nothing'}.")
    table = listing("what remains where", "what", "until")
    for one in proof["remains"]:
        table.add_row(*map(plain, (one["where"], one["what"], one["until"] or "for good")))
    Console().print(table)


def _open_points(place: Place, key: str, member_id: str) -> dict[str, int]:
    """The points that a member has not used; none of one whom rewards has not heard of."""
    try:
        points: dict[str, int] = request("GET", f"{place.url('rewards')}/v1/members/{member_id}/open", key)[
            "points"
        ]
    except Refused as error:
        if error.status != httpx.codes.NOT_FOUND:
            raise
        return {}
    return points


def _said(source: str, since: str | None) -> dict[str, str]:
    return {"source": source} | ({"since": since} if since else {})


def _keep(where: Where, as_json: bool, who: str, what: str, body: Mapping[str, Any]) -> None:
    place = where.place()
    with place.access("plaudit member", WRITES, ("ingest",)) as key:
        known = request("PUT", f"{_url(place, who)}/{what}", key, json=body)["items"]
    if as_json:
        click.echo(json.dumps(known))
    else:
        _show_known(known)


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _identity(text: str) -> NamedIdentity:
    try:
        return read_identity(text)
    except NotAnIdentityError as error:
        raise click.BadParameter(f"An identity {error}: {plain(text)}") from error


def _body(identity: NamedIdentity) -> dict[str, str]:
    return {"channel": identity.channel, "id": identity.id} | ({"host": identity.host} if identity.host else {})


def _url(place: Place, who: str) -> str:
    """Where a member is, by an id or an identity; what would end the path is written out."""
    return f"{place.url('ingest')}/v1/members/{quote(who, safe=':@')}"


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
    else:
        _show(found, [])


def _show(found: dict[str, Any], known: list[dict[str, Any]]) -> None:
    table = listing("", "", border=None)
    table.show_header = False
    standing = ", ".join(f"{name} (by {by})" for name, by in found["standing"].items())
    for name, value in (
        ("member", found["member_id"]),
        ("name", found["name"] or "none said"),
        *(
            ("known as", str(NamedIdentity(one["channel"], one["id"], one["host"] or "")))
            for one in found["identities"]
        ),
        ("first seen", found["first_seen_at"]),
        ("bot", f"by {found['bot_by']}" if found["bot_by"] else "no"),
        ("is", standing or "a member"),
        *((("belongs to", found["merged_into"]),) if found["merged_into"] else ()),
        *(("merged into it", one) for one in found["merged_ids"]),
        ("earns", "yes" if found["earns"] and not found["bot_by"] else "no"),
        ("on boards", "yes" if found["ranks"] and not found["bot_by"] else "no"),
    ):
        table.add_row(name, plain(value))
    Console().print(table)
    if known:
        _show_known(known)


def _show_known(known: list[dict[str, Any]]) -> None:
    table = listing("what", "value", "since", "source", "told to others")
    for one in known:
        told = "yes" if one["told"] else "no"
        table.add_row(
            *map(plain, (f"{one['kind']} {one['name']}", str(one["value"]), one["since"], one["source"], told))
        )
    Console().print(table)
