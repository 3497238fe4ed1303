set local lock_timeout = '5s';

-- Freezes of streaks that people gave members, with why.
create table streak_freezes (
    community text not null,
    freeze_id uuid not null,
    member_id uuid not null,
    streak text not null,
    given_at timestamptz not null,
    given_by_person uuid,
    given_by text not null,
    reason text,
    primary key (community, freeze_id)
);
create index streak_freezes_of_member on streak_freezes (community, member_id);
