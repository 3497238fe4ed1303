set local lock_timeout = '5s';

-- A card's price follows the community's exchange rates, or what its provider quotes.
alter table card_prices
    add column follows text not null default 'rates' check (follows in ('rates', 'provider')),
    -- Until then somebody asks the provider.
    add column claimed_until timestamptz;

-- By what of a provider's a card was quoted (null: by the community's rates), and by which id it is ordered at that.
alter table card_quotes
    add column provider_source text,
    add column provider_reference text,
    add column provider_ends_at timestamptz,
    add column fee_minor bigint not null default 0,
    add column discount_minor bigint not null default 0;
alter table quoted_redemptions
    add column provider_source text,
    add column provider_reference text,
    add column provider_ends_at timestamptz,
    add column fee_minor bigint not null default 0,
    add column discount_minor bigint not null default 0;

-- What was asked for again because the quote of before was over: an order is placed at the newest.
create table requoted_orders (
    community text not null,
    redemption_id uuid not null,
    number int not null check (number > 0),
    cost_minor bigint not null,
    currency text not null,
    rate numeric(24, 12) not null,
    spread_basis_points int not null,
    fee_minor bigint not null,
    discount_minor bigint not null,
    provider_source text not null,
    provider_reference text,
    quoted_at timestamptz not null,
    provider_ends_at timestamptz,
    primary key (community, redemption_id, number),
    foreign key (community, redemption_id) references redemptions
);
revoke update, delete, truncate on requoted_orders from plaudit_rewards;
