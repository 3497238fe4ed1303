set local lock_timeout = '5s';

-- How often a person was unbound from who they are at a provider: tokens of before let nobody in.
alter table followed_people add column unbound_count int not null default 0;
