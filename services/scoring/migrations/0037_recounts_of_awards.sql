set local lock_timeout = '5s';

-- What was told in each minute, as the rows of awards have it: it is counted again and again, and compared with what the
-- other services have. Empty minutes have no row. Beside it are the sums of all, and one row of how far it is.
create table recounted_minutes (
    starts_at timestamptz not null,
    kind text not null,
    facts bigint not null,
    points bigint not null,
    digest bigint not null,
    primary key (starts_at, kind)
);
create table recounted_sums (
    kind text primary key,
    facts bigint not null,
    points bigint not null,
    digest bigint not null
);
create table recount_rounds (
    is_only boolean primary key default true check (is_only),
    counted_until timestamptz not null,
    recounted_until timestamptz not null,
    began_at timestamptz not null,
    took_seconds double precision
);
revoke delete, truncate on recount_rounds from plaudit_scoring;

insert into recounted_minutes
select date_bin('1 minute', recorded_at, '2000-01-01T00:00:00Z') as starts_at,
       case when score is null then 'spendable' else 'scores' end as kind,
       count(*) as facts, sum(points)::bigint as points, sum(uuid_hash(award_id))::bigint as digest
from awards
group by 1, 2;
insert into recounted_sums select kind, sum(facts), sum(points), sum(digest) from recounted_minutes group by 1;
insert into recount_rounds values (true, date_trunc('minute', now()), '0001-01-01T00:00Z', now());

-- Rows lie in the order in which they were told.
create index awards_as_told on awards using brin (recorded_at) with (pages_per_range = 32, autosummarize = on);
