set local lock_timeout = '5s';

-- Members as a service other than ingest knows them, from members.v1: of a member the highest revision counts.
create table followed_members (
    community text not null,
    member_id uuid not null,
    revision int not null,
    name text,
    primary key (community, member_id)
);
