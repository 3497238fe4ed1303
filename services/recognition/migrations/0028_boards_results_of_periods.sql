set local lock_timeout = '5s';

-- Results are of a kind of period, too: a quarter and its first month begin on one day, and a board may have been of
-- the one and be of the other now. Those of all time are of days, to see who moved. What is there says by its days of
-- what it is, but for boards of all time.
alter table board_cuts add column period text;
alter table board_results add column period text;
update board_cuts c set period = case
    when exists (
        select from boards b
        where b.community = c.community and b.board_id = c.board_id and not b.is_over
            and b.declared ->> 'period' = 'all_time' and c.starts_on = c.ends_on) then 'all_time'
    when exists (
        select from boards b
        where b.community = c.community and b.board_id = c.board_id and not b.is_over
            and b.declared ->> 'period' = 'week' and c.ends_on - c.starts_on < 14) then 'week'
    when c.starts_on = c.ends_on then 'day'
    when c.ends_on - c.starts_on < 14 then 'week'
    when c.ends_on - c.starts_on < 31 then 'month'
    when c.ends_on - c.starts_on < 92 then 'quarter'
    else 'year'
end;
update board_results r set period = c.period from board_cuts c
where c.community = r.community and c.board_id = r.board_id and c.starts_on = r.starts_on;
delete from board_results where period is null;
alter table board_results alter column period set not null, drop constraint board_results_pkey,
    add primary key (community, board_id, period, starts_on, place);
alter table board_cuts alter column period set not null, drop constraint board_cuts_pkey,
    add primary key (community, board_id, period, starts_on);
