set local lock_timeout = '5s';

-- Who is suspended, as told with the highest revision: on no board from `starts_at` until `ends_at` (null: until it is
-- lifted), where it stands.
create table suspensions (
    community text not null,
    suspension_id uuid not null,
    member_id uuid not null,
    revision int not null,
    stands boolean not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (suspension_id, community)
);
create index suspensions_standing on suspensions (community) where stands;
create index suspensions_of_member on suspensions (community, member_id);
