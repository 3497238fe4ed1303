set local lock_timeout = '5s';

-- What members are called, known by and reached at, and whether another has the same: kept by the database itself,
-- whoever writes members. Of two transactions that bring the same at once, the second waits here for the first.
create table alike_keys (
    community text not null,
    reason text not null,
    what text not null,
    member_id uuid not null,
    is_shared boolean not null,
    primary key (community, reason, what)
);
create index alike_keys_shared on alike_keys (community) where is_shared;
create index alike_keys_of_member on alike_keys (community, member_id);

create function note_alike_names() returns trigger language plpgsql as $$
begin
    insert into alike_keys as k (community, reason, what, member_id, is_shared)
    select community, 'same_name', lower(name), min(member_id::text)::uuid, count(distinct member_id) > 1
    from members_new where name is not null group by 1, 3 order by 1, 3
    on conflict (community, reason, what) do update set is_shared = true
    where not k.is_shared and (excluded.is_shared or k.member_id <> excluded.member_id);
    return null;
end $$;
create function note_alike_renamed() returns trigger language plpgsql as $$
begin
    insert into alike_keys as k (community, reason, what, member_id, is_shared)
    select n.community, 'same_name', lower(n.name), min(n.member_id::text)::uuid, count(distinct n.member_id) > 1
    from members_new n join members_old o using (community, member_id)
    where n.name is not null and n.name is distinct from o.name group by 1, 3 order by 1, 3
    on conflict (community, reason, what) do update set is_shared = true
    where not k.is_shared and (excluded.is_shared or k.member_id <> excluded.member_id);
    return null;
end $$;
create function note_alike_identities() returns trigger language plpgsql as $$
begin
    insert into alike_keys as k (community, reason, what, member_id, is_shared)
    select community, reason, what, min(member_id::text)::uuid, count(distinct member_id) > 1
    from identities_new cross join lateral (values
        ('same_email', email_hash), ('same_subject', subject_hash),
        ('same_handle', case when identity !~ '^[0-9]+$' then lower(identity) end)) as said(reason, what)
    where what is not null group by 1, 2, 3 order by 1, 2, 3
    on conflict (community, reason, what) do update set is_shared = true
    where not k.is_shared and (excluded.is_shared or k.member_id <> excluded.member_id);
    return null;
end $$;
-- An identity that has another owner from now on: what was noted of it is the new owner's, with whom it is erased.
create function note_alike_moved() returns trigger language plpgsql as $$
begin
    update alike_keys k set member_id = n.member_id
    from identities_new n join identities_old o using (community, channel, identity, host)
    where n.member_id <> o.member_id and k.community = n.community and k.member_id = o.member_id
        and (k.reason, k.what) in (('same_email', n.email_hash), ('same_subject', n.subject_hash),
            ('same_handle', lower(n.identity)));
    insert into alike_keys as k (community, reason, what, member_id, is_shared)
    select community, reason, what, min(member_id::text)::uuid, count(distinct member_id) > 1
    from identities_new cross join lateral (values
        ('same_email', email_hash), ('same_subject', subject_hash),
        ('same_handle', case when identity !~ '^[0-9]+$' then lower(identity) end)) as said(reason, what)
    where what is not null group by 1, 2, 3 order by 1, 2, 3
    on conflict (community, reason, what) do update set is_shared = true
    where not k.is_shared and (excluded.is_shared or k.member_id <> excluded.member_id);
    return null;
end $$;

lock table members, identities in share row exclusive mode;
insert into alike_keys (community, reason, what, member_id, is_shared)
select community, reason, what, min(member_id::text)::uuid, count(distinct member_id) > 1
from (
    select community, 'same_name' as reason, lower(name) as what, member_id from members where name is not null
    union all
    select community, said.reason, said.what, member_id
    from identities cross join lateral (values
        ('same_email', email_hash), ('same_subject', subject_hash),
        ('same_handle', case when identity !~ '^[0-9]+$' then lower(identity) end)) as said(reason, what)
    where said.what is not null) as of_each
group by 1, 2, 3;

create trigger members_alike after insert on members
    referencing new table as members_new for each statement execute function note_alike_names();
create trigger members_alike_renamed after update on members
    referencing old table as members_old new table as members_new
    for each statement execute function note_alike_renamed();
create trigger identities_alike after insert on identities
    referencing new table as identities_new for each statement execute function note_alike_identities();
create trigger identities_alike_moved after update on identities
    referencing old table as identities_old new table as identities_new
    for each statement execute function note_alike_moved();
