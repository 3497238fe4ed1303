set local lock_timeout = '5s';

-- Goods that somebody has to send or order: one row a redemption of theirs.
create table fulfilments (
    community text not null,
    redemption_id uuid not null,
    fulfilled_by text not null check (fulfilled_by in ('hand', 'provider')),
    state text not null check (state in ('reserved', 'in_hand', 'ordered', 'unknown', 'fulfilled', 'failed',
                                         'compensated')),
    created_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    held_by uuid,
    reason text,
    carrier text,
    tracking_url text,
    check ((state = 'in_hand') = (held_by is not null)),
    primary key (community, redemption_id),
    foreign key (community, redemption_id) references redemptions
);
-- The queue, oldest first, and how old the oldest is.
create index fulfilments_open on fulfilments (community, created_at, redemption_id)
    where state not in ('fulfilled', 'compensated');
create index fulfilments_by_state on fulfilments (community, state, created_at, redemption_id);
revoke update, delete, truncate on fulfilments from plaudit_rewards;
grant update (state, changed_at, changed_by, held_by, reason, carrier, tracking_url) on fulfilments to plaudit_rewards;

-- Each state that one reached, and who brought it there.
create table fulfilment_changes (
    community text not null,
    redemption_id uuid not null,
    number int not null,
    state text not null,
    changed_at timestamptz not null,
    changed_by text not null,
    reason text,
    primary key (community, redemption_id, number),
    foreign key (community, redemption_id) references fulfilments
);
revoke update, delete, truncate on fulfilment_changes from plaudit_rewards;

-- Where goods are sent: sealed, under keys of the service, and blanked some time after they were sent.
create table delivery_addresses (
    community text not null,
    redemption_id uuid not null,
    revision int not null,
    sealed_by text,
    sealed bytea,
    put_at timestamptz not null,
    put_by text not null,
    blanked_at timestamptz,
    check ((sealed is null) = (blanked_at is not null)),
    check ((sealed is null) = (sealed_by is null)),
    primary key (community, redemption_id),
    foreign key (community, redemption_id) references fulfilments
);
create index delivery_addresses_by_key on delivery_addresses (sealed_by) where sealed is not null;
revoke delete, truncate on delivery_addresses from plaudit_rewards;
