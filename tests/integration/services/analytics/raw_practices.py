"""Questions to what was told of programmes, reports, audiences and decisions: practices in others' SQL."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tests.integration.services.analytics.raw_input import RawInput

#: The days from $first to $last, as moments of the zone.
_WINDOW = """
    with bounds as (
        select timezone($zone, $first::timestamp) as begins, timezone($zone, ($last::date + 1)::timestamp) as ends
    ),
"""
#: Each case by what its last revision says, with when it was first decided and first appealed against.
_CASES = f"""{_WINDOW}
    last as (select case_id, arg_max(state, revision) as state, arg_max(member, revision) as member,
        arg_max(opened_at, revision) as opened_at, min(decided_at) as decided_at,
        min(revision) filter (where state = 'appealed') as appeal
        from cases group by 1),
    appeals as (
        select l.case_id, any_value(a.told_at) as appealed_at, arg_min(c.told_at, c.revision) as answered_at
        from last l join cases a on a.case_id = l.case_id and a.revision = l.appeal
            left join cases c on c.case_id = l.case_id and c.revision > l.appeal
                and c.state in ('upheld', 'overturned')
        group by 1
    )
"""
_REPORTS = f"""{_CASES}
    select count(*), count(*) filter (where decided_at <= opened_at + interval 24 hour) from last, bounds
    where state <> 'withdrawn' and opened_at >= begins and opened_at < ends
"""
_OFFENDERS = f"""{_CASES},
    persons as (
        select coalesce(m.into_member, l.member) as person, count(*) as times
        from bounds, last l left join merged m on m.member = l.member
        where l.state in ('upheld', 'appealed') and l.member is not null
            and l.opened_at >= begins and l.opened_at < ends
        group by 1
    )
    select count(*), count(*) filter (where times > 1) from persons
"""
_APPEALS = f"""{_CASES}
    select count(*), count(*) filter (where answered_at <= appealed_at + interval 168 hour)
    from bounds, appeals join last using (case_id)
    where state <> 'withdrawn' and appealed_at >= begins and appealed_at < ends
"""
_CHANGES = f"""{_WINDOW} said as (select * from versions where version > 1)
    select count(*), count(note) from said, bounds where effective_from >= begins and effective_from < ends
"""
_BACKTESTED = f"""{_WINDOW} said as (select * from versions where version > 1 and backtested is not null)
    select count(*), count(*) filter (where backtested)
    from said, bounds where effective_from >= begins and effective_from < ends
"""
#: What the highest version that has begun declares when a day ends.
_GOALS = f"""{_WINDOW}
    current as (
        select unnest(from_json(goals, '["json"]')) as goal from versions, bounds where effective_from <= ends
        qualify dense_rank() over (order by version desc) = 1
    )
    select count(*), count(*) filter (where goal ->> 'metric' is not null and goal ->> 'target' is not null
        and goal ->> 'owner' is not null and coalesce(goal ->> 'every', goal ->> 'starts') is not null)
    from current
"""
#: Who was active in a week, and who of them is in any audience by the highest of its turns that have begun.
_AUDIENCE = """
    with weeks as (
        select $last::date - 7 * back::int as ends_on from generate_series(0, $weeks - 1) t(back)
    ),
    active as (select distinct ends_on, person from weeks join counts on day between ends_on - 6 and ends_on),
    stays as (
        select w.ends_on, t.member, arg_max(t.is_in, t.revision) as is_in
        from weeks w join turns t on t.since < timezone($zone, (w.ends_on + 1)::timestamp)
        group by w.ends_on, t.member, t.audience
    )
    select count(*), count(*) filter (where exists (
        select 1 from stays s left join merged m using (member) where s.is_in and s.ends_on = active.ends_on
            and coalesce(m.into_member, s.member) = active.person))
    from active where person is not null
"""
_LOGGED = f"""{_WINDOW}
    kept as (
        select decision_id, any_value(made_at) as made_at from decisions
        group by 1 having arg_max(state, revision) <> 'withdrawn' and arg_max(kind, revision) = 'decision'
    )
    select count(*) filter (where made_at >= begins and made_at < ends),
        count(*) filter (where made_at < timezone($zone, ($until::date + 1)::timestamp))
    from bounds left join kept on true
