set local lock_timeout = '5s';

-- What asks and what answers, by the item that both name; whichever comes first.
create table response_events (
    community text not null,
    channel text not null,
    host text not null,
    item_id text not null,
    event_uid uuid not null,
    is_question boolean not null,
    primary key (community, item_id, channel, host, event_uid)
);
create index response_events_by_event on response_events (event_uid, community);

-- Items of whose questions something changed since they were looked at; written without waiting for anybody.
create table response_marks (
    mark_id bigint generated always as identity primary key,
    community text not null,
    channel text not null,
    host text not null,
    item_id text not null,
    marked_at timestamptz not null default now()
);

-- Questions as they are: who asked, and who answered first.
create table response_questions (
    community text not null,
    question_uid uuid not null,
    channel text not null,
    asked_at timestamptz not null,
    asker_id uuid not null,
    answered_at timestamptz,
    answerer_id uuid,
    is_first boolean not null default false,
    primary key (question_uid, community)
);
create index response_questions_by_time on response_questions (community, asked_at)
    include (answered_at, channel, is_first, answerer_id);
create index response_questions_waiting on response_questions (community, asked_at, question_uid)
    where answered_at is null;
create index response_questions_of_asker on response_questions (asker_id, asked_at, question_uid);
