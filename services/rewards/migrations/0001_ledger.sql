set local lock_timeout = '5s';

-- The ledger. Amounts are signed: credit is positive, debit is negative.

-- Where entries go; `owner` is a member, or null for an account of the community itself.
create table accounts (
    community text not null,
    account_id uuid not null,
    owner uuid,
    kind text not null,
    currency text not null,
    primary key (community, account_id)
);
create index accounts_of_owner on accounts (community, owner);
create index accounts_of_kind on accounts (community, kind, currency);

create table transfers (
    community text not null,
    transfer_id uuid not null,
    kind text not null,
    cause_id uuid not null,
    event_time timestamptz not null,
    recorded_at timestamptz not null,
    reverses uuid,
    primary key (community, transfer_id)
);

-- The key is in the order that a statement is read in. The trigger below checks all rows of an insert at
-- once. There are no foreign keys, which would check row by row: GET /v1/ledger/check finds what lacks its
-- transfer or account.
create table entries (
    community text not null,
    account_id uuid not null,
    recorded_at timestamptz not null,
    transfer_id uuid not null,
    amount bigint not null check (amount <> 0),
    currency text not null,
    primary key (community, account_id, recorded_at, transfer_id)
);

create function check_entries() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    select community, transfer_id, currency, sum(amount) as total into wrong
    from added group by community, transfer_id, currency having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'entries of transfer % do not sum to zero: % %', wrong.transfer_id, wrong.total, wrong.currency
            using errcode = 'check_violation', table = 'entries', constraint = 'entries_sum_to_zero';
    end if;
    return null;
end
$$;
create trigger check_entries after insert on entries
    referencing new table as added for each statement execute function check_entries();

-- Derived from entries in the same transaction, and checked against them.
create table balances (
    community text not null,
    account_id uuid not null,
    amount bigint not null,
    primary key (community, account_id)
) with (fillfactor = 60);

-- One lot for each award; a lot with pending_until still waits to become available.
create table lots (
    community text not null,
    award_id uuid not null,
    member_id uuid not null,
    points bigint not null check (points > 0),
    remaining bigint not null check (remaining between 0 and points),
    earned_at timestamptz not null,
    expires_at timestamptz,
    pending_until timestamptz,
    primary key (community, award_id)
);
create index open_lots on lots (community, member_id, earned_at, award_id)
    where remaining > 0 and pending_until is null;
create index pending_lots on lots (pending_until) where pending_until is not null;
create index expiring_lots on lots (expires_at)
    where expires_at is not null and remaining > 0 and pending_until is null;

-- Which awards a redemption or payout uses; when it is given up, its state says so and the rows stay.
create table lot_uses (
    community text not null,
    used_by uuid not null,
    award_id uuid not null,
    points bigint not null check (points > 0),
    primary key (community, used_by, award_id)
);

-- What was booked is never changed: the service's role may only add.
revoke update, delete, truncate on accounts, transfers, entries, lot_uses from plaudit_rewards;
