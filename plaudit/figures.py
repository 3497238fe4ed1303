"""`plaudit figures`: growth, retention, answers, goals, and the scorecard of the twelve practices."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import click

from plaudit.figures_asking import get, show, to_ask
from plaudit.figures_content import known_for, read
from plaudit.people import json_option
from plaudit.places import Where


def days_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The days that figures are of."""
    until = click.option("--to", "until", metavar="DAY", help="Last day, like 2026-01-31 [default: today]")
    since = click.option("--from", "since", metavar="DAY", help="First day [default: 29 days before the last]")
    return since(until(command))


by_option = click.option("--by", type=click.Choice(["week", "month"]), default="week", show_default=True)


def _said_slice(_context: click.Context, _option: click.Parameter, said: str | None) -> dict[str, str]:
    """What is asked of the API by `audience=helpers`."""
    if said is None:
        return {}
    kind, equals, value = said.partition("=")
    if not (kind and equals and value):
        raise click.BadParameter("say by what and which, like audience=helpers, channel=forum or country=IT")
    return {"slice_by": kind, "slice": value}


slice_option = click.option(
    "--slice",
    "of",
    metavar="BY=WHICH",
    callback=_said_slice,
    help="Only what was done there or by these: audience=helpers, channel=forum, country=IT",
)


@click.group()
def figures() -> None:
    """See how a community does. Days are the community's; what has no value is shown as a dash."""


figures.add_command(known_for)
figures.add_command(read)


def _asked(since: str | None, until: str | None, **more: Any) -> dict[str, Any]:
    named = {"from": since, "to": until, **more}
    return {name: value for name, value in named.items() if value is not None}


def _percent(share: Mapping[str, Any]) -> str:
    return "–" if share["value"] is None else f"{100 * share['value']:.1f} %"


def _hours(seconds: int | None) -> str:
    return "–" if seconds is None else f"{seconds / 3_600:.1f} h"


@figures.command("growth", epilog="Example: plaudit figures growth --by month --from 2026-01-01")
@to_ask
@json_option
@days_options
@by_option
@slice_option
def growth(where: Where, as_json: bool, since: str | None, until: str | None, by: str, of: dict[str, str]) -> None:
    """Show why the number of active members changed: new, retained, resurrected, churned."""
    items = get(where, "growth", whole=True, **_asked(since, until, by=by, **of))
    counts = ("starts_on", "active_members", "new", "retained", "resurrected", "churned")
    rows = [
        [
            *(one[name] for name in counts),
            "–" if one["quick_ratio"]["value"] is None else f"{one['quick_ratio']['value']:.2f}",
            _percent(one["retention"]),
        ]
        for one in items
    ]
    headings = (by, "active", "new", "retained", "resurrected", "churned", "quick ratio", "retention")
    show(items, as_json, headings, rows)


@figures.command("cohorts", epilog="Example: plaudit figures cohorts --by month --from 2026-01-01")
@to_ask
@json_option
@days_options
@by_option
@slice_option
def cohorts(
    where: Where, as_json: bool, since: str | None, until: str | None, by: str, of: dict[str, str]
) -> None:
    """Show how many of those who were new in a period were active in it and in each since."""
    items = get(where, "cohorts", whole=True, **_asked(since, until, by=by, **of))
    rows = [[one["starts_on"], one["members"], " ".join(map(str, one["present"]))] for one in items]
    show(items, as_json, (by, "new", "active in it and since"), rows)


@figures.command("retention", epilog="Example: plaudit figures retention --from 2026-01-01")
@to_ask
@json_option
@days_options
@slice_option
def retention(where: Where, as_json: bool, since: str | None, until: str | None, of: dict[str, str]) -> None:
    """Show who of the new members was active N days after their first day."""
    found = get(where, "retention", **_asked(since, until, **of))
    rows = [
        [one["day"], one["on_day"]["of"], _percent(one["on_day"]), _percent(one["from_day"])]
        for one in found["days"]
    ]
    show(found, as_json, ("day", "members", "on that day", "on it or later"), rows)


@figures.command("silences", epilog="Example: plaudit figures silences --by month")
@to_ask
@json_option
@days_options
@by_option
@slice_option
def silences(
    where: Where, as_json: bool, since: str | None, until: str | None, by: str, of: dict[str, str]
) -> None:
    """Show who left without a word, and who of them came back in time."""
    items = get(where, "silences", whole=True, **_asked(since, until, by=by, **of))
    rows = [
        [one["starts_on"], one["left"], _percent(one["won_back"]), one["waiting"], one["returned"]]
        for one in items
    ]
    show(items, as_json, (by, "left", "won back", "may come back", "returned"), rows)


