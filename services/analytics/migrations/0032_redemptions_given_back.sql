set local lock_timeout = '5s';

-- What of the points of redemptions went back to their awards, as it is told: less of them is used.
create table redemption_lots_given_back (
    community text not null,
    redemption_id uuid not null,
    part int not null,
    position int not null,
    award_id uuid not null,
    points bigint not null,
    primary key (community, redemption_id, part, position)
);
create index redemption_lots_given_back_by_award on redemption_lots_given_back (community, award_id);
