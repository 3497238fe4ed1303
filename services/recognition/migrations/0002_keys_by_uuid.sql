set local lock_timeout = '5s';

-- The uuid first: a look-up compares 16 bytes at a fixed place, not a community that is the same in nearly all
-- rows. The indexes are built while recognition waits.
alter table applied_awards drop constraint applied_awards_pkey, add primary key (award_id, community);
alter table board_points
    drop constraint board_points_pkey, add primary key (member_id, starts_on, period, community);
alter table grants drop constraint grants_pkey, add primary key (grant_id, community);
