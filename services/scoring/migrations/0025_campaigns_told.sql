set local lock_timeout = '5s';

-- How often it was told that a campaign stopped, went on, or spent all that it has; whether it has; and until when its
-- books are open: what is over asks nobody for anything.
alter table campaign_books
    add column revision int not null default 0 check (revision >= 0),
    add column is_exhausted boolean not null default false,
    add column closes_at timestamptz;

-- Each time, one row: what was told, in its order.
create table campaign_changes (
    community text not null,
    campaign_id text not null,
    revision int not null check (revision >= 1),
    what text not null check (what in ('braked', 'stopped', 'resumed', 'exhausted', 'replenished')),
    changed_at timestamptz not null,
    spent_points bigint not null check (spent_points >= 0),
    person_id uuid,
    person_name text,
    reason text,
    primary key (community, campaign_id, revision)
);
