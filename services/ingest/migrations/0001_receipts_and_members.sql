set local lock_timeout = '5s';

-- Every event that was accepted, for deduplication: the same id may come again, with the same content.
create table events (
    community text not null,
    event_uid uuid not null,
    content_hash bytea not null,
    primary key (community, event_uid)
);

-- What became of each event of each request.
create table receipts (
    community text not null,
    receipt_id text not null,
    receipt_index int not null,
    event_uid uuid not null,
    outcome text not null check (outcome in ('accepted', 'duplicate', 'conflict')),
    reason text,
    primary key (community, receipt_id, receipt_index)
);

create table members (
    community text not null,
    member_id uuid not null,
    name text,
    channel text not null,
    first_seen_at timestamptz not null,
    revision int not null default 1,
    primary key (community, member_id)
);

create table identities (
    community text not null,
    channel text not null,
    identity text not null,
    member_id uuid not null,
    primary key (community, channel, identity),
    foreign key (community, member_id) references members
);
create index identities_of_member on identities (community, member_id);
