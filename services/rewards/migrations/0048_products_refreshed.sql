set local lock_timeout = '5s';

-- When a provider is asked for what it has, and what came of that; an account that nobody asked for has no row.
create table provider_refreshes (
    community text not null,
    provider text not null,
    -- Counts what was found to be other than before: whoever accepts says which they have seen.
    revision int not null default 0,
    asked_at timestamptz not null,
    due_at timestamptz not null,
    claimed_until timestamptz,
    answered_at timestamptz,
    failed_at timestamptz,
    reason text,
    primary key (community, provider),
    foreign key (community, provider) references provider_accounts
);
create index provider_refreshes_due on provider_refreshes (due_at);
revoke delete, truncate on provider_refreshes from plaudit_rewards;

-- What a provider has: as it was accepted (null: not yet), and as it was found last (null: gone).
create table provider_products (
    community text not null,
    provider text not null,
    product_id text not null,
    currency text not null,
    accepted jsonb,
    found jsonb,
    primary key (community, provider, product_id, currency),
    foreign key (community, provider) references provider_refreshes
);
create index provider_products_differing on provider_products (community, provider, product_id, currency)
    where accepted is distinct from found;
revoke truncate on provider_products from plaudit_rewards;
create index gift_cards_by_product on gift_cards (community, provider, product_id, currency);
