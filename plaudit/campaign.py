"""`plaudit campaign`: what campaigns spent, how fast, and who stops them."""

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, show, to_work
from plaudit.terminal import plain
from shared.contracts.texts import written_out

campaign_argument = click.argument("campaign")
reason_option = click.option("--reason", required=True, help="Why, for whoever looks later")
READ, WRITE = ("programmes:read",), ("programmes:write",)


@click.group()
def campaign() -> None:
    """See what campaigns spent of their budgets, and stop them."""


@campaign.command("list", epilog="Example: plaudit campaign list --community demo")
@to_work
@json_option
def list_campaigns(where: Where, as_json: bool) -> None:
    """List the campaigns of the programme in force."""
    found = ask(where, "GET", "/v1/campaigns", scopes=READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("campaign", "state", "until", "days left", "spent", "left", "pace")
    for one in found["items"]:
        row = [one[name] for name in ("campaign_id", "state", "ends", "days_left", "spent_points")]
        table.add_row(*(plain(str(cell)) for cell in (*row, one["left_points"], f"{one['pace_percent']} %")))
    Console().print(table)


@campaign.command("show", epilog="Example: plaudit campaign show spring --community demo")
@to_work
@json_option
@campaign_argument
def show_campaign(where: Where, as_json: bool, campaign: str) -> None:
    """Show what a CAMPAIGN spent by rule and day, how fast, and what it is worth."""
    found = ask(where, "GET", f"/v1/campaigns/{campaign}", scopes=READ)
    show(found, as_json=as_json, words=campaign_lines)


def campaign_lines(one: Mapping[str, Any]) -> list[str]:
    """A campaign in words."""
    lines = [
        written_out(f"{one['title']} ({one['campaign_id']}): {one['state']}"),
        f"from {one['starts']} to {one['ends']}, {one['days_left']} days left; books close at {one['closes_at']}",
        f"{one['spent_points']:,} of {one['budget_points']:,} points spent, {one['left_points']:,} left",
        f"pace: {one['pace_percent']} % of an even spending" + (", too fast" if one["is_too_fast"] else ""),
    ]
    if one["worth"] is not None:
        worth = one["worth"]
        lines.append(
            f"worth: {worth['spent_minor']:,} of {worth['budget_minor']:,} minor units of {worth['currency']}"
        )
    if one["changed_at"] is not None:
        lines.append(written_out(f"{one['changed_by']}, {one['changed_at']}: {one['reason']}"))
    for rule in one["rules"]:
        budget = "" if rule["budget_points"] is None else f" of {rule['budget_points']:,}"
        lines.append(written_out(f"  {rule['rule_id']}: {rule['spent_points']:,}{budget}"))
    lines += [f"  {day['day']}: {day['spent_points']:,}" for day in one.get("days", ())]
    for turn in one.get("turns", ()):
        why = "" if turn["reason"] is None else f": {turn['reason']}"
        by = "" if turn["by"] is None else f", {turn['by']}"
        lines.append(written_out(f"  {turn['at']}: {turn['what']} at {turn['spent_points']:,} points{by}{why}"))
    return lines


@campaign.command("stop", epilog='Example: plaudit campaign stop spring --reason "One thread alone takes it all"')
@to_work
@json_option
@reason_option
@campaign_argument
def stop(where: Where, as_json: bool, reason: str, campaign: str) -> None:
    """Have a CAMPAIGN give nothing from now on. One person is enough."""
    _change(where, "stop", campaign, reason, as_json=as_json)


@campaign.command("resume", epilog='Example: plaudit campaign resume spring --reason "That is what it is for"')
@to_work
@json_option
@reason_option
@campaign_argument
def resume(where: Where, as_json: bool, reason: str, campaign: str) -> None:
    """Let a CAMPAIGN go on, whatever its pace, until its budget is spent."""
    _change(where, "resume", campaign, reason, as_json=as_json)


def _change(where: Where, verb: str, campaign: str, reason: str, *, as_json: bool) -> None:
    found = ask(where, "POST", f"/v1/campaigns/{campaign}/{verb}", scopes=WRITE, json={"reason": reason})
    show(found, as_json=as_json, words=lambda one: campaign_lines(one)[:1])


@campaign.command("effect", epilog="Example: plaudit campaign effect spring --wished-points 3")
@to_work
@json_option
@campaign_argument
@click.option(
    "--wished-points",
    type=click.FloatRange(0, 100, min_open=True),
    default=5.0,
    show_default=True,
    help="The difference that would be worth it, in percentage points",
)
def campaign_effect(where: Where, as_json: bool, campaign: str, wished_points: float) -> None:
    """Show what a CAMPAIGN brings: who could get something from it beside who was held out."""
    path, params = f"/v1/lift/campaigns/{campaign}", {"wished_points": wished_points}
    found = ask(where, "GET", path, scopes=("analytics:read",), service="analytics", params=params)
    show(found, as_json=as_json, words=effect_lines)


VERDICTS = {
    "more": "more were active for it",
    "fewer": "fewer were active for it",
    "too_small_to_tell": "too small to tell",
    "nothing_yet": "nobody to compare",
    None: "told when it is over",
}


def effect_lines(one: Mapping[str, Any]) -> list[str]:
    """What a campaign brings, in words."""
    lines = [written_out(f"{one['title']} ({one['campaign_id']}): {one['state']}, {VERDICTS[one['verdict']]}")]
    for name, arm in (("could get something", one["treated"]), ("held out", one["held_out"])):
        lines.append(f"{name}: {arm['active']:,} of {arm['members']:,} were active")
    if one["detectable_points"] is not None:
        small = ": too small to tell" if one["is_too_small"] else ""
        lines.append(f"a difference of {one['detectable_points']} points or more would be seen{small}")
    if one["difference_points"] is not None:
        lines.append(f"difference: {one['difference_points']} points ({one['low_points']} … {one['high_points']})")
    if (price := one["price"]) is not None and price["points_each"] is not None:
        high = "no upper end" if price["points_each_high"] is None else price["points_each_high"]
        lines.append(f"{price['points_each']} points for each ({price['points_each_low']} … {high})")
    if one["audiences"]:
        lines.append(f"by audience, each one of {len(one['audiences'])} comparisons:")
    return [*lines, *map(audience_line, one["audiences"])]


def audience_line(one: Mapping[str, Any]) -> str:
    """What a campaign brings among an audience, in words."""
    members = f"{one['treated']['members'] + one['held_out']['members']:,} members"
    line = written_out(f"  {one['title']} ({one['audience_id']}): {members}, {VERDICTS[one['verdict']]}")
    if one["difference_points"] is not None:
        return f"{line}, {one['difference_points']} points ({one['low_points']} … {one['high_points']})"
    if one["detectable_points"] is not None:
        small = ": too small to tell" if one["is_too_small"] else ""
        return f"{line}, a difference of {one['detectable_points']} points or more would be seen{small}"
    return line
