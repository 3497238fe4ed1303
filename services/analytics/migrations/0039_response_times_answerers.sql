set local lock_timeout = '5s';

-- Who answered first about a topic, the latest on top: who could answer the next question.
create index response_questions_answered_by_topic on response_questions (community, topic, answered_at desc)
    include (answerer_id) where answerer_id is not null;
