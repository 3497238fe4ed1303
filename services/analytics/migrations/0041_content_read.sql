set local lock_timeout = '5s';

-- What events make, read and respond to, and as what they are counted; of before once analytics is built anew.
create table content_events (
    community text not null,
    event_uid uuid not null,
    channel text not null,
    host text not null,
    item_id text not null,
    does text not null,
    counted_member uuid,
    counted_month date,
    primary key (event_uid, community, does)
) with (fillfactor = 80);
create index content_events_making on content_events (community, item_id, channel, host) where does = 'makes';

-- Events of which something changed since they were counted; written without waiting for anybody.
create table content_marks (
    mark_id bigint generated always as identity primary key,
    community text not null,
    event_uid uuid not null,
    marked_at timestamptz not null default now()
);

-- How often each member read and responded to an item in a month.
create table content_people (
    community text not null,
    item_id text not null,
    channel text not null,
    host text not null,
    month date not null,
    member_id uuid not null,
    reads int not null,
    responses int not null,
    primary key (community, item_id, channel, host, month, member_id)
) with (fillfactor = 80);
create index content_people_of_member on content_people (member_id, community);

-- How many did: readers of an item in a month, and how many of these responded.
create table content_items (
    community text not null,
    item_id text not null,
    channel text not null,
    host text not null,
    month date not null,
    reads bigint not null,
    readers bigint not null,
    responses bigint not null,
    responders bigint not null,
    resonance double precision not null,
    primary key (community, item_id, channel, host, month)
) with (fillfactor = 50);
create index content_items_by_resonance on content_items (community, month, resonance desc, channel, host, item_id)
    where readers > 0;
create index content_items_of_channel on content_items (community, month, channel, resonance desc, host, item_id)
    where readers > 0;
