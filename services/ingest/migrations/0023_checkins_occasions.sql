set local lock_timeout = '5s';

-- Where people meet: a window, perhaps a capacity, the secret that signs its codes, the key of who takes its lists.
create table occasions (
    community text not null,
    occasion_id uuid not null,
    title text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > begins_at),
    capacity int check (capacity > 0),
    secret bytea not null,
    device_key bytea,
    made_at timestamptz not null,
    primary key (community, occasion_id)
);
create index occasions_by_begin on occasions (community, begins_at, occasion_id);

-- Who was there: each member once.
create table check_ins (
    community text not null,
    occasion_id uuid not null,
    member_id uuid not null,
    checked_in_at timestamptz not null,
    primary key (community, occasion_id, member_id),
    foreign key (community, occasion_id) references occasions
);
create index check_ins_of_member on check_ins (community, member_id);
