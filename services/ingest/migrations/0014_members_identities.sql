set local lock_timeout = '5s';

-- The ids of members are random. Those of before follow from handles, and stand in topics and in every service's tables.
do $$
begin
    if exists (select from members) then
        raise exception using message =
            'the members of this stack were made before their ids became random, and anybody who knows a handle can '
            'tell the id: such a stack is not carried over. Make a new one (`plaudit reset`, then `plaudit up`; on '
            'servers of your own: empty databases and topics) and import its events again';
    end if;
end
$$;

-- Somebody as one channel knows them; `host` is empty where the community has one of the kind.
drop table identities;
create table identities (
    community text not null,
    channel text not null,
    identity text not null,
    host text not null default '',
    member_id uuid not null,
    primary key (community, channel, identity, host),
    foreign key (community, member_id) references members
);
create index identities_of_member on identities (community, member_id);

-- After a restore: identities that were told of, of which nothing but the hash is known until they are seen again.
create table told_identities (
    community text not null,
    identity_hash text not null,
    channel text not null,
    member_id uuid not null,
    primary key (community, identity_hash),
    foreign key (community, member_id) references members
);
create index told_identities_of_member on told_identities (community, member_id);
