set local lock_timeout = '5s';

-- Budgets of points or money: a tree in which each allots to those below it. What is in them is on accounts of the ledger.
create table wallets (
    community text not null,
    wallet_id uuid not null,
    parent_id uuid,
    root_id uuid not null,
    depth int not null check (depth > 0),
    purpose text not null check (purpose in ('community', 'department', 'campaign')),
    campaign_id text,
    title text not null,
    currency text not null,
    state text not null check (state in ('open', 'frozen', 'closed')),
    low_amount bigint check (low_amount > 0),
    is_low boolean not null,
    owner_person_ids uuid[] not null,
    revision int not null check (revision > 0),
    created_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by_person uuid,
    changed_by text not null,
    primary key (community, wallet_id),
    foreign key (community, parent_id) references wallets,
    check ((parent_id is null) = (depth = 1)),
    check (campaign_id is null or purpose = 'campaign')
);
create index wallets_below on wallets (community, parent_id) where parent_id is not null;

-- What somebody set aside of a wallet for one cause, as far as it was spent and given back.
create table wallet_reservations (
    community text not null,
    reservation_id uuid not null,
    wallet_id uuid not null,
    used_for text not null check (used_for in ('redemption', 'payout_run', 'send')),
    amount bigint not null check (amount > 0),
    posted bigint not null check (posted >= 0),
    voided bigint not null check (voided >= 0),
    refunded bigint not null check (refunded between 0 and posted),
    moves int not null check (moves > 0),
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (community, reservation_id),
    foreign key (community, wallet_id) references wallets,
    check (posted + voided <= amount)
);
create index wallet_reservations_expiring on wallet_reservations (expires_at)
    where expires_at is not null and posted + voided < amount;

-- Each transfer of the ledger that moved what is in wallets, why, and by whom.
create table wallet_moves (
    community text not null,
    move_id uuid not null,
    kind text not null check (kind in ('fund', 'withdraw', 'transfer', 'reserve', 'post', 'void', 'refund')),
    wallet_id uuid not null,
    to_wallet_id uuid,
    amount bigint not null check (amount > 0),
    reservation_id uuid,
    used_for text,
    decision_id uuid,
    moved_at timestamptz not null,
    moved_by_person uuid,
    moved_by text not null,
    primary key (community, move_id),
    foreign key (community, wallet_id) references wallets,
    check ((kind = 'transfer') = (to_wallet_id is not null)),
    check ((kind in ('reserve', 'post', 'void', 'refund')) = (reservation_id is not null))
);
create index wallet_moves_of on wallet_moves (community, wallet_id, moved_at, move_id);
create index wallet_moves_to on wallet_moves (community, to_wallet_id, moved_at, move_id) where to_wallet_id is not null;

-- What two people decide of a wallet: what comes in, goes out or is allotted, what spends it, that it is open again or closed.
create table wallet_decisions (
    community text not null,
    decision_id uuid not null,
    wallet_id uuid not null,
    kind text not null check (kind in ('fund', 'withdraw', 'transfer', 'assign', 'unassign', 'thaw', 'close')),
    to_wallet_id uuid,
    amount bigint check (amount > 0),
    spends text check (spends in ('payouts', 'redemptions')),
    reward_id text,
    unit_cost bigint check (unit_cost > 0),
    reason text not null,
    state text not null check (state in ('proposed', 'confirmed', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    primary key (community, decision_id),
    foreign key (community, wallet_id) references wallets,
    check ((state = 'proposed') = (decided_at is null)),
    check ((decided_at is null) = (decided_by is null)),
    check ((kind in ('fund', 'withdraw', 'transfer')) = (amount is not null)),
    check ((kind in ('assign', 'unassign')) = (spends is not null))
);
create index wallet_decisions_in_order on wallet_decisions (community, proposed_at, decision_id);

-- Which spending takes which wallet: all payouts in its currency, all redemptions (reward_id ''), or those of one reward;
-- of redemptions the currency is ''. In points a redemption takes what it costs the member; in money `unit_cost`.
create table wallet_assignments (
    community text not null,
    spends text not null check (spends in ('payouts', 'redemptions')),
    reward_id text not null,
    currency text not null,
    wallet_id uuid not null,
    unit_cost bigint check (unit_cost > 0),
    primary key (community, spends, reward_id, currency),
    foreign key (community, wallet_id) references wallets,
    check (case when spends = 'redemptions' then currency = '' else reward_id = '' and unit_cost is null end)
);

revoke delete, truncate on wallets, wallet_reservations, wallet_decisions from plaudit_rewards;
revoke update, delete, truncate on wallet_moves from plaudit_rewards;

-- As before, and wallets cannot be overdrawn either: who spends locks the wallet and looks, and this holds whoever does not.
create or replace function check_overdraft() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    if tg_table_name = 'accounts' then
        select new.kind, b.amount into wrong from balances b
        where b.community = new.community and b.account_id = new.account_id and b.amount < 0;
    else
        select a.kind, new.amount into wrong from accounts a
        where a.community = new.community and a.account_id = new.account_id
          and a.kind in ('reserved', 'spent', 'paid', 'expired', 'wallet', 'wallet_reserved', 'wallet_spent');
    end if;
    if found then
        raise exception 'account % of kind % would be overdrawn: %', new.account_id, wrong.kind, wrong.amount
            using errcode = 'check_violation', table = 'balances', constraint = 'balances_not_overdrawn';
    end if;
    return null;
end
$$;
drop trigger check_overdraft on accounts;
create trigger check_overdraft after insert on accounts
    for each row
    when (new.kind in ('reserved', 'spent', 'paid', 'expired', 'wallet', 'wallet_reserved', 'wallet_spent'))
    execute function check_overdraft();
