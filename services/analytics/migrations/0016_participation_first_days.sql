set local lock_timeout = '5s';

-- How many members were new on a day in a channel: the members' own rows take too long to count when it is asked.
lock table member_firsts in share row exclusive mode;
create table first_days (
    community text not null,
    day date not null,
    channel text not null,
    members bigint not null,
    primary key (community, day, channel)
) with (fillfactor = 50);
insert into first_days (community, day, channel, members)
select community, coalesce(day, (first_at at time zone 'UTC')::date), channel, count(*)
from member_firsts group by 1, 2, 3;
