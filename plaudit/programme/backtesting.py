"""`plaudit programme backtest`: what drafts would have given for the past, beside what was in force."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from plaudit.calls import request
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import followed, to_work
from shared.contracts.texts import written_out
from shared.currencies import decimal_amount

DRAFTS_MAX_COUNT = 4
FAILED, CANCELLED = 3, 4
WRITES = ("programmes:read", "programmes:write")
FAILURES = {
    "too_many_events": "there are more events than a backtest may be of: ask for a shorter time",
    "too_long": "it took longer than a backtest may: ask for a shorter time",
    "too_much_memory": "it took more memory than a backtest may: ask for a shorter time, or fewer drafts",
    "no_programme": "a draft is no programme any more",
    "broke": "it broke; the log of scoring says why",
}


class Since(click.ParamType):
    """How long ago, as `90d` or `12w`, or a date or time."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment. Fails with what would be one."""
        text = str(value)
        days = {"d": 1, "w": 7}.get(text[-1:])
        if days is not None and text[:-1].isdigit() and int(text[:-1]) <= 36_600:
            return datetime.now(UTC) - timedelta(days=days * int(text[:-1]))
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time: say 90d, 12w, 2026-04-01 or 2026-04-01T00:00:00Z", param, ctx)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@click.command(
    "backtest", epilog="Example: plaudit programme backtest --since 90d programmes/starter.yaml --community demo"
)
@to_work
@json_option
@click.option(
    "--since", type=Since(), default="90d", show_default=True, help="Events from then on: 90d, 12w, a date"
)
@click.option("--until", type=Since(), help="Events before then [default: now]")
@click.option("--audience", help="Sum up what members of this audience get alone")
@click.argument("drafts", metavar="DRAFT…", nargs=-1, required=True)
def backtest_programmes(
    where: Where,
    as_json: bool,
    since: datetime,
    until: datetime | None,
    audience: str | None,
    drafts: tuple[str, ...],
) -> None:
    """Have the past go through each DRAFT, a file or the id of a stored draft, and compare what that gives.

    Nothing is given. Ends with 0 once it is done, with 3 when it failed, and with 4 when somebody cancelled it.
    """
    if len(drafts) > DRAFTS_MAX_COUNT:
        raise click.UsageError(f"{DRAFTS_MAX_COUNT} drafts at most are compared at once")
    body = {
        "since": since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "audience": audience,
        "drafts": [draft_of(one) for one in drafts],
    }
    place = where.place()
    with place.access("plaudit programme", WRITES, ("scoring",)) as key:
        base = f"{place.url('scoring')}/v1/backtests"
        found = request("POST", base, key, json=body)
        found = followed(
            f"{base}/{found['backtest_id']}",
            key,
            found,
            goes_on=lambda one: one["ended_at"] is None,
            more=lambda one: f" of the log, {one['events_count']:,} events",
        )
        if found["state"] == "done":
            found = request("GET", f"{base}/{found['backtest_id']}", key)
    if as_json:
        click.echo(json.dumps(found))
    elif found["state"] == "done":
        for line in report_lines(found):
            click.echo(line)
    if found["state"] == "failed":
        click.echo(f"The backtest failed: {FAILURES.get(found['failure'], found['failure'])}", err=True)
        raise SystemExit(FAILED)
    if found["state"] == "cancelled":
        click.echo("The backtest was cancelled", err=True)
        raise SystemExit(CANCELLED)


def draft_of(said: str) -> dict[str, str]:
    """A draft as the API takes it. Raises ClickException for what is neither a file nor an id."""
    file = Path(said)
    if file.is_file():
        try:
            return {"title": file.stem[:100], "text": file.read_text("utf-8")}
        except UnicodeDecodeError as error:
            raise click.ClickException(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        return {"draft_id": str(UUID(said))}
    except ValueError:
        raise click.ClickException(
            f"{said} is no file, and no id of a draft: `plaudit programme drafts list` shows these"
        ) from None


def report_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What a backtest found, in words."""
    live, *drafts = found["result"]["sides"]
    of = "" if found["audience"] is None else f", of members in {found['audience']}"
    yield f"{found['events_count']:,} events from {found['since']} until {found['until']}{of}"
    yield f"The programme that was in force gave {_amount(live)} to {live['members_count']:,} members."
    for side in drafts:
        yield from _draft_lines(live, side)
    yield f"digest {found['result']['digest']}"


def _draft_lines(live: Mapping[str, Any], side: Mapping[str, Any]) -> Iterator[str]:
    compared = side["compared"]
    yield ""
    yield written_out(headline(live, side))
    yield f"  {_amount(side)} to {side['members_count']:,} members"
    yield (
        f"  {compared['winners_count']:,} members would have more, {compared['losers_count']:,} less,"
        f" {compared['same_count']:,} the same"
    )
    before = {(one["rule"], one["score"]): one["points"] for one in live["rules"]}
    after = {(one["rule"], one["score"]): one["points"] for one in side["rules"]}
    for rule, score in sorted({*before, *after}):
        was, now = before.get((rule, score), 0), after.get((rule, score), 0)
        yield written_out(f"  rule {rule} ({score}): {was:,} -> {now:,} ({now - was:+,})")
    for one in side["limits"]:
        yield written_out(
            f"  {one['rule']}: {one['reason']} hit {one['count']:,} times, {one['points']:,} points less"
        )
    for one in side["budgets"]:
        end = "lasts" if one["ends_on"] is None else f"ends on {one['ends_on']}"
        yield written_out(f"  budget of {one['campaign']} {end}: {one['spent']:,} of {one['budget']:,} points")
    for one in compared["audiences"]:
        was, now = one["points_before"], one["points_after"]
        yield written_out(
            f"  audience {one['audience']}: {was:,} -> {now:,}; {one['winners_count']:,} more,"
            f" {one['losers_count']:,} less"
        )
    for one in compared["movers"]:
        name = one["member_name"] or one["member_id"]
        yield written_out(f"  {name}: {one['before']:,} -> {one['after']:,}")


def headline(live: Mapping[str, Any], side: Mapping[str, Any]) -> str:
    """The answer in a sentence: how many more points, and what that is worth."""
    compared = side["compared"]
    points = compared["points"]
    if not points:
        return f"“{side['title']}” would have given as many points."
    percent = "" if compared["percent"] is None else f" ({compared['percent']:+g} %)"
    direction = "more" if points > 0 else "fewer"
    money = ""
    if side["worth"] is not None and (live["worth"] or side["worth"])["currency"] == side["worth"]["currency"]:
        before = live["worth"]
        minor = side["worth"]["minor"] - (before["minor"] if before else 0)
        currency = side["worth"]["currency"]
        money = f", worth {decimal_amount(minor, currency):+,} {currency}"
    return f"“{side['title']}” would have given {abs(points):,} points {direction}{percent}{money}."


def _amount(side: Mapping[str, Any]) -> str:
    worth, liability = side["worth"], side["liability"]
    if worth is None:
        return f"{side['points']:,} points"
    currency = worth["currency"]
    return (
        f"{side['points']:,} points (worth {decimal_amount(worth['minor'], currency):,} {currency},"
        f" {worth['per_point']} minor units a point; {decimal_amount(liability['minor'], currency):,} {currency}"
        " still open)"
    )
