set local lock_timeout = '5s';

-- A member's points at any time are added up from awards: with all that takes in the index, whose pages hold awards of
-- one member side by side, and not from the rows, of which every one is on a page of its own.
drop index awards_of_member;
create index awards_of_member on awards (community, member_id, event_time, award_id)
    include (rule_id, points, recorded_at, amends, total);
