set local lock_timeout = '5s';

-- What cards cost at their providers, as it is booked: one card is one cost, and may be taken back.
create table provider_costs (
    community text not null,
    redemption_id uuid not null,
    currency text not null,
    expected_minor bigint not null check (expected_minor >= 0),
    fee_minor bigint not null check (fee_minor >= 0),
    discount_minor bigint not null check (discount_minor >= 0),
    charged_minor bigint not null check (charged_minor >= 0),
    is_said boolean not null,
    booked_at timestamptz not null,
    taken_back_at timestamptz,
    kept_minor bigint not null default 0 check (kept_minor between 0 and charged_minor),
    primary key (community, redemption_id),
    foreign key (community, redemption_id) references provider_orders
);
revoke delete, truncate on provider_costs from plaudit_rewards;
