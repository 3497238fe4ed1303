set local lock_timeout = '5s';

-- How many points were spent where less was handed out than was reserved; null: all of them, or none.
alter table redemptions add column spent_points bigint check (spent_points > 0 and spent_points < points);
grant update (spent_points) on redemptions to plaudit_rewards;

-- What of the points that a redemption used went back to their lots when the rest was spent.
create table lot_uses_given_back (
    community text not null,
    used_by uuid not null,
    award_id uuid not null,
    points bigint not null check (points > 0),
    primary key (community, used_by, award_id)
);
revoke update, delete, truncate on lot_uses_given_back from plaudit_rewards;
