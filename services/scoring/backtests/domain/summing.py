"""What came of a backtest: points and their worth, by rule, limit, audience and budget, and who moved.

The same input gives the same result, and with it the same digest: everything is in an order that says itself.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from services.scoring.awards.domain.reasons import why_less
from services.scoring.backtests.domain.known import Told
from services.scoring.backtests.domain.replaying import Due, Found, Settled, Side
from services.scoring.limits.domain.claims import Claim, Heads, State, head_of
from services.scoring.programmes.domain.reading import document_of
from shared.contracts.programme import SPENDABLE, Programme

MOVERS_MAX_COUNT = 10
#: What is called a limit that was hit: what a rule had fits, but for this.
LIMITS = frozenset({"limit", "cooldown", "diminished", "floor", "budget", "pacing"})

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the log is looked at: events from `since` on and before `until`, members of an `audience` alone."""

    since: datetime
    until: datetime
    audience: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether an event of that time is."""
        return self.since <= at < self.until


def result_of(
    asked: Asked, told: Told, sides: Sequence[tuple[Side, Found, Settled]], *, events_count: int
) -> Json:
    """All that a backtest found, in JSON; the first side is what the others are compared with.

    Points of members are of whom they are merged into now. `digest` is the SHA-256 of all else.
    """
    heads = told.persons.heads[-1]
    only = None if asked.audience is None else told.audiences.get(asked.audience, frozenset())
    counted = [_counted(settled.due, told, heads, only) for _, _, settled in sides]
    found: Json = {
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "audience": asked.audience,
        "events_count": events_count,
        "sides": [],
    }
    for (side, matched, settled), due in zip(sides, counted, strict=True):
        shown = _side(side, matched, settled, due, only=only, told=told, until=asked.until)
        if found["sides"]:
            shown["compared"] = _compared(counted[0], due, told)
        found["sides"].append(shown)
    return found | {"digest": digest_of(found)}


def digest_of(result: Json) -> str:
    """The SHA-256 of a result, written with its fields in the order of their names."""
    return sha256(orjson.dumps(result, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _counted(due: Iterable[Due], told: Told, heads: Heads, only: Collection[str] | None) -> list[Due]:
    as_persons = (one._replace(member_id=head_of(heads, told.community, one.member_id)) for one in due)
    return sorted(one for one in as_persons if only is None or one.member_id in only)


def _side(
    side: Side,
    matched: Found,
    settled: Settled,
    due: Sequence[Due],
    *,
    only: Collection[str] | None,
    told: Told,
    until: datetime,
) -> Json:
    spendable = [one for one in due if one.score == SPENDABLE]
    points = sum(one.points for one in spendable)
    open_points = sum(one.points for one in spendable if one.expires_at is None or one.expires_at > until)
    scores: Counter[str] = Counter()
    for one in due:
        scores[one.score] += one.points
    return {
        "title": side.title,
        "titles": titles_of(side.newest),
        "points": points,
        "scores": dict(sorted(scores.items())),
        "awards_count": len(due),
        "members_count": len({one.member_id for one in spendable}),
        "worth": worth_of(side.newest, points),
        "liability": worth_of(side.newest, open_points),
        "liable_points": open_points,
        "rules": _rules(due),
        "weeks": _weeks(spendable),
        "limits": _limits(settled.claims, side),
        "declined": [
            {"rule": rule, "reason": reason, "count": count}
            for (rule, reason), count in sorted(matched.declined.items())
        ],
        "without_version_count": matched.without_version,
        "budgets": _budgets(side, settled.claims),
    }


def titles_of(programme: Programme | None) -> Json:
    """What a programme calls its rules, campaigns and audiences, by their ids."""
    if programme is None:
        return {"rules": {}, "campaigns": {}, "audiences": {}}
    return {
        "rules": {one.id: one.title for one in programme.rules},
        "campaigns": {one.id: one.title for one in programme.campaigns or ()},
        "audiences": {one.id: one.title for one in programme.audiences or ()},
    }


def worth_of(programme: Programme | None, points: int) -> Json | None:
    """What points are worth by a programme, rounded down; None where it pays nothing.

    `per_point` is what one costs, in minor units, to six places.
    """
    terms = programme.rewards.payout if programme is not None and programme.rewards is not None else None
    if terms is None:
        return None
    return {
        "minor": points * terms.minor // terms.points,
        "currency": terms.currency,
        "per_point": f"{terms.minor / terms.points:.6f}",
    }


def _rules(due: Iterable[Due]) -> list[Json]:
    points: Counter[tuple[str, str]] = Counter()
    awards: Counter[tuple[str, str]] = Counter()
    members: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in due:
        key = one.rule_id, one.score
        points[key] += one.points
        awards[key] += 1
        members[key].add(one.member_id)
    return [
        {
            "rule": rule,
            "score": score,
            "points": points[rule, score],
            "awards_count": awards[rule, score],
            "members_count": len(members[rule, score]),
        }
        for rule, score in sorted(points)
    ]


def _weeks(due: Iterable[Due]) -> list[Json]:
    """Points by week, each by its Monday, those without any too."""
    points: Counter[date] = Counter()
    for one in due:
        points[one.day - timedelta(days=one.day.weekday())] += one.points
    if not points:
        return []
    first, last = min(points), max(points)
    mondays = (first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1))
    return [{"week": monday.isoformat(), "points": points[monday]} for monday in mondays]


def _limits(claims: Iterable[Claim], side: Side) -> list[Json]:
    """By rule and reason: how often a limit left less than the rule had, and how many points it took."""
    documents = {number: document_of(programme) for number, programme in side.programmes.items()}
    count: Counter[tuple[str, str]] = Counter()
    less: Counter[tuple[str, str]] = Counter()
    for claim in claims:
        if claim.state is not State.LIVE or abs(claim.due) == claim.weight:
            continue
        why = why_less(claim, documents[claim.programme_version])
        if why is not None and why.reason in LIMITS:
            count[claim.rule_id, why.reason] += 1
            less[claim.rule_id, why.reason] += claim.weight - abs(claim.due)
    return [
        {"rule": rule, "reason": reason, "count": count[rule, reason], "points": less[rule, reason]}
        for rule, reason in sorted(count)
    ]


def _budgets(side: Side, claims: Iterable[Claim]) -> list[Json]:
    """Of each campaign of the newest version what it spent, and the day on which its budget ended, if it did."""
    newest = side.newest
    campaigns = {campaign.id: campaign for campaign in (newest and newest.campaigns) or ()}
    of_campaign: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for claim in claims:
        if claim.campaign in campaigns and claim.due:
            of_campaign[claim.campaign][claim.local_day] += claim.due
    found = []
    for campaign_id, campaign in sorted(campaigns.items()):
        spent, ends_on = 0, None
        for day, points in sorted(of_campaign[campaign_id].items()):
            spent += points
            if ends_on is None and spent >= campaign.budget.points:
                ends_on = day.isoformat()
        found.append(
            {"campaign": campaign_id, "budget": campaign.budget.points, "spent": spent, "ends_on": ends_on}
        )
    return found


def _compared(before: Iterable[Due], after: Iterable[Due], told: Told) -> Json:
    """Who has more and who less than on the first side, in points that can be spent."""
    was, now = _by_member(before), _by_member(after)
    moves = {one: now[one] - was[one] for one in sorted({*was, *now}) if now[one] != was[one]}
    points, total = sum(now.values()) - sum(was.values()), sum(was.values())
    largest = sorted(moves, key=lambda one: (-abs(moves[one]), one))[:MOVERS_MAX_COUNT]
    return {
        "points": points,
        "percent": None if not total else round(points * 100 / total, 1),
        "winners_count": sum(move > 0 for move in moves.values()),
        "losers_count": sum(move < 0 for move in moves.values()),
        "same_count": len({*was, *now}) - len(moves),
        "audiences": [
            {
                "audience": audience,
                "points_before": sum(was[one] for one in members),
                "points_after": sum(now[one] for one in members),
                "winners_count": sum(moves.get(one, 0) > 0 for one in members),
                "losers_count": sum(moves.get(one, 0) < 0 for one in members),
            }
            for audience, members in sorted(told.audiences.items())
        ],
        "movers": [{"member_id": one, "before": was[one], "after": now[one]} for one in largest],
    }


def _by_member(due: Iterable[Due]) -> Mapping[str, int]:
    points: Counter[str] = Counter()
    for one in due:
        if one.score == SPENDABLE:
            points[one.member_id] += one.points
    return points
