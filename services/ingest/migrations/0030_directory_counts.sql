set local lock_timeout = '5s';

-- How many members there are of each mark. Every statement that changes members adds what it changed as a row of its own,
-- so that nobody waits for anybody; a timer makes one row of those of a community. Kept by the database itself, whoever
-- writes members.
create table member_counts (
    community text not null,
    members bigint not null,
    persons bigint not null,
    bots bigint not null,
    staff bigint not null,
    departed bigint not null,
    hidden bigint not null,
    unverified bigint not null,
    is_folded boolean not null default false
);
create index member_counts_of on member_counts (community);
create index member_counts_unfolded on member_counts (community) where not is_folded;

-- Whether any of a member's identities was proven: what is so of a member stands with the member.
alter table members add column is_proven boolean not null default false;
lock table members, identities in share row exclusive mode;
update members m set is_proven = true where exists (
    select from identities i where i.community = m.community and i.member_id = m.member_id
        and (i.email_verified or i.joined_by is not null or i.subject_hash is not null));
create index members_unverified on members (community, first_seen_at, member_id)
    where bot_by is null and not is_proven and erased_at is null;

create function note_proven(communities text[], member_ids uuid[]) returns void language plpgsql as $$
begin
    if communities is null then
        return;
    end if;
    perform from members m join unnest(communities, member_ids) as k(community, member_id) using (community, member_id)
        order by m.community, m.member_id for no key update of m;
    -- A statement of its own: it sees what others have committed while the one above waited for them.
    update members m set is_proven = not m.is_proven
    from unnest(communities, member_ids) as k(community, member_id)
    where m.community = k.community and m.member_id = k.member_id and m.is_proven <> exists (
        select from identities i where i.community = m.community and i.member_id = m.member_id
            and (i.email_verified or i.joined_by is not null or i.subject_hash is not null));
end $$;
create function note_proven_added_or_gone() returns trigger language plpgsql as $$
begin
    perform note_proven(array_agg(community), array_agg(member_id)) from identities_now
    where email_verified or joined_by is not null or subject_hash is not null;
    return null;
end $$;
create function note_proven_changed() returns trigger language plpgsql as $$
begin
    perform note_proven(array_agg(community), array_agg(either.id))
    from identities_new n join identities_old o using (community, channel, identity, host)
    cross join lateral (values (n.member_id), (o.member_id)) as either(id)
    where (n.member_id, n.email_verified or n.joined_by is not null or n.subject_hash is not null)
        is distinct from (o.member_id, o.email_verified or o.joined_by is not null or o.subject_hash is not null);
    return null;
end $$;

create function count_members_added_or_gone() returns trigger language plpgsql as $$
declare
    one int := case tg_op when 'INSERT' then 1 else -1 end;
begin
    insert into member_counts (community, members, persons, bots, staff, departed, hidden, unverified)
    select community, one * count(*), one * count(*) filter (where bot_by is null), one * count(bot_by),
        one * count(staff_by), one * count(departed_by), one * count(hidden_by),
        one * count(*) filter (where bot_by is null and not is_proven)
    from members_now where erased_at is null group by community;
    return null;
end $$;
create function count_members_changed() returns trigger language plpgsql as $$
begin
    insert into member_counts (community, members, persons, bots, staff, departed, hidden, unverified)
    select * from (
        select community, coalesce(sum(one), 0) as members,
            coalesce(sum(one) filter (where bot_by is null), 0) as persons,
            coalesce(sum(one) filter (where bot_by is not null), 0) as bots,
            coalesce(sum(one) filter (where staff_by is not null), 0) as staff,
            coalesce(sum(one) filter (where departed_by is not null), 0) as departed,
            coalesce(sum(one) filter (where hidden_by is not null), 0) as hidden,
            coalesce(sum(one) filter (where bot_by is null and not is_proven), 0) as unverified
        from (select 1 as one, * from members_new union all select -1, * from members_old) both_of_them
        where erased_at is null group by community) changed
    where (members, persons, bots, staff, departed, hidden, unverified) <> (0, 0, 0, 0, 0, 0, 0);
    return null;
end $$;

insert into member_counts
select community, count(*), count(*) filter (where bot_by is null), count(bot_by), count(staff_by), count(departed_by),
    count(hidden_by), count(*) filter (where bot_by is null and not is_proven), true
from members where erased_at is null group by community;

create trigger members_counted after insert on members
    referencing new table as members_now for each statement execute function count_members_added_or_gone();
create trigger members_counted_gone after delete on members
    referencing old table as members_now for each statement execute function count_members_added_or_gone();
create trigger members_counted_changed after update on members
    referencing old table as members_old new table as members_new
    for each statement execute function count_members_changed();
create trigger identities_proven after insert on identities
    referencing new table as identities_now for each statement execute function note_proven_added_or_gone();
create trigger identities_proven_gone after delete on identities
    referencing old table as identities_now for each statement execute function note_proven_added_or_gone();
create trigger identities_proven_changed after update on identities
    referencing old table as identities_old new table as identities_new
    for each statement execute function note_proven_changed();

-- What is shared is looked through a few members at a time.
drop index alike_keys_shared;
create index alike_keys_shared on alike_keys (community, member_id) where is_shared;
