set local lock_timeout = '5s';

-- What people noted and decided on figures; what they wrote is sealed, and goes when it is withdrawn.
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
    key_id text,
    sealed bytea,
    primary key (community, decision_id)
);
create index decisions_of_figure on decisions (community, figure, decision_id);
create index decisions_by_time on decisions (community, made_at);
create index decisions_due on decisions (community, review_on) where review_on is not null;

-- What reviews came to.
create table decision_reviews (
    community text not null,
    decision_id uuid not null,
    number int not null,
    outcome text not null,
    review_on date,
    person_id uuid,
    reviewed_at timestamptz not null,
    key_id text,
    sealed bytea,
    primary key (community, decision_id, number)
);

-- What indicators of the scorecard aim at, from which day on; the last revision that holds on a day does.
create table objectives (
    community text not null,
    indicator text not null,
    revision int not null,
    objective double precision not null,
    starts_on date not null,
    reason text,
    person_id uuid,
    set_at timestamptz not null,
    primary key (community, indicator, revision)
);
revoke update, delete on objectives from plaudit_ingest;
