set local lock_timeout = '5s';

-- What was counted of a campaign among who was in an audience when it began; the others of the arms are in
-- campaign_effects.
create table campaign_audiences (
    community text not null,
    campaign_id text not null,
    audience_id text not null,
    title text not null,
    treated bigint not null,
    treated_active bigint not null,
    held_out bigint not null,
    held_out_active bigint not null,
    left_out bigint not null,
    primary key (community, campaign_id, audience_id)
);