@figures.command("activation", epilog="Example: plaudit figures activation --by month")
@to_ask
@json_option
@days_options
@by_option
@slice_option
def activation(
    where: Where, as_json: bool, since: str | None, until: str | None, by: str, of: dict[str, str]
) -> None:
    """Show who of the newcomers took part."""
    items = get(where, "activation", whole=True, **_asked(since, until, by=by, **of))
    rows = [[one["starts_on"], one["new_members"], _percent(one["activated"]), one["waiting"]] for one in items]
    show(items, as_json, (by, "new", "activated", "time not over"), rows)


@figures.command("slices", epilog="Example: plaudit figures slices --by audience --period month --day 2026-01-31")
@to_ask
@json_option
@click.option(
    "--by", default="audience", show_default=True, help="audience, channel, or an attribute like country"
)
@click.option("--period", type=click.Choice(["week", "month"]), default="month", show_default=True)
@click.option("--day", metavar="DAY", help="Any day of the period [default: today]")
def slices(where: Where, as_json: bool, by: str, period: str, day: str | None) -> None:
    """Show audiences, channels or values of an attribute beside one another. Small ones have no figures."""
    items = get(where, "slices", whole=True, **_asked(None, None, by=by, period=period, day=day))
    counts = ("active_members", "new", "retained", "churned")
    rows = [
        [one["title"] or one["value"], *["–"] * 6]
        if one["is_small"]
        else [
            one["title"] or one["value"],
            *(one["growth"][name] for name in counts),
            one["events"],
            _percent(one["stickiness"]),
        ]
        for one in items
    ]
    show(items, as_json, (by, "active", "new", "retained", "churned", "events", "stickiness"), rows)


@figures.command("responses", epilog="Example: plaudit figures responses --within-hours 8 --channel forum")
@to_ask
@json_option
@days_options
@by_option
@click.option(
    "--within-hours", type=click.IntRange(1, 720), default=24, show_default=True, help="What is promised"
)
@click.option("--channel", help="Only what was asked there")
def responses(
    where: Where,
    as_json: bool,
    since: str | None,
    until: str | None,
    by: str,
    within_hours: int,
    channel: str | None,
) -> None:
    """Show how long questions waited for an answer. Who still waits counts as far as they have waited."""
    asked = _asked(since, until, by=by, within_hours=within_hours, channel=channel)
    found = get(where, "response-times", **asked)
    whole = {**found["whole"], "starts_on": "all"}
    rows = [
        [
            one["starts_on"],
            one["asked"],
            one["unanswered"],
            _hours(one["median_seconds"]),
            _percent(one["in_time"]),
        ]
        for one in (*found["periods"], whole)
    ]
    headings = (by, "asked", "unanswered", "median", f"within {within_hours} h")
    show(found, as_json, headings, rows)
    if found["counted_at"] and not as_json:
        click.echo(f"Counted at {found['counted_at']}")


@figures.command("open", epilog="Example: plaudit figures open --channel forum")
@to_ask
@json_option
@click.option("--channel", help="Only what was asked there")
@click.option("--topic", help="Only what was asked about it")
@click.option("--audience", help="Only what was asked by who is in it now")
def open_questions(
    where: Where, as_json: bool, channel: str | None, topic: str | None, audience: str | None
) -> None:
    """List questions that nobody answered, who waits longest on top."""
    items = get(
        where, "open-questions", whole=True, **_asked(None, None, channel=channel, topic=topic, audience=audience)
    )
    rows = [
        [
            _hours(one["waiting_seconds"]),
            one["member_name"] or one["member_id"],
            one["channel"],
            one["event_id"],
            "first" if one["is_first"] else "",
        ]
        for one in items
    ]
    show(items, as_json, ("waiting", "member", "channel", "event", ""), rows)


@figures.command("topics", epilog="Example: plaudit figures topics --from 2026-01-01 --channel forum")
@to_ask
@json_option
@days_options
@click.option("--channel", help="Only what was asked there")
@click.option("--audience", help="Only what members of this audience asked")
def topics(
    where: Where, as_json: bool, since: str | None, until: str | None, channel: str | None, audience: str | None
) -> None:
    """Show what is asked about and not answered, and three topics to write about."""
    found = get(where, "question-topics", **_asked(since, until, channel=channel, audience=audience))
    to_write = {one["topic"] for one in found["to_write"]}
    rows = [
        [
            one["topic"] or "–",
            one["asked"],
            one["unanswered"]["number"],
            one["askers"],
            one["waiting"],
            "write about it" if one["topic"] in to_write else "",
        ]
        for one in found["topics"]
    ]
    show(found, as_json, ("topic", "asked", "unanswered", "members", "waiting", ""), rows)
    if found["counted_at"] and not as_json:
        click.echo(f"Counted at {found['counted_at']}")


