set local lock_timeout = '5s';

-- Who did it, beside the credential that they did it by; null in rows of before: the credential says whose it is.
alter table payout_runs
    add column created_by_person uuid,
    add column decided_by_person uuid;
grant update (decided_by_person) on payout_runs to plaudit_rewards;

-- A change that a confirmed outcome made names that, and who proposed it.
alter table payout_changes
    add column changed_by_person uuid,
    add column outcome_id uuid,
    add column proposed_by_person uuid;

-- An outcome that was wrong is corrected: the money did leave.
alter table payouts drop constraint payouts_state_check;
alter table payouts add constraint payouts_state_check
    check (state in ('accrued', 'held', 'eligible', 'approved', 'reserved', 'submitted',
                     'sent', 'settled', 'returned', 'failed', 'reversed', 'corrected'));

-- Bank details are a history that is only added to: the highest revision is where a member's money goes.
create table payee_changes (
    community text not null,
    member_id uuid not null,
    revision int not null check (revision >= 1),
    name text not null,
    iban text not null,
    bic text,
    changed_at timestamptz not null,
    changed_by text not null,
    changed_by_person uuid,
    primary key (community, member_id, revision)
);
insert into payee_changes (community, member_id, revision, name, iban, bic, changed_at, changed_by)
    select community, member_id, 1, name, iban, bic, changed_at, changed_by from payees;
drop table payees;
revoke update, delete, truncate on payee_changes from plaudit_rewards;

-- Each payout's copy of them says which revision it is, and who set that.
alter table payouts
    add column payee_revision int,
    add column payee_changed_at timestamptz,
    add column payee_changed_by text,
    add column payee_changed_by_person uuid;

-- What waits for bank details gets some, once, while its run is open: those of a revision that is there.
drop function set_payee_of_held_payout(text, uuid, text, text, text);
create function set_payee_of_held_payout(text, uuid, int) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set payee_name = c.name, iban = c.iban, bic = c.bic, payee_revision = c.revision,
            payee_changed_at = c.changed_at, payee_changed_by = c.changed_by,
            payee_changed_by_person = c.changed_by_person
        from public.payout_runs r, public.payee_changes c
        where p.community = $1 and p.payout_id = $2 and p.state = 'held' and p.iban is null
          and r.community = p.community and r.run_id = p.run_id and r.state = 'open'
          and c.community = p.community and c.member_id = p.member_id and c.revision = $3
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function set_payee_of_held_payout(text, uuid, int) from public;
grant execute on function set_payee_of_held_payout(text, uuid, int) to plaudit_rewards;

-- So does what was read back after a restore, those that fit its run's seal.
drop function set_payee_of_payout_read_back(text, uuid, text, text, text);
create function set_payee_of_payout_read_back(text, uuid, int) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set payee_name = c.name, iban = c.iban, bic = c.bic, payee_revision = c.revision,
            payee_changed_at = c.changed_at, payee_changed_by = c.changed_by,
            payee_changed_by_person = c.changed_by_person
        from public.payee_changes c
        where p.community = $1 and p.payout_id = $2 and p.iban is null and p.state not in ('accrued', 'held')
          and c.community = p.community and c.member_id = p.member_id and c.revision = $3
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function set_payee_of_payout_read_back(text, uuid, int) from public;
grant execute on function set_payee_of_payout_read_back(text, uuid, int) to plaudit_rewards;

-- Outcomes that two people decide: one proposes, another confirms. What is proposed stays; only its state is written.
create table payout_outcomes (
    community text not null,
    outcome_id uuid not null,
    run_id uuid not null,
    outcome text not null,
    reason text,
    payout_ids uuid[] not null check (cardinality(payout_ids) > 0),
    state text not null check (state in ('proposed', 'confirmed', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by text not null,
    proposed_by_person uuid not null,
    decided_at timestamptz,
    decided_by text,
    decided_by_person uuid,
    primary key (community, outcome_id),
    foreign key (community, run_id) references payout_runs,
    check ((state = 'proposed') = (decided_at is null))
);
create index payout_outcomes_by_time on payout_outcomes (community, proposed_at, outcome_id);
create index payout_outcomes_of_run on payout_outcomes (community, run_id);
create index payout_outcomes_waiting on payout_outcomes (community, run_id) where state = 'proposed';
revoke update, delete, truncate on payout_outcomes from plaudit_rewards;
grant update (state, decided_at, decided_by, decided_by_person) on payout_outcomes to plaudit_rewards;
