"""Tones out: how the texts of some days sound, beside those of as many days before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from services.analytics.sentiment.domain import Report, Stratum, Tones, change, together
from shared.calendars import Span
from shared.postgres import Connection


class AskedTexts(NamedTuple):
    """Which texts: of a community, of some days; of one channel and one type, or of all."""

    community: str
    days: Span
    channel: str | None = None
    type: str | None = None


async def load_report(conn: Connection, asked: AskedTexts, *, bounds: Sequence[date]) -> Report:
    """How those texts sound, by the periods that `bounds` begin, by channel, type and language."""
    before = asked.days.starts_on - timedelta(days=(asked.days.ends_on - asked.days.starts_on).days + 1)
    rows = await conn.fetch(
        """
        select case when grouping(period) = 0 then 'period' when grouping(channel) = 0 then 'channel'
                when grouping(type) = 0 then 'type' else 'language' end as of,
            is_before, model, coalesce(period::text, channel, type, language) as name,
            coalesce(sum(texts) filter (where tone = 'positive'), 0)::bigint as positive,
            coalesce(sum(texts) filter (where tone = 'negative'), 0)::bigint as negative,
            coalesce(sum(texts) filter (where tone = 'undecided'), 0)::bigint as undecided,
            coalesce(sum(texts) filter (where tone = 'left_out'), 0)::bigint as left_out
        from (
            select day < $3 as is_before, width_bucket(day, $5::date[]) as period, channel, type, model, language,
                tone, texts
            from tone_days
            where community = $1 and day between $2 and $4 and texts <> 0
                and ($6::text is null or channel = $6) and ($7::text is null or type = $7)
        ) days
        group by grouping sets ((is_before, model, period), (is_before, model, channel),
                                (is_before, model, type), (is_before, model, language))
        order by 1, 4, 3
        """,
        asked.community,
        before,
        asked.days.starts_on,
        asked.days.ends_on,
        bounds,
        asked.channel,
        asked.type,
    )
    now: dict[str, dict[str, dict[str, Tones]]] = defaultdict(lambda: defaultdict(dict))
    strata: dict[bool, dict[Stratum, Tones]] = {True: {}, False: {}}
    for row in rows:
        tones = Tones(row["positive"], row["negative"], row["undecided"], row["left_out"])
        if row["of"] == "language":
            strata[row["is_before"]][Stratum(row["model"], row["name"])] = tones
        if not row["is_before"]:
            now[row["of"]][row["name"]][row["model"]] = tones
    return Report(
        _whole(now["language"]),
        {int(name): found for name, found in now["period"].items()},
        now["channel"],
        now["type"],
        now["language"],
        change(strata[False], strata[True]),
    )


def _whole(languages: Mapping[str, Mapping[str, Tones]]) -> Mapping[str, Tones]:
    models = sorted({model for found in languages.values() for model in found})
    return {model: together(found[model] for found in languages.values() if model in found) for model in models}
