set local lock_timeout = '5s';

-- Whom no board shows: bots, and whom their community leaves out. There are few of them.
alter table followed_members add column off_boards boolean not null default false;
update followed_members set off_boards = true where bot;
drop index followed_bots;
create index followed_off_boards on followed_members (community, member_id) where off_boards;
