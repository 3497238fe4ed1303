set local lock_timeout = '5s';

-- Of which score an award is (null: of the points that can be spent), and when its points can be used. An award of
-- points below 0 takes them.
alter table awards
    add column score text,
    add column available_at timestamptz,
    add column expires_at timestamptz,
    drop constraint awards_check1,
    drop constraint awards_check2,
    add check (points <> 0),
    add check (cause in ('retracted', 'restored', 'limit') and revision >= 1
               and total::bigint * (total - points) >= 0);
drop index awards_of_member;
create index awards_of_member on awards (community, member_id, event_time, award_id)
    include (rule_id, points, recorded_at, amends, total, score);
