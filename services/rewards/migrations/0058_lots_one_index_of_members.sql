set local lock_timeout = '5s';

-- Every lot goes into this one: no wider than what is asked, a community's lots, a member's, or those of them that hold
-- points. They are read to be sorted whatever order an index has.
drop index open_lots;
drop index lots_of_member;
create index lots_of_member on lots (community, member_id, (remaining > 0));
