set local lock_timeout = '5s';

-- What events bring about that goals count, and their types alone do not say. Whether it counts is known of the event.
create table goal_outcomes (
    community text not null,
    day date not null,
    outcome text not null,
    event_uid uuid not null,
    primary key (community, outcome, day, event_uid)
);

-- When the goals of a community were looked at last.
create table goal_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- When a goal's state turned in a window, as it was noticed.
create table goal_turns (
    turn_id bigint generated always as identity primary key,
    community text not null,
    goal_id text not null,
    starts_on date not null,
    state text not null,
    noticed_at timestamptz not null
);
create index goal_turns_of_goal on goal_turns (community, goal_id, turn_id);
