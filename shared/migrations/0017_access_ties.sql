set local lock_timeout = '5s';

-- Which members of the community a person is: nobody decides what is about themselves.
alter table followed_people add column members uuid[] not null default '{}';
