"""The SQL that counts awards as this service has them."""

#: What was told from $1 to $2, by minute and kind. Ids are hashed as every PostgreSQL of a major version does.
TOLD = """
    select date_bin('1 minute', recorded_at, '2000-01-01T00:00:00Z') as starts_at,
           case when score is null then 'spendable' else 'scores' end as kind,
           count(*) as facts, sum(points)::bigint as points, sum(uuid_hash(award_id))::bigint as digest
    from awards
    where recorded_at >= $1 and recorded_at < $2
    group by 1, 2
"""
