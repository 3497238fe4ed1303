set local lock_timeout = '5s';

-- Who was erased: a row without a name, whose revision is the last. There are few of them.
alter table followed_members add column is_erased boolean not null default false;
create index followed_erased on followed_members (community, member_id) where is_erased;
