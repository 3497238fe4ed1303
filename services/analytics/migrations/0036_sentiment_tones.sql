set local lock_timeout = '5s';

-- How what was written in an event sounds, by who measured it last; and as what it is counted, if it is.
create table tones (
    community text not null,
    event_uid uuid not null,
    measured_at timestamptz not null,
    model text not null,
    language text not null,
    tone text not null,
    counted_day date,
    counted_channel text,
    counted_type text,
    counted_model text,
    counted_language text,
    counted_tone text,
    primary key (event_uid, community)
) with (fillfactor = 70);

-- Events of whose tone something changed since it was counted; written without waiting for anybody.
create table tone_marks (
    mark_id bigint generated always as identity primary key,
    community text not null,
    event_uid uuid not null,
    marked_at timestamptz not null default now()
);

-- How many texts of a day sound how.
create table tone_days (
    community text not null,
    day date not null,
    channel text not null,
    type text not null,
    model text not null,
    language text not null,
    tone text not null,
    texts bigint not null,
    primary key (community, day, channel, type, model, language, tone)
) with (fillfactor = 50);
