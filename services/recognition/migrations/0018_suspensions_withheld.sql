set local lock_timeout = '5s';

-- When an event happened: whoever turns out to have been suspended then has those of that time counted no more.
alter table counted_events add column happened_at timestamptz;
update counted_events set happened_at = (event ->> 'time')::timestamptz where event is not null;
create index counted_events_by_time on counted_events (community, happened_at);

-- Which events do not count for a member by which counter, because they were suspended when these happened.
create table withheld_counts (
    community text not null,
    member_id uuid not null,
    event_uid uuid not null,
    counter text not null,
    happened_at timestamptz not null,
    primary key (event_uid, member_id, counter, community)
);
create index withheld_counts_of_member on withheld_counts (member_id, event_uid);
