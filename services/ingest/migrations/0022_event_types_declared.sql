set local lock_timeout = '5s';

-- What each version of a community's programme declares under `events`: types of events and channels of its own.
create table declared_event_types (
    community text not null,
    version int not null,
    effective_from timestamptz not null,
    events jsonb not null,
    primary key (community, version)
);