@figures.command("answerers", epilog="Example: plaudit figures answerers Tailstock")
@to_ask
@json_option
@click.argument("topic")
def answerers(where: Where, as_json: bool, topic: str) -> None:
    """Show who could answer a question about a topic: who answered such first, the recent counting most."""
    found = get(where, "topic-answerers", topic=topic)
    rows = [
        [one["name"] or one["member_id"], one["answers"], one["last_at"][:10], f"{one['weight']:.2f}"]
        for one in found["members"]
    ]
    show(found, as_json, ("who", "answers", "last", "weight"), rows)


@figures.command("sentiment", epilog="Example: plaudit figures sentiment --by month --channel forum")
@to_ask
@json_option
@days_options
@click.option("--by", type=click.Choice(["day", "week", "month"]), default="week", show_default=True)
@click.option("--channel", help="Only what was written there")
@click.option("--type", "kind", help="Only events of this type, like forum.reply.v1")
def sentiment(
    where: Where,
    as_json: bool,
    since: str | None,
    until: str | None,
    by: str,
    channel: str | None,
    kind: str | None,
) -> None:
    """Show how what members wrote sounds. What several models measured has no net sentiment together."""
    found = get(where, "sentiment", **_asked(since, until, by=by, channel=channel, type=kind))
    counts = ("judged", "positive", "negative", "undecided", "left_out")
    rows = [
        [one["starts_on"], _signed(one["net"]), *(one[name] for name in counts)]
        for one in (*found["periods"], {**found["whole"], "starts_on": "all"})
    ]
    change = found["change"]
    show(found, as_json, (by, "net", *(name.replace("_", " ") for name in counts)), rows)
    if not as_json:
        interval = f" ({_signed(change['low'])} to {_signed(change['high'])})" if change["judged"] else ""
        said = change["verdict"].replace("_", " ")
        click.echo(f"Change: {_signed(change['difference'])}{interval}, {said}")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f}"


kind_option = click.option("--kind", type=click.Choice(["answers", "thanks"]), help="Only one of the two")


@figures.command("network", epilog="Example: plaudit figures network --kind answers --from 2026-01-01")
@to_ask
@json_option
@days_options
@kind_option
def network(where: Where, as_json: bool, since: str | None, until: str | None, kind: str | None) -> None:
    """Show what the network is like of who answers and thanks whom."""
    found = get(where, "network", **_asked(since, until, kind=kind))
    factor = found["absence_factor"]
    rows = [
        ["members with a tie", found["members"]],
        ["ties", found["ties"]],
        ["answers and thanks", found["times"]],
        ["returned", _percent(found["reciprocity"])],
        ["groups", found["parts"]],
        ["in the largest", _percent(found["largest_part"])],
        ["give half", "–" if factor is None else factor],
        ["connect others", found["bridging_members"]],
        *([["counted at", found["counted_at"]]] if found["counted_at"] else []),
    ]
    show(found, as_json, ("figure", "value"), rows)


@figures.command("ties", epilog="Example: plaudit figures ties --kind thanks --json")
@to_ask
@json_option
@days_options
@kind_option
def ties(where: Where, as_json: bool, since: str | None, until: str | None, kind: str | None) -> None:
    """List who turned to whom, who did most often on top."""
    items = get(where, "ties", whole=True, **_asked(since, until, kind=kind))
    rows = [
        [
            one["from_name"] or one["from_member_id"],
            one["to_name"] or one["to_member_id"],
            one["times"],
            "yes" if one["is_mutual"] else "",
        ]
        for one in items
    ]
    show(items, as_json, ("who", "to whom", "times", "returned"), rows)


@figures.command("bridges", epilog="Example: plaudit figures bridges --from 2026-01-01")
@to_ask
@json_option
@days_options
@kind_option
def bridges(where: Where, as_json: bool, since: str | None, until: str | None, kind: str | None) -> None:
    """List members without whom others would not be connected."""
    items = get(where, "bridging-members", whole=True, **_asked(since, until, kind=kind))
    rows = [[one["name"] or one["member_id"], one["cut_off"], one["members"]] for one in items]
    show(items, as_json, ("who", "cut off without them", "connected in all"), rows)


