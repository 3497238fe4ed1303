set local lock_timeout = '5s';

-- Days from writing the bank file to its execution date, as they were when the run was made. The default is for runs
-- that the version before makes while this one comes in: like those that are there already they have no seal, and
-- without one nothing is filed.
alter table payout_runs add column execution_days int not null default 1;

-- One hash over everything that an approver says yes to: of the list as it was computed (each time that it changed
-- while the run was open), as it was approved, and as it was filed.
create table payout_seals (
    community text not null,
    run_id uuid not null,
    number int not null,
    step text not null check (step in ('computed', 'approved', 'filed')),
    seal text not null,
    sealed_at timestamptz not null,
    sealed_by text not null,
    primary key (community, run_id, number),
    foreign key (community, run_id) references payout_runs
);
-- What is decided is decided once.
create unique index one_seal_of_a_decision on payout_seals (community, run_id, step) where step <> 'computed';

-- The service's role brings payouts, runs and redemptions into other states. What they are about stays.
revoke update, delete, truncate on payout_seals, payouts, payout_runs, redemptions from plaudit_rewards;
grant update (state, reason, changed_at) on payouts to plaudit_rewards;
grant update (state, decided_at, decided_by) on payout_runs to plaudit_rewards;
grant update (state, changed_at, changed_by) on redemptions to plaudit_rewards;

-- The one exception, and all of it: a payout that waits for bank details gets some, once, while its run is open.
-- True when it did.
create function set_payee_of_held_payout(text, uuid, text, text, text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p set payee_name = $3, iban = $4, bic = $5
        from public.payout_runs r
        where p.community = $1 and p.payout_id = $2 and p.state = 'held' and p.iban is null
          and r.community = p.community and r.run_id = p.run_id and r.state = 'open'
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function set_payee_of_held_payout(text, uuid, text, text, text) from public;
grant execute on function set_payee_of_held_payout(text, uuid, text, text, text) to plaudit_rewards;
