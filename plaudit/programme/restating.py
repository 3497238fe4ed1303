"""`plaudit programme restate`: apply a version to the past; look, submit, approve, and have it reversed."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from plaudit.calls import request
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, followed, show, to_work
from plaudit.programme.backtesting import CANCELLED, FAILED, Since
from shared.contracts.texts import written_out

READS, WRITES = ("programmes:read",), ("programmes:read", "programmes:write")
APPROVES = ("programmes:read", "programmes:approve")
BUSY = ("computing", "approved", "posting", "reversing")
FAILURES = {
    "too_many_events": "there are more events than a restatement may be of: ask for a shorter time",
    "too_many_differences": "it would change more awards than it may: ask for a shorter time",
    "too_entangled": "too many others share limits with what it would change: ask for a shorter time",
    "too_long": "it took longer than a restatement may: ask for a shorter time",
    "too_much_memory": "it took more memory than it may: ask for a shorter time",
    "no_programme": "the version is no programme any more",
    "broke": "it broke; the log of scoring says why",
}


@click.group()
def restate() -> None:
    """Apply a version to the past and post only the differences, once another person approved them."""


id_argument = click.argument("restatement_id", metavar="ID")


@restate.command("preview", epilog="Example: plaudit programme restate preview --since 90d --reason 'Too few'")
@to_work
@json_option
@click.option("--since", type=Since(), default="90d", show_default=True, help="Events from then on: 90d, a date")
@click.option("--until", type=Since(), help="Events before then [default: now]")
@click.option("--version", type=click.IntRange(min=1), help="The version to apply [default: the one in force]")
@click.option("--audience", help="Only what members of this audience get")
@click.option("--reason", required=True, help="Why: members whose points change read it")
def preview_restatement(
    where: Where,
    as_json: bool,
    since: datetime,
    until: datetime | None,
    version: int | None,
    audience: str | None,
    reason: str,
) -> None:
    """Work out what a version would change of the past. Nothing is posted.

    Ends with 0 once it is ready, with 3 when it failed, and with 4 when somebody cancelled it.
    """
    body = {
        "since": since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "version": version,
        "audience": audience,
        "reason": reason,
    }
    place = where.place()
    with place.access("plaudit programme", WRITES, ("scoring",)) as key:
        base = f"{place.url('scoring')}/v1/restatements"
        found = request("POST", base, key, json=body)
        found = _waited(base, key, found, until_not=("computing",))
    _tell(found, as_json=as_json)


@restate.command("list", epilog="Example: plaudit programme restate list")
@to_work
@json_option
def list_restatements(where: Where, as_json: bool) -> None:
    """Show the newest restatements, what they come to, and who decided."""
    found = ask(where, "GET", "/v1/restatements", scopes=READS)
    show(found, as_json=as_json, words=lambda page: [_line(one) for one in page["items"]] or ["There are none."])


@restate.command("status", epilog="Example: plaudit programme restate status ID --wait")
@to_work
@json_option
@click.option("--wait", is_flag=True, help="Until the platform has nothing more to do for it")
@click.option("--differences", is_flag=True, help="Show each award that changes, too")
@id_argument
def show_restatement(where: Where, as_json: bool, wait: bool, differences: bool, restatement_id: str) -> None:
    """Show a restatement: how far it is, what it comes to, and who decided."""
    place = where.place()
    with place.access("plaudit programme", READS, ("scoring",)) as key:
        base = f"{place.url('scoring')}/v1/restatements"
        found = request("GET", f"{base}/{restatement_id}", key)
        if wait:
            found = _waited(base, key, found, until_not=BUSY)
        if differences:
            found["differences"] = list(_differences(f"{base}/{restatement_id}/differences", key))
    _tell(found, as_json=as_json)


@restate.command("submit", epilog="Example: plaudit programme restate submit ID")
@to_work
@json_option
@id_argument
def submit_restatement(where: Where, as_json: bool, restatement_id: str) -> None:
    """Put it up for another person's approval."""
    _step(where, restatement_id, "submit", scopes=WRITES, as_json=as_json)


@restate.command("approve", epilog="Example: plaudit programme restate approve ID --digest DIGEST")
@to_work
@json_option
@click.option("--digest", required=True, help="Of what you have seen: `plaudit programme restate status` shows it")
@id_argument
def approve_restatement(where: Where, as_json: bool, digest: str, restatement_id: str) -> None:
    """Have it posted, if it still comes to what the digest says. Another person asked for it."""
    _step(where, restatement_id, "approve", scopes=APPROVES, as_json=as_json, json={"digest": digest})