@figures.command("isolated", epilog="Example: plaudit figures isolated --from 2026-01-01")
@to_ask
@json_option
@days_options
def isolated(where: Where, as_json: bool, since: str | None, until: str | None) -> None:
    """List newcomers of these days whom nobody has ever answered or thanked."""
    items = get(where, "isolated-newcomers", whole=True, **_asked(since, until))
    rows = [[one["name"] or one["member_id"], one["first_day"], one["active_days"], one["given"]] for one in items]
    show(items, as_json, ("who", "new on", "active days", "turned to others"), rows)


@figures.command("stickiness", epilog="Example: plaudit figures stickiness --from 2026-01-01")
@to_ask
@json_option
@days_options
def stickiness(where: Where, as_json: bool, since: str | None, until: str | None) -> None:
    """Show how often the active come: the mean of a month's days, of all who are active in it."""
    found = get(where, "stickiness", **_asked(since, until))
    rows = [
        [one["starts_on"], one["active_members"], one["daily_sum"], one["days"], _percent(one["stickiness"])]
        for one in found["months"]
    ]
    show(found, as_json, ("month", "active", "sum of days", "days", "stickiness"), rows)


@figures.command("channels", epilog="Example: plaudit figures channels --by month")
@to_ask
@json_option
@days_options
@by_option
def channels(where: Where, as_json: bool, since: str | None, until: str | None, by: str) -> None:
    """Show how events are spread over channels."""
    items = get(where, "channel-mix", whole=True, **_asked(since, until, by=by))
    rows = [
        [
            one["starts_on"],
            one["events"],
            "–" if one["effective_channels"] is None else f"{one['effective_channels']:.2f}",
            ", ".join(f"{part['channel'] or 'others'} {100 * part['share']:.1f} %" for part in one["channels"]),
        ]
        for one in items
    ]
    show(items, as_json, (by, "events", "effective channels", "channels"), rows)


@figures.command("concentration", epilog="Example: plaudit figures concentration --from 2026-01-01")
@to_ask
@json_option
@days_options
def concentration(where: Where, as_json: bool, since: str | None, until: str | None) -> None:
    """Show on how few members the activity of each month rests."""
    items = get(where, "concentration", whole=True, **_asked(since, until))
    rows = [
        [
            one["starts_on"],
            one["active_members"],
            "–" if one["absence_factor"] is None else one["absence_factor"],
            _percent(one["top_tenth"]),
            _percent(one["top_percent"]),
        ]
        for one in items
    ]
    show(items, as_json, ("month", "active", "do half of it", "top tenth", "top hundredth"), rows)


@figures.command("orbit", epilog="Example: plaudit figures orbit --from 2026-01-01")
@to_ask
@json_option
@days_options
def orbit(where: Where, as_json: bool, since: str | None, until: str | None) -> None:
    """Show how many members are on each level of the Orbit model, by month."""
    items = get(where, "orbit", whole=True, **_asked(since, until))
    rows = [
        [
            one["starts_on"],
            *one["levels"].values(),
            one["joined"],
            one["rose"],
            one["fell"],
            "–" if one["gravity"]["value"] is None else f"{one['gravity']['value']:+.1f}",
        ]
        for one in items
    ]
    levels = (f"level {level}" for level in (1, 2, 3, 4))
    show(items, as_json, ("month", *levels, "joined", "rose", "fell", "gravity"), rows)


@figures.command("movers", epilog="Example: plaudit figures movers --direction down --day 2026-01-31")
@to_ask
@json_option
@click.option("--day", metavar="DAY", help="Any day of the month [default: today]")
@click.option("--direction", type=click.Choice(["up", "down"]), help="Only who rose or joined, or who fell")
def movers(where: Where, as_json: bool, day: str | None, direction: str | None) -> None:
    """List who came to another level of the Orbit model in a month."""
    items = get(where, "orbit-moves", whole=True, **_asked(None, None, day=day, direction=direction))
    rows = [
        [one["name"] or one["member_id"], one["level_before"] or "new", one["level"], f"{one['love']:.2f}"]
        for one in items
    ]
    show(items, as_json, ("who", "from", "to", "love"), rows)


