set local lock_timeout = '5s';

-- Events and bodies that were refused at the door, and events that say otherwise than before under the same id: sealed
-- with a key of the settings, and gone once their community's retention is over or there are too many of it.
create table refused_events (
    community text not null,
    refused_id uuid not null,
    cause text not null,
    receipt_id text not null,
    receipt_index int not null,
    event_uid uuid,
    event_type text,
    member_id uuid,
    received_at timestamptz not null,
    size_bytes int not null,
    key_id text not null,
    sealed bytea not null,
    -- Of an event that says otherwise: what stands, sealed, and when that was looked for.
    stands bytea,
    looked_at timestamptz,
    replayed_at timestamptz,
    replayed_as text,
    primary key (community, refused_id) include (size_bytes)
);
create index refused_events_of_receipt on refused_events (community, receipt_id, receipt_index);
create index refused_events_of_event on refused_events (community, event_uid) where event_uid is not null;
create index refused_events_of_member on refused_events (community, member_id) where member_id is not null;
create index refused_events_by_age on refused_events (community, received_at);
create index refused_events_unlooked on refused_events (refused_id) where cause = 'conflict' and looked_at is null;
