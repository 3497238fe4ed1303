set local lock_timeout = '5s';

-- What members may be nudged of, until it is decided: whom it is about, and the event or celebration that it is by.
-- Of a streak that goes on there is one row, which is due anew each day.
create table nudge_prompts (
    community text not null,
    nudge text not null,
    cause_id uuid not null,
    member_id uuid not null,
    event_uid uuid,
    celebration_id uuid,
    due_at timestamptz not null,
    primary key (community, nudge, cause_id)
) with (fillfactor = 80);
create index nudge_prompts_due on nudge_prompts (due_at);
create index nudge_prompts_next on nudge_prompts (community, due_at);
create index nudge_prompts_of on nudge_prompts (community, member_id);

-- What is known of members for nudges: when they were first told of where they were new then, the first event of
-- theirs that came, and whether they left or want no messages.
create table nudge_members (
    community text not null,
    member_id uuid not null,
    told_at timestamptz,
    first_event_uid uuid,
    first_is_new boolean not null default false,
    is_unwanted boolean not null default false,
    primary key (community, member_id)
);

-- What was answered, by whom: `thing_id` stands for what an event says that it answers.
create table nudge_answers (
    community text not null,
    thing_id uuid not null,
    event_uid uuid not null,
    member_id uuid not null,
    answered_at timestamptz not null,
    primary key (community, thing_id, event_uid)
);
create index nudge_answers_old on nudge_answers (answered_at);

-- In which topics members answered, how often, and when last.
create table nudge_interests (
    community text not null,
    topic text not null,
    member_id uuid not null,
    answers int not null,
    last_at timestamptz not null,
    primary key (community, topic, member_id)
) with (fillfactor = 80);
create index nudge_interests_most on nudge_interests (community, topic, answers desc);
create index nudge_interests_of on nudge_interests (community, member_id);

-- Who got a nudge, and who would have and is held out. One per occasion; it is told, and never changes.
create table nudges (
    community text not null,
    nudge_id uuid not null,
    nudge text not null,
    kind text not null,
    title text not null,
    member_id uuid not null,
    cause_id uuid not null,
    held_out boolean not null,
    decided_at timestamptz not null,
    event_uid uuid,
    celebration_id uuid,
    programme_version int not null,
    primary key (community, nudge_id)
);
create index nudges_of_member on nudges (community, member_id, decided_at desc, nudge_id desc);
create index nudges_by_cause on nudges (community, cause_id);
create index nudges_latest on nudges (community, decided_at desc, nudge_id desc);
revoke update on nudges from plaudit_recognition;