"""
_REVIEWED = """
    select count(*), count(*) filter (where timezone('UTC', n.changed_at)::date <= r.review_on + 7)
    from decisions r left join decisions n on n.decision_id = r.decision_id and n.revision = r.revision + 1
    where r.review_on + 7 between $first and $last and r.decision_id in (
        select decision_id from decisions group by 1 having arg_max(state, revision) <> 'withdrawn')
"""
_QUESTIONS = {
    "reports": _REPORTS,
    "offenders": _OFFENDERS,
    "appeals": _APPEALS,
    "changes": _CHANGES,
    "backtested": _BACKTESTED,
    "goals": _GOALS,
    "audience": _AUDIENCE,
    "logged": _LOGGED,
    "reviewed": _REVIEWED,
}
_TABLES = """
    create table cases (case_id text, revision int, state text, member text, opened_at timestamptz,
        decided_at timestamptz, told_at timestamptz);
    create table versions (version int, effective_from timestamptz, note text, goals json, backtested boolean);
    create table decisions (decision_id text, revision int, kind text, state text, made_at timestamptz,
        changed_at timestamptz, review_on date);
"""


class RawPractices(RawInput):
    """The same input, with what was told of cases, versions of the programme, audiences and decisions."""

    def __init__(
        self,
        facts: Iterable[Mapping[str, Any]],
        merged: Mapping[str, str],
        zone: str,
        *,
        told: Sequence[Mapping[str, Any]],
        turns: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(facts, merged, zone)
        self.sql.execute("set timezone = 'UTC'")
        self.sql.execute(_TABLES)
        self.hear(turns, ())
        for fact in told:
            self._tell(fact, fact["data"])

    def _tell(self, fact: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        match fact["type"]:
            case "guidelines.case_changed.v1":
                names = ("case_id", "revision", "state", "member_id", "opened_at", "decided_at")
                self.sql.execute(
                    "insert into cases values (?, ?, ?, ?, ?, ?, ?)", [*map(data.get, names), fact["time"]]
                )
            case "programme.published.v1":
                goals = json.dumps(data["document"].get("goals", []))
                said = [data["version"], data["effective_from"], data.get("note"), goals, data.get("backtested")]
                self.sql.execute("insert into versions values (?, ?, ?, ?, ?)", said)
            case "decision.changed.v1":
                names = ("decision_id", "revision", "kind", "state", "made_at", "changed_at", "review_on")
                self.sql.execute("insert into decisions values (?, ?, ?, ?, ?, ?, ?)", [*map(data.get, names)])

    def _find(self, question: str, **more: Any) -> tuple[Any, ...]:
        text, given = _QUESTIONS[question], {"zone": self.zone, **more}
        found = self.sql.execute(text, {name: one for name, one in given.items() if f"${name}" in text}).fetchone()
        assert found is not None
        return tuple(found)

    def logged(self, first: date, last: date, until: date) -> tuple[float | None, int]:
        """Decisions of some days, where there were any up to the card's last day."""
        number, ever = self._find("logged", first=first, last=last, until=until)
        return (float(number) if ever else None), number

    def practices(self, first: date, last: date, until: date) -> dict[str, tuple[float | None, int]]:
        """Indicators of the days from `first` to `last`, on a card whose last day is `until`: value and cases."""
        days = {"first": first, "last": last}
        weeks = ((last - first).days + 1) // 7

        def share(question: str) -> tuple[float | None, int]:
            of, number = self._find(question, **days)
            return number / of if of else None, of

        active, known = self._find("audience", last=last, weeks=weeks)
        return {
            "goals_complete": share("goals"),
            "audience_known": (known / active if active else None, max(1, round(active / weeks)) if active else 0),
            "changes_noted": share("changes"),
            "appeals_in_time": share("appeals"),
            "reports_in_time": share("reports"),
            "repeat_offenders": share("offenders"),
            "decisions_logged": self.logged(first, last, until),
            "decisions_reviewed": share("reviewed"),
            "changes_backtested": share("backtested"),
        }
