set local lock_timeout = '5s';

-- A run is worked at in pieces, each a transaction of its own: these are the states while that goes on.
alter table payout_runs drop constraint payout_runs_state_check;
alter table payout_runs add constraint payout_runs_state_check
    check (state in ('computing', 'open', 'approving', 'approved', 'filing', 'filed', 'cancelling', 'cancelled'));
-- How many members a run is computed for, how many are left for another one, and who has its file written.
alter table payout_runs
    add column planned_count int not null default 0,
    add column left_payable_count int not null default 0,
    add column left_held_count int not null default 0,
    add column filing_by text,
    add column filing_by_person uuid;
grant update (filing_by, filing_by_person) on payout_runs to plaudit_rewards;
create index payout_runs_worked_at on payout_runs (created_at, run_id)
    where state in ('computing', 'approving', 'filing', 'cancelling');

-- What an approver says yes to is sealed when the approval begins: it cannot begin twice.
alter table payout_seals drop constraint payout_seals_step_check;
alter table payout_seals add constraint payout_seals_step_check
    check (step in ('computed', 'approving', 'approved', 'filed'));

-- The members whom a run has yet to compute a payout for, in the order in which it does: whoever waits longest first.
create table payout_run_members (
    community text not null,
    run_id uuid not null,
    place int not null,
    member_id uuid not null,
    primary key (community, run_id, place),
    foreign key (community, run_id) references payout_runs
);

-- What a payout is made of, where it pays what had been paid out before and came back: points, at the rate at which
-- they were computed then, and of which payout. Payouts without are all at their run's rate.
create table payout_parts (
    community text not null,
    payout_id uuid not null,
    number int not null,
    points bigint not null check (points > 0),
    amount_minor bigint not null check (amount_minor > 0),
    rate_points bigint not null check (rate_points > 0),
    rate_minor bigint not null check (rate_minor > 0),
    returned_payout_id uuid,
    primary key (community, payout_id, number),
    foreign key (community, payout_id) references payouts
);
create index payout_parts_of_returned on payout_parts (community, returned_payout_id)
    where returned_payout_id is not null;
revoke update, delete, truncate on payout_parts from plaudit_rewards;

-- What was computed, where an approval found fewer points and pays less.
alter table payouts
    add column computed_points bigint,
    add column computed_minor bigint;
-- The one way to that: once, to less, while nothing is reserved. True when it did.
create function reduce_payout(text, uuid, bigint, bigint) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set computed_points = p.points, computed_minor = p.amount_minor, points = $3, amount_minor = $4
        from public.payout_runs r
        where p.community = $1 and p.payout_id = $2 and p.state = 'eligible' and p.computed_points is null
          and $3 between 1 and p.points - 1 and $4 between 1 and p.amount_minor - 1
          and r.community = p.community and r.run_id = p.run_id and r.state not in ('computing', 'open')
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function reduce_payout(text, uuid, bigint, bigint) from public;
grant execute on function reduce_payout(text, uuid, bigint, bigint) to plaudit_rewards;
