set local lock_timeout = '5s';

-- Every receipt of one event: when it came, and what became of it each time.
create index receipts_by_event on receipts (community, event_uid);

-- How many events of a source had which outcome, by the hour in which they were received. A batch adds rows of its own,
-- so that workers do not wait for one another; those of an hour that is over become one.
create table outcome_hours (
    community text not null,
    source text not null,
    hour timestamptz not null,
    outcome text not null,
    events bigint not null
);
create index outcome_hours_of on outcome_hours (community, hour, source, outcome);
create index outcome_hours_by_age on outcome_hours (hour);
