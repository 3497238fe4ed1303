set local lock_timeout = '5s';

-- Of members who are one person with others: what each has itself. The person's numbers are those of all of them, and
-- stand in the rows of who stays; the others have none there. Whoever is one alone has no rows here.
create table own_totals (
    community text not null,
    member_id uuid not null,
    points bigint not null,
    awards_by_rule jsonb not null,
    last_award_id uuid,
    primary key (community, member_id)
) with (fillfactor = 70);

create table own_counts (
    community text not null,
    member_id uuid not null,
    counts jsonb not null,
    turns jsonb not null,
    last_event_uid uuid,
    primary key (community, member_id)
) with (fillfactor = 70);

create table own_board_points (
    community text not null,
    period text not null,
    starts_on date not null,
    member_id uuid not null,
    points bigint not null,
    primary key (member_id, starts_on, period, community)
) with (fillfactor = 70);
