set local lock_timeout = '5s';

-- A merge sums up what the lots of one member hold.
create index lots_of_member on lots (community, member_id);
