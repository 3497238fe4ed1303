set local lock_timeout = '5s';

-- Runs that were read back from payouts.v1 and do not fit their seals, because what was sealed is on no topic (bank
-- details, which a backup may not have). They count as runs without seals: nothing of them is approved or filed.
create table payout_runs_unsealed (
    community text not null,
    run_id uuid not null,
    primary key (community, run_id),
    foreign key (community, run_id) references payout_runs
);
revoke update, delete, truncate on payout_runs_unsealed from plaudit_rewards;

-- A payout that was read back gets the bank details that fit its run's seal. True when it did. No other payout beyond
-- `held` is without bank details.
create function set_payee_of_payout_read_back(text, uuid, text, text, text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p set payee_name = $3, iban = $4, bic = $5
        where p.community = $1 and p.payout_id = $2 and p.iban is null and p.state not in ('accrued', 'held')
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function set_payee_of_payout_read_back(text, uuid, text, text, text) from public;
grant execute on function set_payee_of_payout_read_back(text, uuid, text, text, text) to plaudit_rewards;
