set local lock_timeout = '5s';

-- What people did in slices, as it was counted last: the days on which they were active in each and how many events
-- they had, whether they were new in it, by the channel of their first event, and whether they became activated.
create table slice_people (
    member_id uuid not null,
    community text not null,
    kind text not null,
    value text not null,
    days date[] not null,
    events bigint[] not null,
    is_new boolean not null,
    channel text not null,
    is_activated boolean not null,
    primary key (member_id, community, kind, value)
);

-- How many people there are of what in each slice: services/analytics/retention/domain has the figures.
create table slice_figures (
    community text not null,
    kind text not null,
    value text not null,
    figure text not null,
    channel text not null,
    day date not null,
    number int not null,
    people bigint not null,
    primary key (community, kind, value, figure, channel, day, number)
) with (fillfactor = 50);
-- All slices of a kind beside one another, in a period; how large each is stands under the first of all days.
create index slice_figures_by_day on slice_figures (community, kind, day, figure, value);

-- Figures of a slice, or of everybody: the slice whose kind and value are empty.
create view figures_by_slice as
    select community, '' as kind, '' as value, figure, channel, day, number, people from retention_figures
    union all
    select community, kind, value, figure, channel, day, number, people from slice_figures;

insert into retention_marks (community, member_id) select community, member_id from retention_people;
