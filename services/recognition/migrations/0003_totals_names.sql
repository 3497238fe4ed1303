set local lock_timeout = '5s';

-- Members' names are kept as in every service that shows them: in followed_members (shared/migrations/0004).
insert into followed_members (community, member_id, revision, name)
select community, member_id, revision, name from member_names;
drop table member_names;
