set local lock_timeout = '5s';

-- The rewards section of each programme version.
create table programmes (
    community text not null,
    programme_id text not null,
    version int not null,
    effective_from timestamptz not null,
    rewards jsonb not null,
    primary key (community, programme_id, version)
);

create table members (
    community text not null,
    member_id uuid not null,
    name text,
    revision int not null,
    primary key (community, member_id)
);

-- Answers to commands, so that a request that is sent again gets the same one.
create table answers (
    community text not null,
    command text not null,
    idempotency_key text not null,
    request_sha256 text not null,
    answer text,
    answered_at timestamptz not null,
    primary key (community, command, idempotency_key)
);

create table redemptions (
    community text not null,
    redemption_id uuid not null,
    member_id uuid not null,
    reward_id text not null,
    title text not null,
    points bigint not null check (points > 0),
    state text not null check (state in ('reserved', 'confirmed', 'cancelled', 'expired')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    primary key (community, redemption_id)
);
create index redemptions_of_member on redemptions (community, member_id, redemption_id);
create index reservations on redemptions (expires_at) where state = 'reserved';
