set local lock_timeout = '5s';

-- Communities that events came for, or that somebody declared (then `revision` is above 0), or both. From the first
-- event on the calendar changes forwards alone: the days that were stay as they are.
create table communities (
    community text not null primary key,
    has_events boolean not null,
    calendar jsonb not null,
    title text,
    currency text,
    languages text[],
    look_name text,
    colours text[],
    logo_png bytea,
    public text[],
    publishing text,
    texts_days int,
    rejected_days int,
    revision int not null default 0,
    check (revision = 0 or (title is not null and currency is not null and languages is not null
        and look_name is not null and public is not null and publishing is not null
        and texts_days is not null and rejected_days is not null))
);

-- Every event has members. A walk from one community to the next: members may be millions, communities are few.
with recursive seen as (
    (select community from members order by community limit 1)
    union all
    select (select m.community from members m where m.community > seen.community order by 1 limit 1)
    from seen where seen.community is not null
)
insert into communities (community, has_events, calendar)
select community, true, '[{"time_zone": "UTC", "week_start": "monday"}]' from seen where community is not null;