@restate.command("cancel", epilog="Example: plaudit programme restate cancel ID")
@to_work
@json_option
@id_argument
def cancel_restatement(where: Where, as_json: bool, restatement_id: str) -> None:
    """Have it never be posted."""
    _step(where, restatement_id, "cancel", scopes=WRITES, as_json=as_json)


@restate.command("reverse", epilog="Example: plaudit programme restate reverse ID")
@to_work
@json_option
@id_argument
def reverse_restatement(where: Where, as_json: bool, restatement_id: str) -> None:
    """Ask to have all of it reversed; another person approves that."""
    _step(where, restatement_id, "reverse", scopes=WRITES, as_json=as_json)


@restate.command("approve-reversal", epilog="Example: plaudit programme restate approve-reversal ID")
@to_work
@json_option
@id_argument
def approve_reversal(where: Where, as_json: bool, restatement_id: str) -> None:
    """Have all of it reversed, as another person asked."""
    _step(where, restatement_id, "approve-reversal", scopes=APPROVES, as_json=as_json)


def _step(
    where: Where, restatement_id: str, verb: str, *, scopes: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    path = f"/v1/restatements/{restatement_id}/{verb}"
    found = ask(where, "POST", path, scopes=scopes, **options)
    show(found, as_json=as_json, words=lambda one: [_line(one)])


def _waited(base: str, key: str, found: Any, *, until_not: tuple[str, ...]) -> Any:
    """A restatement once it is in none of these states."""
    url = f"{base}/{found['restatement_id']}"
    followed(url, key, found, goes_on=lambda one: one["state"] in until_not, more=lambda _: "")
    return request("GET", url, key)


def _differences(url: str, key: str) -> Iterator[Any]:
    params: dict[str, Any] = {"limit": 100}
    while True:
        page = request("GET", url, key, params=params)
        yield from page["items"]
        if page["next"] is None:
            return
        params["after"] = page["next"]


def _tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
    else:
        for line in report_lines(found):
            click.echo(line)
    if found["state"] == "failed":
        click.echo(f"The restatement failed: {FAILURES.get(found['failure'], found['failure'])}", err=True)
        raise SystemExit(FAILED)
    if found["state"] == "cancelled":
        click.echo("The restatement was cancelled", err=True)
        raise SystemExit(CANCELLED)


def _line(one: Mapping[str, Any]) -> str:
    result = one["result"]
    what = "" if result is None else f": {result['points']:+,} points, {result['awards_count']:,} awards"
    return written_out(f"{one['restatement_id']} {one['state']}, version {one['version']}{what} ({one['reason']})")


def report_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A restatement in words."""
    of = "" if found["audience"] is None else f", of members in {found['audience']}"
    yield written_out(f"{found['restatement_id']} {found['state']}: {found['reason']}")
    yield f"Version {found['version']} for events from {found['since']} until {found['until']}{of}"
    for what in ("asked", "submitted", "approved", "reversal_asked", "reversal_approved"):
        if found[what] is not None:
            yield written_out(f"  {what.replace('_', ' ')} by {found[what]['name']} at {found[what]['at']}")
    if found["changed_at"] is not None:
        yield "  It comes to something else than what was approved: look at it, and approve it again."
    result = found["result"]
    if result is None:
        return
    yield (
        f"{result['awards_count']:,} awards of {result['members_count']:,} members change:"
        f" {result['points']:+,} points (+{result['points_given']:,}, -{result['points_taken']:,});"
        f" {result['winners_count']:,} members have more, {result['losers_count']:,} less"
    )
    for one in result["rules"]:
        yield written_out(
            f"  rule {one['rule']} ({one['score']}): {one['points']:+,} in {one['awards_count']:,} awards"
        )
    for one in found["movers"]:
        yield written_out(f"  {one['member_name'] or one['member_id']}: {one['points']:+,}")
    for one in found.get("differences", ()):
        name = one["member_name"] or one["member_id"]
        yield written_out(
            f"  {one['event_time']} {one['rule']}: {name} {one['before']:,} -> {one['after']:,}"
            f" ({one['posted_id'] or 'not posted'})"
        )
    yield f"digest {found['digest']}"
