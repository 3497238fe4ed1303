set local lock_timeout = '5s';

-- Who was asked by which survey, and on what occasion: an event, or the first day of a month or quarter.
create table survey_asked (
    community text not null,
    invitation_id uuid not null,
    survey_id text not null,
    member_id uuid not null,
    trigger text not null,
    asked_on date not null,
    primary key (community, invitation_id)
);
create index survey_asked_of_survey on survey_asked (community, survey_id, asked_on);

-- What was answered, by the event that says so; whether that counts is known of the event.
create table survey_answers (
    community text not null,
    event_uid uuid not null,
    invitation_id uuid not null,
    survey_id text not null,
    answered_on date not null,
    answer text not null,
    primary key (community, event_uid)
);
create index survey_answers_of_survey on survey_answers (community, survey_id, answered_on);

-- Anonymous answers, as they were counted together: at least five.
create table survey_blocks (
    community text not null,
    block_id uuid not null,
    survey_id text not null,
    counted_on date not null,
    answers jsonb not null,
    primary key (community, block_id)
);
create index survey_blocks_of_survey on survey_blocks (community, survey_id, counted_on);