@figures.command("scorecard", epilog="Example: plaudit figures scorecard --json")
@to_ask
@json_option
@click.option("--day", metavar="DAY", help="The day after the last that counts [default: today]")
def scorecard(where: Where, as_json: bool, day: str | None) -> None:
    """Show the twelve practices: what is well, what is not, and what nothing counts yet."""
    found = get(where, "scorecard", **_asked(None, None, day=day))
    rows = [
        [
            practice["practice"],
            one["name"].replace("_", " "),
            one["state"],
            _value(one, one["value"]),
            f"{'at most' if one['at_most'] else 'at least'} {_value(one, one['objective'])}",
            _value(one, one["before"]),
            f"{one['bad_weeks']} of {len(one['weeks'])}" if one["weeks"] else "–",
        ]
        for practice in found["practices"]
        for one in practice["indicators"]
    ]
    headings = ("practice", "indicator", "state", "value", "objective", "before", "bad weeks")
    show(found, as_json, headings, rows)


@figures.command("digest", epilog="Example: plaudit figures digest --weeks 4")
@to_ask
@json_option
@click.option("--weeks", type=click.IntRange(1, 52), default=1, show_default=True, help="So many, newest first")
def digest(where: Where, as_json: bool, weeks: int) -> None:
    """Show the week that is over: what changed, which goals are off pace, what waits, and one thing to do."""
    items = get(where, "digests", limit=weeks)["items"]
    rows = [
        [
            one["starts_on"],
            f"{one['active_members']} ({one['active_before']})",
            one["new_members"],
            one["questions_waiting"],
            one["reports_waiting"],
            ", ".join(goal["goal_id"] for goal in one["goals"] if goal["state"] in ("off_pace", "missed")) or "–",
            one["todo"],
        ]
        for one in items
    ]
    headings = ("week", "active (before)", "new", "questions", "reports", "goals off", "to do")
    show(items, as_json, headings, rows)


@figures.command("alerts", epilog="Example: plaudit figures alerts --all")
@to_ask
@json_option
@click.option("--all", "is_all", is_flag=True, help="Those that are over too")
def alerts(where: Where, as_json: bool, is_all: bool) -> None:
    """Show what somebody should look at: goals off their target, red indicators, lineage that leads nowhere."""
    items = get(where, "alerts", whole=True, **({} if is_all else {"state": "raised"}))
    rows = [
        [one["name"].replace("_", " "), one["about"], one["state"], one["since"][:16], one["told_on"]]
        for one in items
    ]
    show(items, as_json, ("alert", "about", "state", "since", "told on"), rows)


@figures.command("goals", epilog="Example: plaudit figures goals")
@to_ask
@json_option
def goals(where: Where, as_json: bool) -> None:
    """Show how far each goal of the programme is, and where it will end."""
    items = get(where, "goals", whole=True)
    rows = [[one["goal_id"], one["declared"]["title"], *_stands(one["declared"], one["stands"])] for one in items]
    show(items, as_json, ("goal", "title", *STANDS), rows)


@figures.command("goal", epilog="Example: plaudit figures goal answers")
@to_ask
@json_option
@click.argument("goal_id")
def goal(where: Where, as_json: bool, goal_id: str) -> None:
    """Show a goal: this window, and those that are over by the definition that held then."""
    found = get(where, f"goals/{quote(goal_id, safe='')}")
    windows = [found["current"], *found["past"]] if found["current"] else found["past"]
    rows = [[_window(one["stands"]), *_stands(one["declared"], one["stands"])] for one in windows]
    show(found, as_json, ("window", *STANDS), rows)
    for rule in [] if as_json else found["rules"]:
        click.echo(f"served by {rule['rule_id']}: {rule['points']} points in this window")


STANDS = ("state", "actual", "target", "expected", "pace", "forecast")


def _stands(declared: Mapping[str, Any], stands: Mapping[str, Any]) -> list[str]:
    ends = stands["forecast"]
    return [
        f"lacks {', '.join(declared['lacks'])}" if declared["lacks"] else stands["state"].replace("_", " "),
        str(stands["actual"]),
        "–" if declared["target"] is None else str(declared["target"]),
        "–" if stands["expected"] is None else f"{stands['expected']:g}",
        "–" if stands["pace"] is None else f"{stands['pace']:.2f}",
        "–" if ends is None else f"{ends['value']:.0f} ({ends['low']:.0f} … {ends['high']:.0f})",
    ]


def _window(stands: Mapping[str, Any]) -> str:
    return f"{stands['starts_on']} … {stands['ends_on']}" if stands["starts_on"] else "–"


def _value(indicator: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return "–"
    if indicator["unit"] == "share":
        return f"{100 * value:.1f} %"
    return _hours(int(value)) if indicator["unit"] == "seconds" else f"{value:g}"
