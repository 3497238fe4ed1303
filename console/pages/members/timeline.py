"""A member's timeline: each event with what it earned and why, or why nothing, with the values that were met."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from console.asking import Answer
from console.frame.visits import Visit
from console.pages.members.words import DECLINED, event_words

PAGE_COUNT = 25
#: Whom a rule pays, and where an event names them.
NAMED = {"actor": "member_id", "object_author": "object_member_id", "reply_author": "reply_member_id"}
#: No id: whom an event does not name here.
NOBODY = ""
#: Kinds of lines, in the order in which they are shown.
LINES = ("award", "restated", "grant", "declined", "others")
#: The filter of the page, and what it asks for.
EARNED = {"yes": True, "no": False}


@dataclass(frozen=True)
class Line:
    """Something that came of an event: points of the member or another, a badge, or nothing and why."""

    kind: str
    title: str
    points: int = 0
    to: str | None = None
    name: str | None = None
    why: str | None = None
    detail: str = ""
    condition: str | None = None
    met: Mapping[str, Any] = field(default_factory=dict)
    href: str | None = None


@dataclass(frozen=True)
class Entry:
    """An event on the timeline."""

    event: Mapping[str, Any]
    words: str
    icon: str
    points: int
    #: Who did it, where it was another.
    by: str | None
    by_name: str | None
    lines: Sequence[Line]

    @property
    def tone(self) -> str:
        """How it looks: good, taken back, recognised, or nothing."""
        if self.event["retracted_by"]:
            return "bad"
        if any(line.kind == "grant" for line in self.lines):
            return "plaud"
        return "good" if self.points > 0 else ""


@dataclass(frozen=True)
class Timeline:
    """What a page shows of it: days, each with its sum and entries; both answers, for what they lack."""

    events: Answer
    explanations: Answer | None
    days: Sequence[tuple[str, int, Sequence[Entry]]]
    next: str | None


async def timeline(visit: Visit, member_id: str, *, earned: str | None, after: str | None) -> Timeline:
    """Ask what the member did, and then why each of it earned what it did."""
    events = await visit.ask.get(
        "analytics",
        f"/v1/members/{member_id}/events",
        limit=PAGE_COUNT,
        after=after,
        earned=None if earned not in EARNED else str(EARNED[earned]).lower(),
    )
    explanations = None
    if events.items and visit.signed_in.may("points:read"):
        uids = [one["event"]["event_uid"] for one in events.items]
        explanations = await visit.ask.get("scoring", "/v1/explanations", event=uids)
    explained = {one["event_uid"]: one for one in explanations.items} if explanations else {}
    names = events.body["names"] if events.ok else {}
    entries = [_entry(one, explained.get(one["event"]["event_uid"]), member_id, names) for one in events.items]
    days = []
    for day, of_day in groupby(entries, key=lambda entry: visit.writer.weekday(entry.event["event_time"])):
        listed = list(of_day)
        days.append((day, sum(entry.points for entry in listed), listed))
    return Timeline(events, explanations, days, events.body["next"] if events.ok else None)


def _entry(
    item: Mapping[str, Any],
    explanation: Mapping[str, Any] | None,
    member_id: str,
    names: Mapping[str, str | None],
) -> Entry:
    event = item["event"]
    words, icon = event_words(event)
    by = event["member_id"] if event["member_id"] != member_id else None
    rules = {} if explanation is None else {rule["rule_id"]: rule for rule in explanation["rules"]}
    lines = [line for one in item["awards"] for line in _of_award(one, rules, member_id, names)]
    if explanation is not None:
        lines += [
            Line(
                "restated",
                str(one["version"]),
                detail=one["reason"],
                href=f"/programme/restatements/{one['restatement_id']}",
            )
            for one in explanation["restatements"]
        ]
        lines += _declined(event, explanation, rules, member_id, given=_given(item["awards"], member_id))
    # The member's own first, then why not, and what others got last.
    lines.sort(key=lambda line: LINES.index(line.kind))
    return Entry(event, words, icon, item["points"], by, names.get(by or ""), lines)


def _of_award(
    outcome: Mapping[str, Any],
    rules: Mapping[str, Mapping[str, Any]],
    member_id: str,
    names: Mapping[str, str | None],
) -> list[Line]:
    award = outcome["award"]
    rule = rules.get(award["rule_id"], {})
    is_own = award["member_id"] == member_id
    lines = [
        Line(
            "award" if is_own else "others",
            rule.get("title", award["rule_id"]),
            points=award["amounts_to"],
            to=None if is_own else award["member_id"],
            name=names.get(award["member_id"]),
            why=award["amendments"][-1]["cause"] if award["amendments"] else None,
            condition=rule.get("condition"),
            href=f"/explorer/{award['award_id']}",
        )
    ]
    return lines + [
        Line("grant", grant["title"], detail=grant["kind"])
        for grant in outcome["grants"]
        if is_own and not grant["reverses"] and not grant["reversed_by"]
    ]


def _given(outcomes: Iterable[Mapping[str, Any]], member_id: str) -> set[str]:
    """The rules that gave the member something: what amended that says why it is nothing now."""
    awards = [outcome["award"] for outcome in outcomes]
    return {one["rule_id"] for one in awards if one["member_id"] == member_id and one["amendments"]}


def _declined(
    event: Mapping[str, Any],
    explanation: Mapping[str, Any],
    rules: Mapping[str, Mapping[str, Any]],
    member_id: str,
    *,
    given: Collection[str],
) -> list[Line]:
    """Why rules gave the member nothing, or nobody at all; what they gave others less is theirs."""
    lines = []
    for one in explanation["declined"]:
        # Of contributors the log alone says who they are; what concerns them is on their own timeline by awards.
        named = event[NAMED[one["beneficiary"]]] if one["beneficiary"] in NAMED else NOBODY
        if named not in (member_id, None) or one["rule_id"] in given:
            continue
        rule = rules.get(one["rule_id"], {})
        met = dict(one["met"])
        met |= {
            read["written"]: read["value"]
            for read in explanation["attributes"]
            if read["rule_id"] == one["rule_id"]
        }
        lines.append(
            Line(
                "declined",
                rule.get("title", one["rule_id"]),
                why=DECLINED.get(one["reason"], one["reason"]),
                detail=one["detail"],
                condition=rule.get("condition") if one["reason"].startswith("condition") else None,
                met=met if one["reason"].startswith("condition") else {},
            )
        )
    return lines
