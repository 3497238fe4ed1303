set local lock_timeout = '5s';

-- Members' names are kept in the table that every service has of them.
insert into followed_members (community, member_id, revision, name)
    select community, member_id, revision, name from members;
drop table members;
