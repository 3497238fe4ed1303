set local lock_timeout = '5s';

-- The ties of most times of a network that is kept.
create table kept_ties (
    community text not null,
    days int not null,
    from_id uuid not null,
    to_id uuid not null,
    times bigint not null,
    is_mutual boolean not null,
    primary key (community, days, times, from_id, to_id)
);
