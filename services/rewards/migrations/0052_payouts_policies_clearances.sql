set local lock_timeout = '5s';

-- Whether accounts of several persons, or the payer's, keep payouts back.
alter table payout_policies add column stops_shared_accounts boolean not null default false;

-- However many were approved, the one in force is found at once.
create index payout_policies_in_force
    on payout_policies (community, currency, effective_from desc, decided_at desc, policy_id desc)
    where state = 'approved';

-- What another finding would be about: a country, a year, an account by its revision, never in clear.
alter table payout_findings
    drop constraint payout_findings_check_name_check,
    add constraint payout_findings_check_name_check
        check (check_name in ('country', 'yearly_stop', 'yearly_warning', 'shared_account')),
    add column basis text not null default '',
    add column others_count int,
    add column is_payer boolean,
    add column clearance_id uuid;
grant update (basis, others_count, is_payer, clearance_id) on payout_findings to plaudit_rewards;

-- That a check lets a person be paid all the same: proposed by one person, in force once another approved it.
create table payout_clearances (
    community text not null,
    clearance_id uuid not null,
    member_id uuid not null,
    payout_id uuid not null,
    check_name text not null,
    basis text not null,
    -- Empty once its member was erased.
    reason text not null,
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    primary key (community, clearance_id),
    foreign key (community, payout_id) references payouts,
    check ((state = 'proposed') = (decided_at is null))
);
create index payout_clearances_by_time on payout_clearances (community, proposed_at, clearance_id);
create index payout_clearances_of_member on payout_clearances (community, member_id);

revoke update, delete, truncate on payout_clearances from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential, reason)
    on payout_clearances to plaudit_rewards;
