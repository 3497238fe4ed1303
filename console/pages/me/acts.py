"""What a member did, with what each act earned them and why, or why not, in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from console.components.activities import DONE
from console.components.languages import Writer
from console.frame.visits import Visit


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: Why a rule gave nothing, or less than its points.
REASONS: Final = {
    "condition_false": _("What it asks for was not so"),
    "condition_failed": _("What it asks for was not known"),
    "too_slow": _("What it asks for took too long to find out"),
    "bot": _("Whoever is taken for a bot earns nothing"),
    "unearning": _("The community leaves you out of earning"),
    "audience": _("It is for others than you"),
    "own_act": _("Nobody earns by what they do to their own"),
    "twice": _("You get it already, as somebody else in it"),
    "points_failed": _("How many points it is worth could not be worked out"),
    "no_points": _("It came to no points"),
    "quality": _("Who judged it was not trusted so far yet, or it was not found so good"),
    "limit": _("The limit was reached"),
    "cooldown": _("It gave something shortly before"),
    "diminished": _("A further one of the time is worth less"),
    "floor": _("No more is taken than you have"),
    "campaign": _("It was not in the time of its campaign"),
    "holdout": _("Its campaign leaves some members out, by lot, to see what it brings"),
    "budget": _("The budget of its campaign was spent"),
    "pacing": _("Its campaign gave too much too soon, and slowed down"),
    "stopped": _("Its campaign was stopped"),
    "upheld": _("A report of what it is about was upheld"),
    "suspended": _("You were suspended then"),
    "waiting": _("It is being looked for whether there is room under the limit"),
    "retracted": _("It was taken back"),
    "held": _("It is being looked at: until then it is neither given nor lost"),
    "denied": _("Somebody looked at it, and decided that it is not given"),
}
#: What fields of events are called.
FIELDS: Final = {
    "length_chars": _("length in characters"),
    "links_count": _("links in it"),
    "language": _("language"),
    "sentiment": _("sentiment"),
    "channel": _("channel"),
    "reactions_count": _("reactions"),
    "lines_added": _("lines added"),
    "lines_removed": _("lines removed"),
    "files_changed": _("files changed"),
    "score": _("score"),
    "minutes": _("minutes"),
}
#: The simple conditions: one field beside a number.
_SIMPLE = re.compile(r"\s*(?:event\.)?((?:data\.)?[a-z_]+)\s*(>=|>|<=|<|==)\s*(-?\d+(?:\.\d+)?)\s*")
WANTED: Final = {
    ">=": _("at least {number} are needed"),
    ">": _("more than {number} are needed"),
    "<=": _("at most {number} may be"),
    "<": _("fewer than {number} may be"),
    "==": _("exactly {number} are needed"),
}


@dataclass(frozen=True)
class Why:
    """A line of why: points (None: nothing by this rule), the rule's title, and what there is to say of it."""

    points: int | None
    title: str
    said: str = ""


@dataclass(frozen=True)
class Act:
    """Something that a member did, or that was done to what is theirs."""

    uid: str
    title: str
    at: str
    points: int
    whys: Sequence[Why] = field(default_factory=tuple)
    is_retracted: bool = False
    is_own: bool = True


def acts_by_day(
    visit: Visit, events: Sequence[Mapping[str, Any]], explained: Mapping[str, Mapping[str, Any]] | None
) -> list[tuple[str, int, list[Act]]]:
    """Acts by day, with each day's points; `explained` is by the event's uid, None where scoring is away."""
    acts = [
        _act(visit, one, None if explained is None else explained.get(one["event"]["event_uid"])) for one in events
    ]
    days = []
    for day, of_day in groupby(acts, key=lambda act: visit.writer.weekday(act.at)):
        listed = list(of_day)
        days.append((day, sum(act.points for act in listed), listed))
    return days


def _act(visit: Visit, item: Mapping[str, Any], explanation: Mapping[str, Any] | None) -> Act:
    event = item["event"]
    title = DONE.get(event["type"])
    return Act(
        uid=event["event_uid"],
        title=event["type"] if title is None else visit.say(title),
        at=event["event_time"],
        points=item["points"],
        whys=() if explanation is None else _whys(visit, explanation),
        is_retracted=event["retracted_by"] is not None,
        is_own=event["member_id"] == visit.signed_in.member_id,
    )


def _whys(visit: Visit, explanation: Mapping[str, Any]) -> list[Why]:
    rules = {(one["programme_version"], one["rule_id"]): one for one in explanation["rules"]}
    amounts: dict[str, int] = {}
    titles: dict[str, str] = {}
    for award in explanation["awards"]:
        rule = rules.get((award["programme_version"], award["rule_id"]))
        amounts[award["rule_id"]] = amounts.get(award["rule_id"], 0) + award["points"]
        titles.setdefault(award["rule_id"], award["rule_id"] if rule is None else rule["title"])
    found = [Why(points, titles[rule_id]) for rule_id, points in amounts.items() if points]
    found += [
        Why(None, visit.say(_("The programme was applied to the past")), one["reason"])
        for one in explanation["restatements"]
    ]
    for declined in explanation["declined"]:
        if declined["reason"] == "no_beneficiary":
            continue
        rule = rules.get((declined["programme_version"], declined["rule_id"]))
        title = declined["rule_id"] if rule is None else rule["title"]
        found.append(Why(0, title, why_not(visit, declined, rule)))
    return found


def why_not(visit: Visit, declined: Mapping[str, Any], rule: Mapping[str, Any] | None) -> str:
    """Why a rule gave nothing, or less: with the values that its condition met."""
    reason = declined["reason"]
    said = visit.say(REASONS[reason]) if reason in REASONS else reason
    if reason == "condition_false" and rule is not None:
        simple = _SIMPLE.fullmatch(rule["condition"] or "")
        if simple is not None and simple[1] in declined["met"]:
            number = visit.writer.number(float(simple[3]) if "." in simple[3] else int(simple[3]))
            wanted = visit.say(WANTED[simple[2]], number=number)
            return f"{_met(visit, simple[1], declined['met'][simple[1]])}: {wanted}"
    met = "; ".join(_met(visit, name, value) for name, value in declined["met"].items())
    if met:
        return f"{said} ({met})"
    return said


def _met(visit: Visit, name: str, value: Any) -> str:
    last = name.removeprefix("size(").removesuffix(")").rpartition(".")[2]
    title = visit.say(FIELDS[last]) if last in FIELDS else last.replace("_", " ")
    return f"{title} {_written(visit.writer, value)}"


def _written(writer: Writer, value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "✓", False: "✗", None: "–"}[value]
    return writer.number(value) if isinstance(value, int | float) else f"“{value}”"
