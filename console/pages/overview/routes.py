"""The overview: is it better than before, and what waits for me?"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from console.asking import Answer
from console.frame.navigation import OVERVIEW
from console.frame.visits import Visit, page
from console.pages.figures.causes import cause_of
from console.pages.periods import DAYS, Days, asked_days

RULES_COUNT = 8
LEADERS_COUNT = 6
LATEST_COUNT = 6
CHANNELS_COUNT = 6


@dataclass(frozen=True)
class Waiting:
    """Something that waits for whoever looks: what, why, and where to act."""

    icon: str
    tone: str
    title: str
    detail: str
    href: str
    action: str


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


async def show(visit: Visit) -> Response:
    """Ask all services side by side, and show what each said."""
    days = asked_days(visit.request.query_params, visit.writer.zone)
    session, ask = visit.signed_in, visit.ask
    earlier, _last = days.before
    questions: dict[str, Any] = {
        # Both periods in one question: their days, oldest first.
        "daily": ask.get("analytics", "/v1/participation", by="day", from_=earlier, to=days.last, limit=200),
        "acquired": ask.get("analytics", "/v1/acquisition", by="day", from_=earlier, to=days.last, limit=200),
        "rules": ask.get("analytics", "/v1/points-by-rule", from_=days.first, to=days.last, limit=100),
        "rules_before": ask.get("analytics", "/v1/points-by-rule", from_=earlier, to=_last, limit=100),
        "rejections": ask.get("analytics", "/v1/rejections", from_=days.first, to=days.last, limit=100),
        "summary": ask.get("analytics", "/v1/summary"),
    }
    if session.may("recognition:read"):
        questions["latest"] = ask.get("recognition", "/v1/celebrations", limit=LATEST_COUNT)
        questions["leaders"] = ask.get("recognition", "/v1/leaderboard", period="month", limit=LEADERS_COUNT)
    if session.may("programmes:read"):
        questions["programmes"] = ask.get("scoring", "/v1/programmes", limit=10)
    if session.may("payouts:read"):
        questions["runs"] = ask.get("rewards", "/v1/payout-runs", state="open", limit=10)
    answers = await ask.all(**questions)
    waiting = [
        *_rejected(visit, answers["rejections"], days),
        *_proposed(visit, answers.get("programmes")),
        *_open_runs(visit, answers.get("runs")),
    ]
    return visit.page(
        "pages/overview/page.html",
        days=days,
        choices=DAYS,
        answers=answers,
        figures=_figures(answers, days),
        waiting=waiting,
        rules=_rules(answers),
        leaders=answers.get("leaders"),
        latest=answers.get("latest"),
        acquired=_acquired(answers["acquired"], days),
    )


def _figures(answers: dict[str, Answer], days: Days) -> dict[str, Any]:
    """Numbers of the period and of the one before, and their days."""
    daily, acquired = answers["daily"].items, answers["acquired"].items
    now, before = daily[-days.count :], daily[: -days.count]
    new_now, new_before = acquired[-days.count :], acquired[: -days.count]
    points_now, points_before = (
        # Points of other scores are no more of the same.
        sum(rule["points"] for rule in answers[name].items if rule.get("score", "points") == "points")
        for name in ("rules", "rules_before")
    )
    active = [day["active_members"] for day in now]
    active_before = [day["active_members"] for day in before]
    return {
        "days": [day["starts_on"] for day in now],
        "active": active,
        "active_before": active_before,
        "active_mean": round(sum(active) / len(active)) if active else 0,
        "active_mean_before": round(sum(active_before) / len(active_before)) if active_before else 0,
        "events": [day["events"] for day in now],
        "events_sum": sum(day["events"] for day in now),
        "events_before": sum(day["events"] for day in before),
        "new": [day["new_members"] for day in new_now],
        "new_sum": sum(day["new_members"] for day in new_now),
        "new_before": sum(day["new_members"] for day in new_before),
        "points": points_now,
        "points_before": points_before,
    }


def _acquired(answer: Answer, days: Days) -> list[dict[str, Any]]:
    """Channels by new members, most first, each with how many came in the period before."""
    counts: dict[str, dict[str, Any]] = {}
    for place, day in enumerate(answer.items):
        part = "new" if place >= len(answer.items) - days.count else "before"
        for one in day["channels"]:
            of_channel = counts.setdefault(one["channel"], {"channel": one["channel"], "new": 0, "before": 0})
            of_channel[part] += one["new_members"]
    return sorted(counts.values(), key=lambda one: (-one["new"], -one["before"]))[:CHANNELS_COUNT]


def _rules(answers: dict[str, Answer]) -> list[dict[str, Any]]:
    """Rules by points, most first, each with its points of the period before."""
    before = {rule["rule_id"]: rule["points"] for rule in answers["rules_before"].items}
    rules = sorted(answers["rules"].items, key=lambda rule: -rule["points"])
    return [{**rule, "before": before.get(rule["rule_id"], 0)} for rule in rules[:RULES_COUNT]]


def _rejected(visit: Visit, answer: Answer, days: Days) -> list[Waiting]:
    number = sum(reason["events"] for reason in answer.items)
    if not number:
        return []
    title = visit.say(_("{number} events were rejected in these days"), number=visit.writer.number(number))
    most = answer.items[0]
    cause = cause_of(most).title
    detail = visit.say(
        _("Most often: {reason}. They earn nothing until they are sent right"),
        reason=most["reason"] if cause is None else visit.say(cause),
    )
    href = f"/figures/rejected?days={days.key}"
    return [Waiting("letter", "warn", title, detail, href, visit.say(_("Look")))]


def _proposed(visit: Visit, answer: Answer | None) -> list[Waiting]:
    return [
        Waiting(
            "doc",
            "accent",
            visit.say(_("Programme version {version} waits for a second person"), version=one["version"]),
            visit.say(_("{title}, written by {name}"), title=one["title"], name=one["published_by"]),
            f"/waiting/programmes/{one['version']}",
            visit.say(_("Look")),
        )
        for one in (answer.items if answer else [])
        if one["state"] == "proposed"
    ]


def _open_runs(visit: Visit, answer: Answer | None) -> list[Waiting]:
    return [
        Waiting(
            "bank",
            "accent",
            visit.say(
                _("A payout run of {amount} waits for approval"),
                amount=visit.writer.money(_payable(run), run["currency"]),
            ),
            visit.say(_("Prepared {day}"), day=visit.writer.day(run["created_at"])),
            f"/waiting/payout-runs/{run['run_id']}",
            visit.say(_("Look")),
        )
        for run in (answer.items if answer else [])
    ]


def _payable(run: dict[str, Any]) -> int:
    """What of a run is to be paid, in minor units: what is held or has failed is not."""
    return sum(part["amount_minor"] for part in run["payouts"] if part["state"] not in {"held", "failed"})


ROUTES = [Route(OVERVIEW.path, page(show, scope=OVERVIEW.scope))]
