set local lock_timeout = '5s';

-- By which rate the price of points became a run's currency; null where that is the price's own.
alter table payout_runs add column exchange jsonb;
alter table payouts
    add column exchange jsonb,
    add column payee_reference text;
alter table payout_parts add column rate_exchange jsonb;

-- In which currency a member is paid, and what a payer is asked to say; null for the programme's own, and nothing.
alter table payee_changes
    add column currency text,
    add column reference text;

-- A converted amount is rounded down, so that fewer points may be worth the same.
create or replace function reduce_payout(text, uuid, bigint, bigint) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set computed_points = p.points, computed_minor = p.amount_minor, points = $3, amount_minor = $4
        from public.payout_runs r
        where p.community = $1 and p.payout_id = $2 and p.state = 'eligible' and p.computed_points is null
          and $3 between 1 and p.points - 1
          and $4 between 1 and p.amount_minor - case when p.exchange is null then 1 else 0 end
          and r.community = p.community and r.run_id = p.run_id and r.state not in ('computing', 'open')
        returning 1)
    select exists (select from changed)
$$;

create or replace function set_payee_of_held_payout(text, uuid, int) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set payee_name = c.name, iban = c.iban, bic = c.bic, payee_reference = c.reference,
            payee_revision = c.revision, payee_changed_at = c.changed_at, payee_changed_by = c.changed_by,
            payee_changed_by_person = c.changed_by_person
        from public.payout_runs r, public.payee_changes c
        where p.community = $1 and p.payout_id = $2 and p.state = 'held' and p.iban is null
          and r.community = p.community and r.run_id = p.run_id and r.state = 'open'
          and c.community = p.community and c.member_id = p.member_id and c.revision = $3
        returning 1)
    select exists (select from changed)
$$;

create or replace function set_payee_of_payout_read_back(text, uuid, int) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set payee_name = c.name, iban = c.iban, bic = c.bic, payee_reference = c.reference,
            payee_revision = c.revision, payee_changed_at = c.changed_at, payee_changed_by = c.changed_by,
            payee_changed_by_person = c.changed_by_person
        from public.payee_changes c
        where p.community = $1 and p.payout_id = $2 and p.iban is null and p.state not in ('accrued', 'held')
          and c.community = p.community and c.member_id = p.member_id and c.revision = $3
        returning 1)
    select exists (select from changed)
$$;
