set local lock_timeout = '5s';

-- The event of the answer by name that has words, while it counts; null of what is anonymous, and of numbers alone.
alter table survey_invitations add words_uid uuid;
create index survey_invitations_in_words on survey_invitations (community, survey_id, answered_on, invitation_id)
    where words_uid is not null;

-- Which answer in words a suggestion was made of: once for each.
alter table ideas add answer_uid uuid;
create unique index ideas_of_answer on ideas (community, answer_uid) where answer_uid is not null;
