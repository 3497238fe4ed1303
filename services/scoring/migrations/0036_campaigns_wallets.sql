set local lock_timeout = '5s';

-- What the points of campaigns may come to, as rewards tells of the wallets that pay them; null: no wallet pays.
create table campaign_wallets (
    community text not null,
    campaign_id text not null,
    limit_points bigint,
    revision int not null,
    primary key (community, campaign_id)
);
revoke delete, truncate on campaign_wallets from plaudit_scoring;
