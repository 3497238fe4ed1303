set local lock_timeout = '5s';

-- How many members there are, without bots: counted as they come, for a million takes too long when it is asked.
lock table followed_members in share row exclusive mode;
create table member_counts (
    community text not null primary key,
    members bigint not null
) with (fillfactor = 50);
insert into member_counts (community, members)
select community, count(*) from followed_members where not bot group by 1;

-- Whoever writes the table moves the count: what all services share to follow members, and what erases one.
create function count_members() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into member_counts as c (community, members)
        select community, count(*) from added where not bot group by 1 order by 1
        on conflict (community) do update set members = c.members + excluded.members;
    elsif tg_op = 'DELETE' then
        update member_counts c set members = c.members - gone.members
        from (select community, count(*) as members from removed where not bot group by 1) gone
        where c.community = gone.community;
    else
        update member_counts c set members = c.members + moved.members
        from (
            select community, sum(change) as members
            from (
                select community, 1 as change from added where not bot
                union all
                select community, -1 from removed where not bot
            ) changes
            group by 1 having sum(change) <> 0
        ) moved
        where c.community = moved.community;
    end if;
    return null;
end
$$;
create trigger count_added after insert on followed_members referencing new table as added
    for each statement execute function count_members();
create trigger count_removed after delete on followed_members referencing old table as removed
    for each statement execute function count_members();
create trigger count_changed after update on followed_members referencing old table as removed new table as added
    for each statement execute function count_members();
