set local lock_timeout = '5s';

-- How many rejections there are, and how many redemptions and payouts are in each state, as they come: counting them
-- when it is asked takes longer the longer a community lives.
lock table rejections, redemptions, payouts in share row exclusive mode;
create table rejection_counts (
    community text not null primary key,
    rejections bigint not null
) with (fillfactor = 50);
insert into rejection_counts (community, rejections) select community, count(*) from rejections group by 1;
create table redemption_counts (
    community text not null,
    state text not null,
    number bigint not null,
    points bigint not null,
    primary key (community, state)
) with (fillfactor = 50);
insert into redemption_counts (community, state, number, points)
select community, state, count(*), sum(points) from redemptions group by 1, 2;
create table payout_counts (
    community text not null,
    state text not null,
    currency text not null,
    number bigint not null,
    points bigint not null,
    amount_minor bigint not null,
    primary key (community, state, currency)
) with (fillfactor = 50);
insert into payout_counts (community, state, currency, number, points, amount_minor)
select community, state, currency, count(*), sum(points), sum(amount_minor) from payouts group by 1, 2, 3;
