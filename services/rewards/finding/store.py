"""The SQL that finds rewards on offer: the catalogue's own and the programme's, in one order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson

from services.rewards.finding.domain import Choices, FoundOrder, FoundPlace, FoundReward, Wanted
from shared.contracts.programme import CatalogueReward
from shared.postgres import Connection

#: Values of one kind of choice: those that most rewards have.
CHOICES_MAX_COUNT: Final = 100

#: All that is on offer: $1 the community, $2 when, $3 the reader's language, $4 to $7 what the programme declares.
_OFFERED: Final = """
    with price as (
        select distinct on (reward_id) reward_id, points from catalogue_prices
        where community = $1 and effective_from <= $2 order by reward_id, effective_from desc),
    quote as (
        select distinct on (q.reward_id) q.reward_id, q.points from card_quotes q
        join card_prices p using (community, reward_id)
        join gift_cards g on (g.community, g.reward_id, g.provider, g.product_id, g.face_minor, g.currency)
            = (q.community, q.reward_id, q.provider, q.product_id, q.face_minor, q.currency)
        where q.community = $1 and q.expires_at > $2 and p.currency is not null
        order by q.reward_id, q.quoted_at desc, q.quote_id),
    offered as (
        select r.reward_id, r.kind, r.category, r.tags, r.words,
            to_tsvector('simple', translate(array_to_string(r.tags, ' '), '<>&/@.:-_', '         ')) as tag_words,
            coalesce(r.translations -> $3 ->> 'title', r.title) as title,
            coalesce(nullif(r.translations -> $3 ->> 'description', ''), r.description) as description,
            coalesce(quote.points, price.points)::bigint as points, g.currency, g.face_minor,
            coalesce(f.accepted, f.found) -> 'countries' as countries
        from catalogue_rewards r join price using (reward_id) left join quote using (reward_id)
        left join gift_cards g on g.community = r.community and g.reward_id = r.reward_id and r.kind = 'gift_card'
        left join provider_products f on (f.community, f.provider, f.product_id, f.currency)
            = (g.community, g.provider, g.product_id, g.currency)
        where r.community = $1 and not r.is_withdrawn and (r.opens_at is null or r.opens_at <= $2)
            and (r.closes_at is null or r.closes_at > $2)
        union all
        select d.reward_id, 'other', null, '{}'::text[],
            to_tsvector('simple', translate(d.title || ' ' || d.description, '<>&/@.:-_', '         ')),
            ''::tsvector, d.title, d.description, d.points, null, null, null
        from unnest($4::text[], $5::text[], $6::text[], $7::bigint[]) as d(reward_id, title, description, points)
        where not exists (
            select from catalogue_rewards own where own.community = $1 and own.reward_id = d.reward_id))
"""
_PLACES: Final = {
    FoundOrder.CHEAPEST: ("o.points, o.reward_id", "(o.points, o.reward_id) > (at.points, at.reward_id)"),
    FoundOrder.DEAREST: ("o.points desc, o.reward_id desc", "(o.points, o.reward_id) < (at.points, at.reward_id)"),
    FoundOrder.TITLE: ("lower(o.title), o.reward_id", "(lower(o.title), o.reward_id) > (at.title, at.reward_id)"),
}
_PAGE: Final = """
    {offered}
    select o.reward_id, o.points, lower(o.title) as title, o.currency, o.face_minor, o.countries
    from offered o, (select $16::bigint as points, $17::text as title, $18::text as reward_id) at
    where ($8::text is null or ((o.words || o.tag_words) @@ to_tsquery('simple', $8)
            and (to_tsvector('simple', translate(o.title || ' ' || o.description, '<>&/@.:-_', '         '))
                || o.tag_words) @@ to_tsquery('simple', $8)))
        and ($9::text is null or o.kind = $9) and ($10::text is null or o.category = $10)
        and ($11::text is null or o.currency = $11) and ($20::text[] is null or o.tags @> $20)
        and ($12::text is null or o.countries is null or jsonb_array_length(o.countries) = 0 or o.countries ? $12)
        and ($13::bigint is null or o.points >= $13) and ($14::bigint is null or o.points <= $14)
        and ($15::text[] is null or o.reward_id = any($15))
        and (at.reward_id is null or {after})
    order by {order} limit $19
"""


async def page_of_found(
    conn: Connection,
    wanted: Wanted,
    *,
    community: str,
    declared: Sequence[CatalogueReward],
    now: datetime,
    order: FoundOrder,
    after: FoundPlace | None,
    limit: int,
) -> list[FoundReward]:
    """Rewards on offer that are wanted, in an order, beginning after a place. `declared` are the programme's."""
    by, beyond = _PLACES[order]
    rows = await conn.fetch(
        _PAGE.format(offered=_OFFERED, order=by, after=beyond),
        *_asked(community, wanted.language, declared, now=now),
        None if wanted.words is None else " & ".join(f"{word}:*" for word in wanted.words),
        wanted.kind,
        wanted.category,
        wanted.currency,
        wanted.country,
        wanted.min_points,
        wanted.max_points,
        None if wanted.reward_ids is None else list(wanted.reward_ids),
        *((None, None, None) if after is None else after),
        limit,
        None if wanted.tags is None else list(wanted.tags),
    )
    return [
        FoundReward(
            row["reward_id"],
            row["points"],
            row["title"],
            row["currency"],
            row["face_minor"],
            None if row["countries"] is None else orjson.loads(row["countries"]),
        )
        for row in rows
    ]


async def load_choices(
    conn: Connection, *, community: str, declared: Sequence[CatalogueReward], now: datetime
) -> Choices:
    """How many rewards on offer have each kind, category, tag, currency and country; the commonest of many."""
    rows = await conn.fetch(
        f"""
        {_OFFERED},
        said as (
            select 'kind' as part, kind as value from offered
            union all select 'category', category from offered where category is not null
            union all select 'tag', unnest(tags) from offered
            union all select 'currency', currency from offered where currency is not null
            union all select 'country', jsonb_array_elements_text(countries) from offered
                where countries is not null
            union all select 'all', '' from offered),
        counted as (
            select part, value, count(*) as number,
                row_number() over (partition by part order by count(*) desc, value) as turn
            from said group by part, value)
        select part, value, number from counted where turn <= $8
        union all select 'points', '', coalesce(max(points), 0) from offered
        order by part, value
        """,  # noqa: S608 -- a constant
        *_asked(community, None, declared, now=now),
        CHOICES_MAX_COUNT,
    )
    counts: dict[str, dict[str, int]] = {part: {} for part in ("kind", "category", "tag", "currency", "country")}
    numbers = {row["part"]: row["number"] for row in rows if not row["value"]}
    for row in rows:
        if row["value"]:
            counts[row["part"]][row["value"]] = row["number"]
    return Choices(counts, numbers.get("all", 0), numbers["points"])


def _asked(
    community: str, language: str | None, declared: Sequence[CatalogueReward], *, now: datetime
) -> tuple[object, ...]:
    return (
        community,
        now,
        language or "",
        [one.id for one in declared],
        [one.title for one in declared],
        [one.description for one in declared],
        [one.points for one in declared],
    )
