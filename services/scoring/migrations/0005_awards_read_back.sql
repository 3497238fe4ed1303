set local lock_timeout = '5s';

-- Awards that were read back from points.awarded.v1 and whose events are still to be scored again: these are given
-- already. Rows go as their events come.
create table awards_read_back (
    community text not null,
    event_uid uuid not null,
    award_id uuid not null,
    points int not null,
    programme_version int not null,
    is_reversal boolean not null,
    primary key (event_uid, award_id, community)
);
