set local lock_timeout = '5s';

-- A wallet of points may pay what its campaign awards.
alter table wallet_reservations drop constraint wallet_reservations_used_for_check;
alter table wallet_reservations add constraint wallet_reservations_used_for_check
    check (used_for in ('redemption', 'payout_run', 'send', 'campaign'));
alter table wallet_decisions drop constraint wallet_decisions_spends_check;
alter table wallet_decisions add constraint wallet_decisions_spends_check
    check (spends in ('payouts', 'redemptions', 'campaign'));
alter table wallet_assignments add column campaign_id text not null default '';
alter table wallet_assignments drop constraint wallet_assignments_pkey;
alter table wallet_assignments add primary key (community, spends, reward_id, currency, campaign_id);
alter table wallet_assignments drop constraint wallet_assignments_spends_check;
alter table wallet_assignments drop constraint wallet_assignments_check;
alter table wallet_assignments add constraint wallet_assignments_spends_check check (
    case spends
        when 'redemptions' then currency = '' and campaign_id = ''
        when 'payouts' then reward_id = '' and unit_cost is null and campaign_id = ''
        when 'campaign' then reward_id = '' and unit_cost is null and currency = '' and campaign_id <> ''
        else false
    end);
-- What a campaign's wallets set aside for it, newest first: what is taken back comes back to those.
create index wallet_reservations_of_campaigns on wallet_reservations (community, wallet_id, created_at)
    where used_for = 'campaign';

-- What the points of campaigns come to, and what wallets paid of them. `free_points` were given when no wallet paid; without
-- a wallet there is no limit. A revision of it is told.
create table wallet_campaigns (
    community text not null,
    campaign_id text not null,
    wallet_id uuid,
    awarded_points bigint not null default 0,
    free_points bigint not null default 0,
    paid_points bigint not null default 0,
    limit_points bigint,
    revision int not null default 0,
    is_lacking boolean not null default false,
    primary key (community, campaign_id),
    foreign key (community, wallet_id) references wallets,
    check (wallet_id is not null or limit_points is null)
);
create index wallet_campaigns_unpaid on wallet_campaigns (community, campaign_id)
    where wallet_id is not null and awarded_points <> free_points + paid_points;

-- Points of campaigns that were booked and are counted by a timer: whoever books awards locks nothing of a campaign.
create table campaign_points_due (
    id bigint generated always as identity primary key,
    community text not null,
    campaign_id text not null,
    points bigint not null
);

revoke delete, truncate on wallet_campaigns from plaudit_rewards;
revoke truncate on campaign_points_due from plaudit_rewards;
