set local lock_timeout = '5s';

-- When the campaigns of a community were measured last.
create table effect_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- What was counted of a campaign: who could get something from it and who was held out, and who of them was active.
create table campaign_effects (
    community text not null,
    campaign_id text not null,
    title text not null,
    starts_on date not null,
    ends_on date not null,
    holdout_percent int not null,
    base_starts_on date not null,
    base_ends_on date not null,
    looked_starts_on date not null,
    looked_ends_on date not null,
    state text not null,
    treated bigint not null,
    treated_active bigint not null,
    held_out bigint not null,
    held_out_active bigint not null,
    left_out bigint not null,
    points bigint not null,
    measured_at timestamptz not null,
    primary key (community, campaign_id)
);
