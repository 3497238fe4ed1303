set local lock_timeout = '5s';

-- Accounts at providers of goods: what a community shows there is sealed, for its row alone.
create table provider_accounts (
    community text not null,
    provider text not null check (provider in ('sandbox', 'xoxoday', 'tremendous')),
    account_id uuid not null unique,
    revision int not null,
    sealed_by text,
    sealed bytea,
    connected_at timestamptz not null,
    connected_by text not null,
    -- Failures without a success since, and until when nothing is asked because of them.
    failures_count int not null default 0,
    rests_until timestamptz,
    last_failure text,
    check ((sealed is null) = (sealed_by is null)),
    primary key (community, provider)
);
create index provider_accounts_by_key on provider_accounts (sealed_by) where sealed is not null;
revoke delete, truncate on provider_accounts from plaudit_rewards;

-- Which card of which provider a reward of the catalogue is.
create table gift_cards (
    community text not null,
    reward_id text not null,
    provider text not null check (provider in ('sandbox', 'xoxoday', 'tremendous')),
    product_id text not null,
    face_minor bigint not null check (face_minor > 0),
    currency text not null,
    revision int not null,
    changed_at timestamptz not null,
    primary key (community, reward_id),
    foreign key (community, reward_id) references catalogue_rewards
);
revoke delete, truncate on gift_cards from plaudit_rewards;
alter table catalogue_rewards drop constraint catalogue_rewards_kind_check;
alter table catalogue_rewards add constraint catalogue_rewards_kind_check
    check (kind in ('voucher', 'gift_card', 'merchandise', 'donation', 'experience', 'cash', 'other'));

-- What is to be ordered, and what is known of it. It is there, committed, before anybody is asked: the provider
-- knows the order by the redemption's id, and placed again under that it is the same.
create table provider_orders (
    community text not null,
    redemption_id uuid not null,
    provider text not null,
    product_id text not null,
    face_minor bigint not null check (face_minor > 0),
    currency text not null,
    created_at timestamptz not null,
    -- When it is looked at next; null when nothing is left to ask, or somebody has to decide.
    due_at timestamptz,
    claimed_until timestamptz,
    tries_count int not null default 0,
    -- Since when nobody knows whether it was ordered, and since when it was first not known.
    unknown_since timestamptz,
    was_unknown boolean not null default false,
    reference text,
    standing text check (standing in ('pending', 'delivered', 'failed', 'cancelled', 'reversed')),
    reason text not null default '',
    -- Something that only people can put right.
    trouble text check (trouble in ('other_order', 'known_code', 'reversed', 'delivered_after_all')),
    hinted_at timestamptz,
    cancel_asked_at timestamptz,
    proposed_outcome text check (proposed_outcome in ('delivered', 'not_ordered')),
    proposed_reason text,
    proposed_by text,
    proposed_by_person uuid,
    proposed_at timestamptz,
    proposed_sealed_by text,
    proposed_sealed bytea,
    check ((proposed_outcome is null) = (proposed_at is null)),
    primary key (community, redemption_id),
    foreign key (community, redemption_id) references redemptions
);
create index provider_orders_due on provider_orders (community, provider, due_at) where due_at is not null;
create index provider_orders_open on provider_orders (community, created_at, redemption_id)
    where due_at is not null or trouble is not null or unknown_since is not null;
create index provider_orders_by_reference on provider_orders (community, provider, reference)
    where reference is not null;
revoke delete, truncate on provider_orders from plaudit_rewards;

-- Webhooks that were heeded: one that comes again asks nobody again.
create table provider_hints (
    account_id uuid not null,
    hint_id text not null,
    came_at timestamptz not null,
    primary key (account_id, hint_id)
);
create index provider_hints_by_time on provider_hints (came_at);
