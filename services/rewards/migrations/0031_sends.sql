set local lock_timeout = '5s';

-- Rewards given to a list of people. A send of much is approved by another person than made it.
create table sends (
    community text not null,
    send_id uuid not null,
    title text not null,
    reward_id text not null,
    state text not null check (state in ('draft', 'waiting', 'approved', 'done', 'cancelled')),
    lines_count int not null check (lines_count > 0),
    points bigint not null check (points >= 0),
    starts_at timestamptz,
    claims_end_at timestamptz not null,
    table_sha256 bytea not null,
    made_at timestamptz not null,
    made_by_person uuid,
    made_by text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    -- When it was worked at last: of several the one that waited longest goes on.
    worked_at timestamptz not null,
    check (decided_by_person is null or state in ('done', 'cancelled', 'approved')),
    primary key (community, send_id)
);
create index sends_by_time on sends (community, made_at, send_id);
create index sends_due on sends (worked_at) where state = 'approved';
revoke update, delete, truncate on sends from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, worked_at) on sends to plaudit_rewards;

-- A line is one person: a member, or somebody whom ingest holds until they come.
create table send_lines (
    community text not null,
    send_id uuid not null,
    line int not null,
    line_id uuid not null,
    reward_id text not null,
    member_id uuid,
    recipient_id uuid,
    state text not null
        check (state in ('waiting', 'given', 'offered', 'failed', 'expired', 'cancelled')),
    why text,
    redemption_id uuid,
    changed_at timestamptz not null,
    check (member_id is not null or recipient_id is not null),
    check ((state = 'given') = (redemption_id is not null)),
    check ((state = 'failed') = (why is not null)),
    primary key (community, send_id, line),
    unique (community, line_id),
    unique (community, send_id, member_id),
    unique (community, send_id, recipient_id)
);
create index send_lines_open on send_lines (community, send_id, line) where state = 'waiting';
create index send_lines_offered on send_lines (community, send_id) where state = 'offered';
create index send_lines_of_member on send_lines (community, member_id) where member_id is not null;
revoke update, delete, truncate on send_lines from plaudit_rewards;
grant update (state, why, redemption_id, member_id, changed_at) on send_lines to plaudit_rewards;
