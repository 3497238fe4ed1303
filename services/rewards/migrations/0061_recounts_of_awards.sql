set local lock_timeout = '5s';

-- The fact of an award, as it came: when it was told, and of how many points. Of those booked before, which only
-- say when they were booked, all were told before now.
alter table transfers add column told_at timestamptz, add column told_points bigint;
update transfers t set told_at = t.recorded_at, told_points = -e.amount
from entries e join accounts a using (community, account_id)
where t.kind in ('award', 'amendment') and e.community = t.community and e.transfer_id = t.transfer_id
    and a.kind = 'points_issued';
alter table transfers add check (num_nulls(told_at, told_points) in (0, 2));

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
revoke delete, truncate on recount_rounds from plaudit_rewards;

insert into recounted_minutes
select date_bin('1 minute', told_at, '2000-01-01T00:00:00Z') as starts_at, 'spendable' as kind,
       count(*) as facts, sum(told_points)::bigint as points, sum(uuid_hash(cause_id))::bigint as digest
from transfers
where told_at is not null
group by 1, 2;
insert into recounted_sums select kind, sum(facts), sum(points), sum(digest) from recounted_minutes group by 1;
insert into recount_rounds values (true, date_trunc('minute', now()), '0001-01-01T00:00Z', now());

-- Rows lie in the order in which they were told.
create index transfers_as_told on transfers using brin (told_at) with (pages_per_range = 32, autosummarize = on);
