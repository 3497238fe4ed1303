set local lock_timeout = '5s';

-- Members' names and the answers to commands are kept in the tables that every service has of them.
insert into followed_members (community, member_id, revision, name)
    select community, member_id, revision, name from members;
drop table members;

insert into command_answers (community, command, idempotency_key, request_sha256, answer, answered_at)
    select community, command, idempotency_key, request_sha256, answer, answered_at from answers;
drop table answers;
