set local lock_timeout = '5s';

-- The uuid decides a comparison at once, at a fixed place in the row; a community in front of it is the same in
-- thousands of rows, and each step down the index would compare it first.
alter table events drop constraint events_pkey, add primary key (event_uid, community);
alter table awards drop constraint awards_pkey, add primary key (award_id, community);
drop index awards_by_event;
create index awards_by_event on awards (event_uid);
alter table member_firsts drop constraint member_firsts_pkey, add primary key (member_id, community);
