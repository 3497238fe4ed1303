set local lock_timeout = '5s';

-- The months of a community that two people closed, or that somebody proposed to close or to open again. A month that is
-- not here is open. Nothing is booked before the end of the newest one that is not open.
create table periods (
    community text not null,
    month date not null check (extract(day from month) = 1),
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    state text not null check (state in ('open', 'closing', 'closed', 'reopening')),
    revision int not null check (revision > 0),
    reason text,
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    -- What was on the accounts at its end, and the last block of the chain that holds it; none while they are added up.
    figures jsonb,
    block_number bigint,
    block_hash text,
    primary key (community, month),
    check (state in ('open', 'closing') or (figures is not null and block_hash is not null)),
    check ((figures is null) = (block_number is null) and (figures is null) = (block_hash is null)),
    check ((decided_at is null) = (decided_by is null))
);
create index periods_ends on periods (community, ends_at) where state <> 'open';

-- Entries that people make by hand, two of them: what one proposes is booked once another confirms it.
create table journals (
    community text not null,
    journal_id uuid not null,
    state text not null check (state in ('proposed', 'posted', 'withdrawn')),
    reason text not null,
    month date check (extract(day from month) = 1),
    amends uuid,
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    primary key (community, journal_id),
    check ((decided_at is null) = (decided_by is null)),
    check ((state = 'proposed') = (decided_at is null))
);
create index journals_in_order on journals (community, proposed_at, journal_id);
create table journal_lines (
    community text not null,
    journal_id uuid not null,
    line int not null check (line >= 0),
    kind text not null,
    currency text not null check (currency <> 'PTS'),
    amount bigint not null check (amount <> 0),
    primary key (community, journal_id, line)
);
revoke delete, truncate on periods, journals from plaudit_rewards;
revoke update, delete, truncate on journal_lines from plaudit_rewards;

lock table entries in share row exclusive mode;

-- As before, and: nothing is booked into what is closed. Whoever does it began before the close and is tried again, which
-- books it into the month that is open.
create or replace function check_entries() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    select community, transfer_id, currency, sum(amount) as total into wrong
    from added group by community, transfer_id, currency having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'entries of transfer % do not sum to zero: % %', wrong.transfer_id, wrong.total, wrong.currency
            using errcode = 'check_violation', table = 'entries', constraint = 'entries_sum_to_zero';
    end if;
    select booked.community, closed.ends_at into wrong
    from (select community, min(recorded_at) as recorded_at from added group by community) booked
    cross join lateral (
        select max(p.ends_at) as ends_at from periods p
        where p.community = booked.community and p.state <> 'open') closed
    where booked.recorded_at < closed.ends_at limit 1;
    if found then
        raise exception 'the books of % are closed until %', wrong.community, wrong.ends_at
            using errcode = 'serialization_failure', table = 'entries', constraint = 'entries_not_in_closed_period';
    end if;
    insert into entries_unchained (community, recorded_at, transfer_ids, account_ids)
    select community, min(recorded_at), array_agg(transfer_id), array_agg(account_id)
    from (select *, (dense_rank() over (order by transfer_id) - 1) / 500 as part from added) parts
    group by community, part;
    return null;
end
$$;

-- What members' accounts of these kinds hold was put there before it is taken: they never go below zero. Available and
-- pending points may, by an award that amounts to less after it was used. An account is declared after its first balance.
create function check_overdraft() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    if tg_table_name = 'accounts' then
        select new.kind, b.amount into wrong from balances b
        where b.community = new.community and b.account_id = new.account_id and b.amount < 0;
    else
        select a.kind, new.amount into wrong from accounts a
        where a.community = new.community and a.account_id = new.account_id
          and a.kind in ('reserved', 'spent', 'paid', 'expired');
    end if;
    if found then
        raise exception 'account % of kind % would be overdrawn: %', new.account_id, wrong.kind, wrong.amount
            using errcode = 'check_violation', table = 'balances', constraint = 'balances_not_overdrawn';
    end if;
    return null;
end
$$;
create trigger check_overdraft after update on balances
    for each row when (new.amount < 0 and new.amount < old.amount) execute function check_overdraft();
create trigger check_overdraft after insert on accounts
    for each row when (new.kind in ('reserved', 'spent', 'paid', 'expired'))
    execute function check_overdraft();
