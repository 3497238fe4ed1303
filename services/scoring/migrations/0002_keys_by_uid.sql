set local lock_timeout = '5s';

-- The uid first: a look-up compares 16 bytes at a fixed place, not a community that is the same in nearly all
-- rows. The indexes are built while scoring waits.
alter table activities drop constraint activities_pkey, add primary key (event_uid, community);
alter table awards drop constraint awards_pkey, add primary key (event_uid, award_id, community);
alter table declined drop constraint declined_pkey, add primary key (event_uid, rule_id, community);
alter table cap_usage drop constraint cap_usage_pkey, add primary key (member_id, day, rule_id, community);

-- Every award goes into this one: no wider than the order that it is read in.
drop index awards_of_member;
create index awards_of_member on awards (member_id, event_time, award_id);
