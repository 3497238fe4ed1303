set local lock_timeout = '5s';

-- What people noted and decided on figures, as it stands; what they wrote stays where it was written.
create table decisions (
    community text not null,
    decision_id uuid not null,
    revision int not null,
    kind text not null,
    figure text not null,
    about text,
    value double precision,
    seen_on date not null,
    review_on date,
    state text not null,
    person_id uuid,
    made_at timestamptz not null,
    changed_at timestamptz not null,
    -- When whoever decided is to be written to; null where they were, or nothing is to be looked at again.
    remind_at timestamptz,
    primary key (community, decision_id)
);
create index decisions_of_figure on decisions (community, figure, decision_id);
create index decisions_by_time on decisions (community, made_at);
create index decisions_to_remind on decisions (remind_at, community, decision_id) where remind_at is not null;

-- Which days for looking again were set, by which revision, and by when the next one came: every revision has a row.
create table decision_revisions (
    community text not null,
    decision_id uuid not null,
    revision int not null,
    review_on date,
    changed_at timestamptz not null,
    primary key (community, decision_id, revision)
);
create index decision_revisions_due on decision_revisions (community, review_on) where review_on is not null;

-- What indicators of the scorecard aim at, from which day on; of those that hold on a day the last revision does.
create table objectives (
    community text not null,
    indicator text not null,
    revision int not null,
    objective double precision not null,
    starts_on date not null,
    set_at timestamptz not null,
    primary key (community, indicator, revision)
);

-- By which ids an answer goes, and what it answers; or, without that, which answer was accepted.
create table solution_events (
    community text not null,
    item_id text not null,
    channel text not null,
    host text not null,
    event_uid uuid not null,
    question_id text,
    primary key (community, item_id, channel, host, event_uid)
);
create index solution_events_of_question on solution_events (community, question_id, channel, host)
    where question_id is not null;
