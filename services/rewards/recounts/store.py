"""The SQL that counts awards as this service has them."""

#: What was told from $1 to $2, by minute and kind. Ids are hashed as every PostgreSQL of a major version does.
TOLD = """
    select date_bin('1 minute', told_at, '2000-01-01T00:00:00Z') as starts_at, 'spendable' as kind,
           count(*) as facts, sum(told_points)::bigint as points, sum(uuid_hash(cause_id))::bigint as digest
    from transfers
    where told_at >= $1 and told_at < $2
    group by 1, 2
"""
