set local lock_timeout = '5s';

-- What was written in events, sealed with a key of the settings; gone once its community's retention is over.
create table texts (
    community text not null,
    event_uid uuid not null,
    member_id uuid,
    event_type text not null,
    received_at timestamptz not null,
    key_id text not null,
    sealed bytea not null,
    model text,
    measures jsonb,
    primary key (community, event_uid)
);
create index texts_by_age on texts (community, received_at);
create index texts_by_member on texts (community, member_id);

-- Communities whose texts are being measured again; the one that waited longest has the next portion.
create table measurings (
    community text primary key,
    started_at timestamptz not null,
    portion_at timestamptz not null
);
