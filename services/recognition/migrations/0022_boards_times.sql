set local lock_timeout = '5s';

-- How many awards of a member that are on a board amount to something, by the time of their event: the latest of these
-- is when the member reached what they have. Of members who are one person each has its own. Null stands for what there
-- was before it was counted so, and never goes.
create table board_times (
    board_no int not null,
    starts_on date not null,
    member_id uuid not null,
    community text not null,
    event_time timestamptz not null,
    awards int,
    primary key (board_no, starts_on, member_id, event_time)
) with (fillfactor = 90);

-- Of what is on boards already the last time alone is known.
insert into board_times (board_no, starts_on, member_id, community, event_time, awards)
select b.board_no, b.starts_on, b.member_id, b.community, b.reached_at, null::int from board_scores b
where not exists (select from merges m where m.community = b.community and m.head_id = b.member_id)
union all
select o.board_no, o.starts_on, o.member_id, o.community, o.reached_at, null from own_board_scores o
order by 1, 2, 3;
