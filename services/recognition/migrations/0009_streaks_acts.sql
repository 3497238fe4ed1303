set local lock_timeout = '5s';

-- In which quarters of an hour (UTC) a member did what a counter counts, of counters that streaks go by. Every date of
-- every zone begins with one, so that the dates follow from it wherever they turn out to have lived.
create table acts (
    community text not null,
    member_id uuid not null,
    counter text not null,
    slot timestamptz not null,
    events int not null,
    primary key (member_id, counter, slot, community)
) with (fillfactor = 90);

-- In which zones members said they live, and when they said it.
create table member_zones (
    community text not null,
    member_id uuid not null,
    said_at timestamptz not null,
    zone text not null,
    primary key (member_id, said_at, zone, community)
);
