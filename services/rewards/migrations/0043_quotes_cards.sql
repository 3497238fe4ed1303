set local lock_timeout = '5s';

-- How the price of a card in points follows a rate; without a currency it does not any more.
create table card_prices (
    community text not null,
    reward_id text not null,
    currency text,
    minor_per_point numeric(18, 9) check (minor_per_point > 0),
    changed_at timestamptz not null,
    -- When it is quoted next, of which revision of the card, and since when it cannot be quoted.
    due_at timestamptz not null,
    quoted_revision int,
    failed_at timestamptz,
    reason text,
    primary key (community, reward_id),
    foreign key (community, reward_id) references gift_cards,
    check ((currency is null) = (minor_per_point is null))
);
create index card_prices_due on card_prices (due_at) where currency is not null;
revoke delete, truncate on card_prices from plaudit_rewards;

-- What cards cost for a while. Those that nobody needs are forgotten.
create table card_quotes (
    community text not null,
    reward_id text not null,
    quote_id uuid not null,
    provider text not null,
    product_id text not null,
    face_minor bigint not null,
    currency text not null,
    priced_in text not null,
    minor_per_point numeric(18, 9) not null,
    source_units numeric(24, 12) not null,
    target_units numeric(24, 12) not null,
    spread_basis_points int not null,
    policy_id uuid,
    sheet_id uuid,
    rate_source text,
    rate_day date,
    cost_minor bigint not null,
    points bigint not null check (points > 0),
    quoted_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (community, reward_id, quote_id)
);
create index card_quotes_by_end on card_quotes (expires_at);
create index card_quotes_newest on card_quotes (community, reward_id, quoted_at);
revoke update, truncate on card_quotes from plaudit_rewards;

-- At which quote something was redeemed: kept for good, also once the quote is forgotten.
create table quoted_redemptions (
    community text not null,
    redemption_id uuid not null,
    reward_id text not null,
    quote_id uuid not null,
    face_minor bigint not null,
    currency text not null,
    priced_in text not null,
    minor_per_point numeric(18, 9) not null,
    source_units numeric(24, 12) not null,
    target_units numeric(24, 12) not null,
    spread_basis_points int not null,
    policy_id uuid,
    sheet_id uuid,
    rate_source text,
    rate_day date,
    cost_minor bigint not null,
    points bigint not null,
    quoted_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (community, redemption_id),
    foreign key (community, redemption_id) references redemptions
);
revoke update, delete, truncate on quoted_redemptions from plaudit_rewards;
