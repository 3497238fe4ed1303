set local lock_timeout = '5s';

-- When the scorecard of a community was counted last.
create table scorecard_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- What indicators measure in the weeks before a day, of communities that are too large to be counted when it is asked;
-- by which days and terms.
create table scorecard_gauges (
    community text not null primary key,
    terms text not null,
    gauges jsonb not null,
    measured_at timestamptz not null
);
