set local lock_timeout = '5s';

-- Events that were read back from engagement.events.v1 and whose requests are still to be judged again: with the time of
-- the request that was the first, so that its receipt says accepted, as it did. Rows go as the requests come.
create table events_read_back (
    community text not null,
    event_uid uuid not null,
    received_at timestamptz not null,
    primary key (event_uid, community)
);
