set local lock_timeout = '5s';

-- Points that a person gives or takes by hand: asked for, and given at once or once another person has approved it.
-- `manual_id` follows from the idempotency key, and is what the award has in place of an event's uid.
create table manual_awards (
    community text not null,
    manual_id uuid not null,
    member_id uuid not null,
    points int not null check (points <> 0),
    reason text not null,
    title text not null,
    programme_id text not null,
    programme_version int not null,
    state text not null check (state in ('waiting', 'given', 'declined', 'reversed')),
    award_id uuid,
    asked_at timestamptz not null,
    asked_by text not null,
    asked_by_person uuid,
    asked_by_credential text,
    decided_at timestamptz,
    decided_by text,
    decided_by_person uuid,
    decided_by_credential text,
    given_at timestamptz,
    reversed_at timestamptz,
    reversed_by text,
    reversed_by_person uuid,
    reversed_by_credential text,
    primary key (community, manual_id),
    check ((state in ('given', 'reversed')) = (award_id is not null and given_at is not null)),
    check ((state = 'reversed') = (reversed_at is not null))
);
create index manual_awards_of_person on manual_awards (community, asked_by_person, asked_at);
create index manual_awards_of_member on manual_awards (community, member_id, asked_at desc);
create index manual_awards_newest on manual_awards (community, asked_at desc, manual_id desc);
create index manual_awards_waiting on manual_awards (community) where state = 'waiting';
