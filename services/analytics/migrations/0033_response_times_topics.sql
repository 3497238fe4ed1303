set local lock_timeout = '5s';

-- What a question is about, as its platform says; empty where it says nothing. Questions of before have none until
-- analytics is built anew.
alter table response_events add column topic text not null default '';
alter table response_questions add column topic text not null default '';
create index response_questions_waiting_by_topic on response_questions (community, topic, asked_at, question_uid)
    where answered_at is null;
