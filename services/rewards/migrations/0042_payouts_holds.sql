set local lock_timeout = '5s';

-- Whose money waits because somebody in finance said so, until somebody says that it goes on. `note` is for finance alone,
-- and is told to nobody.
create table payout_holds (
    community text not null,
    hold_id uuid not null,
    payout_id uuid not null,
    member_id uuid not null,
    cause text not null check (cause in ('under_review', 'disputed', 'asked', 'bank_details', 'other')),
    note text,
    placed_at timestamptz not null,
    placed_by_person uuid,
    placed_by text not null,
    released_at timestamptz,
    released_by_person uuid,
    released_by text,
    primary key (community, hold_id),
    check ((released_at is null) = (released_by is null))
);
-- A member waits for one at a time.
create unique index payout_holds_standing on payout_holds (community, member_id) where released_at is null;
create index payout_holds_by_time on payout_holds (community, placed_at, hold_id);
create index payout_holds_of_member on payout_holds (community, member_id);

-- Nothing of it is rewritten but that it ended, and what a person wrote goes with who was erased.
revoke update, delete, truncate on payout_holds from plaudit_rewards;
grant update (released_at, released_by_person, released_by, note) on payout_holds to plaudit_rewards;
