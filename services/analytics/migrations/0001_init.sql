set local lock_timeout = '5s';

-- Facts, as the topics told them. Few indexes: every event of the community passes here.

-- One row per event. A retraction that arrives before its event leaves a row with nothing but
-- `retracted_by`; the event fills it in. The row is where the two meet, whichever comes first.
create table events (
    community text not null,
    event_uid uuid not null,
    received_at timestamptz,
    event_time timestamptz,
    member_id uuid,
    object_member_id uuid,
    reply_member_id uuid,
    target_uid uuid,
    retracted_by uuid,
    channel text,
    type text,
    source text,
    event_id text,
    primary key (community, event_uid)
);

create table rejections (
    community text not null,
    fact_id text not null,
    source text not null,
    event_id text not null,
    outcome text not null,
    reason text not null,
    rejected_at timestamptz not null,
    receipt_id text not null,
    receipt_index int not null,
    primary key (community, fact_id)
);
create index rejections_by_event on rejections (community, event_id, source);
create index rejections_by_time on rejections (community, rejected_at);

create table members (
    community text not null,
    member_id uuid not null,
    revision int not null,
    name text,
    primary key (community, member_id)
);

create table awards (
    community text not null,
    award_id uuid not null,
    event_uid uuid not null,
    member_id uuid not null,
    reverses uuid,
    event_time timestamptz not null,
    awarded_at timestamptz not null,
    points bigint not null,
    programme_version int not null,
    rule_id text not null,
    slot text not null,
    programme_id text not null,
    primary key (community, award_id)
);
create index awards_by_event on awards (community, event_uid);
create index awards_by_reversed on awards (community, reverses) where reverses is not null;

create table grants (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    award_id uuid not null,
    reverses uuid,
    kind text not null,
    name text not null,
    title text not null,
    event_time timestamptz not null,
    granted_at timestamptz not null,
    primary key (community, grant_id)
);
create index grants_by_award on grants (community, award_id);
create index grants_by_reversed on grants (community, reverses) where reverses is not null;

create table redemptions (
    community text not null,
    redemption_id uuid not null,
    member_id uuid not null,
    reward_id text not null,
    points bigint not null,
    state text not null,
    changed_at timestamptz not null,
    primary key (community, redemption_id)
);
create table redemption_states (
    community text not null,
    redemption_id uuid not null,
    fact_id text not null,
    position bigint generated always as identity,
    state text not null,
    changed_at timestamptz not null,
    primary key (community, redemption_id, fact_id)
);

create table payouts (
    community text not null,
    payout_id uuid not null,
    run_id uuid not null,
    member_id uuid not null,
    points bigint not null,
    amount_minor bigint not null,
    currency text not null,
    end_to_end_id text not null,
    state text not null,
    changed_at timestamptz not null,
    primary key (community, payout_id)
);
create table payout_states (
    community text not null,
    payout_id uuid not null,
    fact_id text not null,
    position bigint generated always as identity,
    state text not null,
    changed_by text not null,
    reason text,
    changed_at timestamptz not null,
    primary key (community, payout_id, fact_id)
);
create table payout_lots (
    community text not null,
    payout_id uuid not null,
    part int not null,
    position int not null,
    award_id uuid not null,
    points bigint not null,
    primary key (community, payout_id, part, position)
);
create index payout_lots_by_award on payout_lots (community, award_id);

create table programmes (
    community text not null,
    version int not null,
    programme_id text not null,
    effective_from timestamptz not null,
    published_by text not null,
    document jsonb not null,
    primary key (community, version)
);

-- Rollups, moved only by facts that were new. Days are UTC days of event time.

create table member_days (
    community text not null,
    day date not null,
    member_id uuid not null,
    channel text not null,
    events bigint not null,
    primary key (community, day, member_id, channel)
) with (fillfactor = 80);

-- The earliest event of each member, and its channel; one that was retracted counts, so that order does not matter.
create table member_firsts (
    community text not null,
    member_id uuid not null,
    first_at timestamptz not null,
    channel text not null,
    primary key (community, member_id)
);
create index member_firsts_by_time on member_firsts (community, first_at);

create table event_days (
    community text not null,
    day date not null,
    channel text not null,
    type text not null,
    events bigint not null,
    primary key (community, day, channel, type)
) with (fillfactor = 50);

create table rule_days (
    community text not null,
    day date not null,
    rule_id text not null,
    points bigint not null,
    awards bigint not null,
    reversals bigint not null,
    primary key (community, day, rule_id)
) with (fillfactor = 50);

create table grant_days (
    community text not null,
    day date not null,
    kind text not null,
    name text not null,
    granted bigint not null,
    taken_back bigint not null,
    primary key (community, day, kind, name)
) with (fillfactor = 50);
