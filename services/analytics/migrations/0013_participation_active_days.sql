set local lock_timeout = '5s';

-- What is asked of members' days is which are near one another, never who was there on a day: active_days has that.
alter table member_days drop constraint member_days_pkey, add primary key (member_id, community, day, channel);

-- How many members were active on a day, by how many days they had not been before: 31 are as many or more, or all
-- of them. In the channel '' a member of several counts once. Whoever was active in a period of up to 31 days was so
-- for the first time in it on one of its days: those are the days of which `gap` reaches back to before the period.
create table active_days (
    community text not null,
    channel text not null,
    day date not null,
    gap smallint not null check (gap between 1 and 31),
    members bigint not null,
    primary key (community, channel, day, gap)
) with (fillfactor = 50);

insert into active_days (community, channel, day, gap, members)
select community, channel, day, least(day - before, 31), count(*)
from (
    select community, channel, day, lag(day) over (partition by member_id, community, channel order by day) as before
    from (
        select community, member_id, channel, day from member_days where events > 0
        union all
        select distinct community, member_id, '', day from member_days where events > 0
    ) days
) active
group by 1, 2, 3, 4;
