set local lock_timeout = '5s';

-- A day's money as ledger, payouts and bank say it, by currency: worked out anew by each check.
create table bank_check_days (
    community text not null,
    day date not null,
    currency text not null,
    payouts_count int not null,
    ledger_minor bigint not null,
    payouts_minor bigint not null,
    -- Null while the bank has said nothing in the currency.
    bank_minor bigint,
    differences_count int not null,
    checked_at timestamptz not null,
    primary key (community, day, currency)
);

-- Payouts of which the three do not say the same: open until somebody explains it, or a later check finds it gone.
create table bank_check_items (
    community text not null,
    item_id uuid not null,
    day date not null,
    currency text not null,
    payout_id uuid not null,
    ledger_minor bigint not null,
    payouts_minor bigint not null,
    bank_minor bigint,
    found_at timestamptz not null,
    state text not null check (state in ('open', 'explained', 'gone')),
    looked_at timestamptz,
    looked_by_person uuid,
    looked_by text,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    reason text,
    primary key (community, item_id)
);
create index bank_check_items_by_time on bank_check_items (community, found_at, item_id);
create index bank_check_items_of_day on bank_check_items (community, day);
create index bank_check_items_open on bank_check_items (found_at) where state = 'open';

create table bank_check_progress (
    community text primary key,
    checked_until date not null,
    -- The community's day on which that was done.
    checked_on date not null
);
