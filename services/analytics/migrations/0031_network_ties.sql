set local lock_timeout = '5s';

-- Who turned to whom by an event, and whether that is counted.
create table ties (
    community text not null,
    event_uid uuid not null,
    day date not null,
    kind text not null,
    from_id uuid not null,
    to_id uuid not null,
    is_counted boolean not null default false,
    primary key (event_uid, community)
) with (fillfactor = 90);

-- Events of whose tie something changed since it was counted; written without waiting for anybody.
create table tie_marks (
    mark_id bigint generated always as identity primary key,
    community text not null,
    event_uid uuid not null,
    marked_at timestamptz not null default now()
);

-- How often one member turned to another on a day, each as they were called then: who is merged is one when it is read.
create table tie_days (
    community text not null,
    day date not null,
    kind text not null,
    from_id uuid not null,
    to_id uuid not null,
    times bigint not null,
    primary key (community, day, from_id, to_id, kind)
) with (fillfactor = 70);
create index tie_days_by_whom on tie_days (to_id, community, day);
create index tie_days_by_who on tie_days (from_id, community, day);

-- Who was new when: isolated newcomers are looked for by it.
create index retention_people_by_first on retention_people (community, (days[1]), member_id);
