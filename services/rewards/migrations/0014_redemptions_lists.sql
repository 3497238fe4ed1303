set local lock_timeout = '5s';

-- Lists go by time, and by state where somebody asks for those that wait.
create index redemptions_by_time on redemptions (community, created_at, redemption_id);
create index redemptions_by_state on redemptions (community, state, created_at, redemption_id);
