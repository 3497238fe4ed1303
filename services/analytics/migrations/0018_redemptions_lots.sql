set local lock_timeout = '5s';

-- Which awards redemptions use, and how many points of each, as they are told: from an award forward.
create table redemption_lots (
    community text not null,
    redemption_id uuid not null,
    part int not null,
    position int not null,
    award_id uuid not null,
    points bigint not null,
    primary key (community, redemption_id, part, position)
);
create index redemption_lots_by_award on redemption_lots (community, award_id);
