set local lock_timeout = '5s';

-- Providers that pay out stand beside those of goods.
alter table provider_accounts drop constraint provider_accounts_provider_check;
alter table provider_accounts add constraint provider_accounts_provider_check
    check (provider in ('sandbox', 'xoxoday', 'tremendous', 'paypal', 'wise', 'stripe'));

-- How members want to be paid: an account at a provider, or again by bank. A history that is only added to; what is
-- said of an account is sealed for its row alone, and is null once its member was erased.
create table payee_receivers (
    community text not null,
    member_id uuid not null,
    revision int not null,
    receiver_id uuid not null,
    provider text check (provider in ('sandbox', 'paypal', 'wise', 'stripe')),
    sealed_by text,
    sealed bytea,
    changed_at timestamptz not null,
    changed_by_person uuid,
    changed_by text not null,
    check ((sealed is null) = (sealed_by is null)),
    primary key (community, member_id, revision)
);
create unique index payee_receivers_by_id on payee_receivers (community, receiver_id);
create index payee_receivers_by_key on payee_receivers (sealed_by) where sealed is not null;
revoke update, delete, truncate on payee_receivers from plaudit_rewards;
grant update (sealed_by, sealed) on payee_receivers to plaudit_rewards;

-- By which provider a run pays, null for by bank; and to which account of theirs.
alter table payout_runs add column provider text check (provider in ('sandbox', 'paypal', 'wise', 'stripe'));
create index payout_runs_by_provider on payout_runs (community, run_id) where provider is not null;
alter table payouts add column receiver_id uuid;

create function set_receiver_of_payout_read_back(text, uuid, int) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.payouts p
        set receiver_id = c.receiver_id, payee_revision = c.revision, payee_changed_at = c.changed_at,
            payee_changed_by = c.changed_by, payee_changed_by_person = c.changed_by_person
        from public.payee_receivers c
        where p.community = $1 and p.payout_id = $2 and p.iban is null and p.receiver_id is null
          and p.state not in ('accrued', 'held')
          and c.community = p.community and c.member_id = p.member_id and c.revision = $3
        returning 1)
    select exists (select from changed)
$$;
revoke execute on function set_receiver_of_payout_read_back(text, uuid, int) from public;
grant execute on function set_receiver_of_payout_read_back(text, uuid, int) to plaudit_rewards;

-- Runs whose payouts have been handed to their provider, or never are, because they are not what was sealed.
create table remittance_runs (
    community text not null,
    run_id uuid not null,
    taken_up_at timestamptz not null,
    is_altered boolean not null default false,
    primary key (community, run_id),
    foreign key (community, run_id) references payout_runs
);

-- What a provider is asked to pay, and what is known of it. It is there, committed, before anybody is asked: the
-- provider knows it by the payout's id, and asked again under that it is the same.
create table remittances (
    community text not null,
    payout_id uuid not null,
    run_id uuid not null,
    provider text not null,
    created_at timestamptz not null,
    -- When its provider is asked next; null when nothing is left to ask, or somebody has to decide.
    due_at timestamptz,
    claimed_until timestamptz,
    tries_count int not null default 0,
    -- When it was first, and nobody knows since when whether it was, asked to pay.
    placed_at timestamptz,
    unknown_since timestamptz,
    was_unknown boolean not null default false,
    reference text,
    standing text check (standing in ('sent', 'paid', 'returned', 'failed')),
    -- The provider's own word for its state, and why.
    words text not null default '',
    reason text not null default '',
    fee_minor bigint,
    -- Its receiver is why it was not paid: nothing is paid there before somebody says that it is in order.
    blames_receiver boolean not null default false,
    trouble text check (trouble in ('other_order', 'paid_after_all', 'returned_after_all', 'refused_after_unknown',
                                    'key_over', 'no_receiver')),
    hinted_at timestamptz,
    cancel_asked_at timestamptz,
    -- Until when one that was paid is still asked about.
    watched_until timestamptz,
    primary key (community, payout_id),
    foreign key (community, payout_id) references payouts
);
create index remittances_due on remittances (community, provider, due_at) where due_at is not null;
create index remittances_open on remittances (community, created_at, payout_id)
    where (due_at is not null and (standing is null or standing = 'sent')) or trouble is not null
        or unknown_since is not null;
create index remittances_by_time on remittances (community, created_at, payout_id);
create index remittances_by_reference on remittances (community, provider, reference) where reference is not null;
create index remittances_of_run on remittances (community, run_id);
revoke delete, truncate on remittances from plaudit_rewards;

-- Everything else than before that a provider said of a payout: only added to.
create table remittance_answers (
    community text not null,
    payout_id uuid not null,
    number int not null,
    said_at timestamptz not null,
    standing text not null,
    words text not null,
    reason text not null,
    amount_minor bigint,
    currency text,
    primary key (community, payout_id, number),
    foreign key (community, payout_id) references remittances
);
create index remittance_answers_by_time on remittance_answers (community, said_at);
revoke update, delete, truncate on remittance_answers from plaudit_rewards;
