set local lock_timeout = '5s';

-- What events say of suggestions: that one is made (no status), or in which state it is. Whether that counts is
-- known of the event.
create table idea_events (
    community text not null,
    event_uid uuid not null,
    channel text not null,
    host text not null,
    item_id text not null,
    status text,
    primary key (community, event_uid)
);
create index idea_events_made on idea_events (community, event_uid) where status is null;
create index idea_events_of_item on idea_events (community, item_id, channel, host) where status is not null;
