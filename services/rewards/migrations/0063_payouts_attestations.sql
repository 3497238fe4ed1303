set local lock_timeout = '5s';

-- From which total of a year on a payee's country needs a tax form on file, and how old who is paid has to be.
alter table payout_policies
    add column tax_forms jsonb,
    add column minimum_age int check (minimum_age between 1 and 150);

alter table payout_findings
    drop constraint payout_findings_check_name_check,
    add constraint payout_findings_check_name_check check (check_name in (
        'country', 'yearly_stop', 'yearly_warning', 'shared_account', 'sanctions_list', 'tax_form', 'minimum_age')),
    add column minimum_age int;
grant update (minimum_age) on payout_findings to plaudit_rewards;

-- What a person of finance attests of a payee, never the contents: that a tax form is on file, or an age in years.
create table payee_attestations (
    community text not null,
    attestation_id uuid not null,
    member_id uuid not null,
    kind text not null check (kind in ('tax_form', 'age')),
    -- What the form is called; empty once its member was erased.
    form text,
    received_on date,
    valid_until date,
    age_years int check (age_years between 1 and 150),
    noted_at timestamptz not null,
    noted_by_person uuid,
    noted_by text not null,
    withdrawn_at timestamptz,
    withdrawn_by_person uuid,
    withdrawn_by text,
    primary key (community, attestation_id),
    check ((kind = 'age') = (age_years is not null)),
    check ((kind = 'tax_form') = (form is not null and received_on is not null))
);
create index payee_attestations_by_time on payee_attestations (community, noted_at, attestation_id);
create index payee_attestations_of_member on payee_attestations (community, member_id);

revoke update, delete, truncate on payee_attestations from plaudit_rewards;
grant update (form, withdrawn_at, withdrawn_by_person, withdrawn_by) on payee_attestations to plaudit_rewards;
