set local lock_timeout = '5s';

-- What versions of programmes ask of members.
create table declared_surveys (
    community text not null,
    version int not null,
    effective_from timestamptz not null,
    surveys jsonb,
    primary key (community, version)
);

-- Events after which somebody is to be asked, until it is decided: one of each survey and member, the first.
create table survey_triggers (
    community text not null,
    survey_id text not null,
    member_id uuid not null,
    event_uid uuid not null,
    happened_at timestamptz not null,
    primary key (community, survey_id, member_id)
);

-- How far the members of a community were asked by a survey of each month or quarter.
create table survey_rounds (
    community text not null,
    survey_id text not null,
    starts_on date not null,
    after_member uuid not null default '00000000-0000-0000-0000-000000000000',
    is_done boolean not null default false,
    advanced_at timestamptz not null,
    primary key (community, survey_id, starts_on)
);

-- Whom a survey asked. Of an anonymous one nothing of the answer is here but the day on which there was one.
create table survey_invitations (
    community text not null,
    invitation_id uuid not null,
    survey_id text not null,
    programme_version int not null,
    member_id uuid not null,
    trigger text not null,
    asked_at timestamptz not null,
    closes_at timestamptz not null,
    answered_on date,
    answers_count int not null default 0,
    score int,
    choice text,
    primary key (community, invitation_id)
);
create index survey_invitations_of_member on survey_invitations (community, member_id, asked_at);

-- Anonymous answers that wait until five of a survey are there: of nobody, without a time, in no order.
create table survey_answers_waiting (
    community text not null,
    survey_id text not null,
    answer_id uuid not null,
    answer text not null,
    primary key (community, survey_id, answer_id)
);
-- The day on which answers of a survey were last put together: once a day at most.
create table survey_counts (
    community text not null,
    survey_id text not null,
    counted_on date not null,
    primary key (community, survey_id)
);

-- Who is in which audience, as scoring says it: surveys ask of some alone.
create table followed_audiences (
    community text not null,
    audience_id text not null,
    member_id uuid not null,
    revision int not null check (revision > 0),
    is_in boolean not null,
    since timestamptz not null,
    primary key (community, audience_id, member_id)
);
create index followed_audiences_of_member on followed_audiences (community, member_id);

-- Who is suspended when, as scoring says it: nobody is asked meanwhile.
create table suspensions (
    community text not null,
    suspension_id uuid not null,
    member_id uuid not null,
    revision int not null,
    stands boolean not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (suspension_id, community)
);
create index suspensions_of_member on suspensions (community, member_id);
