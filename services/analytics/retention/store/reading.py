"""Figures out: growth, cohorts, retention, silence and activation. Each reads counts alone, and no members."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from services.analytics.retention.domain.contributions import (
    BRACKETS,
    COHORTS,
    RETENTION_DAYS,
    Figure,
    PeriodBy,
    Terms,
)
from services.analytics.retention.domain.questions import (
    Activation,
    Bracketed,
    ChannelNew,
    Cohort,
    Curve,
    Growth,
    Retained,
    Share,
    Silence,
    mature,
)
from services.analytics.retention.domain.slices import WHOLE, Slice
from shared.calendars import Span
from shared.postgres import Connection

_GROWTH = ("new", "retained", "resurrected", "churned")


async def load_growth(
    conn: Connection, *, community: str, by: PeriodBy, spans: Sequence[Span], of: Slice = WHOLE
) -> dict[date, Growth]:
    """Growth of those periods; where nothing changed it is not there."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select day, figure, people from figures_by_slice
        where community = $1 and figure = any($2::text[]) and channel = '' and day between $3 and $4
            and people <> 0 and kind = $5 and value = $6
        """,
        community,
        [f"{by}_{part}" for part in _GROWTH],
        spans[0].starts_on,
        spans[-1].starts_on,
        *of,
    )
    parts: dict[date, dict[str, int]] = defaultdict(dict)
    for row in rows:
        parts[row["day"]][row["figure"].removeprefix(f"{by}_")] = row["people"]
    return {day: Growth(**found) for day, found in parts.items()}


async def load_cohorts(
    conn: Connection,
    *,
    community: str,
    by: PeriodBy,
    spans: Sequence[Span],
    following: Sequence[Span],
    periods_count: int,
    of: Slice = WHOLE,
) -> dict[date, Cohort]:
    """The cohorts of `spans`: how many were there in each of their first periods that have begun.

    `following` are the periods from the first of `spans` on that have begun.
    """
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select day, number, people from figures_by_slice
        where community = $1 and figure = $2 and channel = '' and day between $3 and $4 and people <> 0
            and number <= $5 and kind = $6 and value = $7
        """,
        community,
        str(COHORTS[by]),
        spans[0].starts_on,
        spans[-1].starts_on,
        (following[-1].starts_on - spans[0].starts_on).days if following else 0,
        *of,
    )
    present: dict[date, Counter[date]] = defaultdict(Counter)
    for row in rows:
        present[row["day"]][row["day"] + timedelta(days=row["number"])] = row["people"]
    places = {span.starts_on: place for place, span in enumerate(following)}
    cohorts = {}
    for span in spans:
        found = present.get(span.starts_on)
        if found is not None and span.starts_on in places:
            place = places[span.starts_on]
            periods = following[place : place + periods_count]
            cohorts[span.starts_on] = Cohort(span, [found[period.starts_on] for period in periods])
    return cohorts


async def load_curve(conn: Connection, *, community: str, days: Span, today: date, of: Slice = WHOLE) -> Curve:
    """What became of those who were new on those days."""
    sizes = {
        row["day"]: row["people"]
        for row in await conn.fetch(
            """
            select day, people from figures_by_slice
            where community = $1 and figure = 'on_day' and channel = '' and day between $2 and $3 and number = 0
                and people <> 0 and kind = $4 and value = $5
            """,
            community,
            days.starts_on,
            days.ends_on,
            *of,
        )
    }
    rows = await conn.fetch(
        """
        select figure, number, sum(people)::bigint as people from figures_by_slice
        where community = $1 and figure = any($2::text[]) and channel = '' and day between $3 and $4
            and day + number < $5 and kind = $6 and value = $7
        group by 1, 2
        """,
        community,
        [Figure.ON_DAY, Figure.FROM_DAY, Figure.IN_BRACKET],
        days.starts_on,
        days.ends_on,
        today,
        *of,
    )
    people = Counter({(row["figure"], row["number"]): row["people"] for row in rows})
    ripe = {day: mature(sizes, day=day, today=today) for day in RETENTION_DAYS}
    return Curve(
        sum(sizes.values()),
        [
            Retained(
                day,
                Share(people[Figure.ON_DAY, day], ripe[day]),
                Share(people[Figure.FROM_DAY, day], ripe[day]),
            )
            for day in RETENTION_DAYS
        ],
        [Bracketed(first, last, Share(people[Figure.IN_BRACKET, last], ripe[last])) for first, last in BRACKETS],
    )


async def load_silences(
    conn: Connection, *, community: str, spans: Sequence[Span], today: date, terms: Terms, of: Slice = WHOLE
) -> dict[date, Silence]:
    """Who left and returned in each of those periods, as far as they are over on the day that is `today`."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select ($4::date[])[width_bucket(day, $4::date[])] as period, figure, day + $6::int <= $5 as is_over,
            sum(people)::bigint as people
        from figures_by_slice
        where community = $1 and figure = any($7::text[]) and channel = ''
            and day between $2 and least($3, $5) and people <> 0 and kind = $8 and value = $9
        group by 1, 2, 3
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
        today,
        terms.win_back_days,
        [Figure.LEFT, Figure.WON_BACK, Figure.RETURNED],
        *of,
    )
    people: dict[date, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for row in rows:
        people[row["period"]][row["figure"], row["is_over"]] = row["people"]
    return {
        period: Silence(
            left=found[Figure.LEFT, True] + found[Figure.LEFT, False],
            won_back=Share(found[Figure.WON_BACK, True], found[Figure.LEFT, True]),
            waiting=found[Figure.LEFT, False],
            returned=found[Figure.RETURNED, True] + found[Figure.RETURNED, False],
        )
        for period, found in people.items()
    }


async def load_activations(
    conn: Connection, *, community: str, spans: Sequence[Span], today: date, terms: Terms, of: Slice = WHOLE
) -> dict[date, list[Activation]]:
    """Who was new in each of those periods, by channel, and who of those whose time is over became activated."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select ($4::date[])[width_bucket(day, $4::date[])] as period, channel,
            sum(people) filter (where figure = 'newcomer') as newcomers,
            sum(people) filter (where figure = 'newcomer' and day + $6::int < $5) as of,
            sum(people) filter (where figure = 'activated' and day + $6::int < $5) as activated
        from figures_by_slice
        where community = $1 and figure = any(array['newcomer', 'activated']) and day between $2 and $3
            and people <> 0 and kind = $7 and value = $8
        group by 1, 2 order by 1, 2
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
        today,
        terms.activation_days,
        *of,
    )
    found: dict[date, list[Activation]] = defaultdict(list)
    for row in rows:
        newcomers, due = int(row["newcomers"] or 0), int(row["of"] or 0)
        share = Share(int(row["activated"] or 0), due)
        found[row["period"]].append(Activation(row["channel"], newcomers, share, newcomers - due))
    return dict(found)


async def load_acquisitions(
    conn: Connection, *, community: str, spans: Sequence[Span]
) -> dict[date, list[ChannelNew]]:
    """Who was new in each of those periods, by the channel of their first event."""
    if not spans:
        return {}
    rows = await conn.fetch(
        """
        select ($4::date[])[width_bucket(day, $4::date[])] as period, channel, sum(people)::bigint as members
        from retention_figures
        where community = $1 and figure = 'newcomer' and day between $2 and $3
        group by 1, 2 having sum(people) > 0 order by 1, 2
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
    )
    found: dict[date, list[ChannelNew]] = defaultdict(list)
    for row in rows:
        found[row["period"]].append(ChannelNew(row["channel"], row["members"]))
    return dict(found)
