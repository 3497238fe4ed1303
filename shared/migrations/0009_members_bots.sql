set local lock_timeout = '5s';

-- Members that are no persons are on no board; there are few of them.
alter table followed_members add column bot boolean not null default false;
create index followed_bots on followed_members (community, member_id) where bot;
