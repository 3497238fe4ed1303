set local lock_timeout = '5s';

-- Refunds: points of what was confirmed that go back to whom it was for.
create table refunds (
    community text not null,
    refund_id uuid not null,
    redemption_id uuid not null,
    points bigint not null check (points > 0),
    -- What one writes of it stays here, until its member is erased; a restored database knows what was told alone.
    reason text,
    goods text not null check (goods in ('kept', 'returned')),
    asks_provider boolean not null,
    state text not null check (state in ('waiting', 'asking', 'done', 'declined', 'withdrawn')),
    -- How many there were of its redemption with it, once it is done.
    number int check (number > 0),
    asked_at timestamptz not null,
    asked_by text not null,
    asked_by_person uuid,
    decided_at timestamptz,
    decided_by text,
    decided_by_person uuid,
    -- What a provider said that does not take it back.
    answer text,
    check ((state = 'done') = (number is not null)),
    primary key (community, refund_id),
    foreign key (community, redemption_id) references redemptions
);
create index refunds_of_redemption on refunds (community, redemption_id, asked_at);
-- Of what is refunded nobody asks for anything else meanwhile.
create unique index refunds_open on refunds (community, redemption_id) where state in ('waiting', 'asking');
create index refunds_newest on refunds (community, asked_at, refund_id);
create index refunds_by_state on refunds (community, state, asked_at, refund_id);
create index refunds_waiting on refunds (asked_at) where state = 'waiting';
revoke update, delete, truncate on refunds from plaudit_rewards;
grant update (state, number, decided_at, decided_by, decided_by_person, answer, reason) on refunds to plaudit_rewards;

alter table redemptions drop constraint redemptions_state_check;
alter table redemptions add constraint redemptions_state_check
    check (state in ('reserved', 'confirmed', 'partly_refunded', 'refunded', 'cancelled', 'expired'));
-- How many of the points that were spent are back, when they had been spent, and whether goods came back as well.
alter table redemptions add column refunded_points bigint not null default 0;
alter table redemptions add constraint never_above_the_price
    check (refunded_points between 0 and coalesce(spent_points, points));
alter table redemptions add constraint refunded_as_it_says check (
    case state when 'refunded' then refunded_points = coalesce(spent_points, points) and refunded_points > 0
        when 'partly_refunded' then refunded_points > 0 and refunded_points < coalesce(spent_points, points)
        else refunded_points = 0 end);
alter table redemptions add column confirmed_at timestamptz;
alter table redemptions add column is_returned boolean not null default false;
grant update (refunded_points, confirmed_at, is_returned) on redemptions to plaudit_rewards;
drop index redemptions_of_reward;
create index redemptions_of_reward on redemptions (community, reward_id)
    where state in ('reserved', 'confirmed', 'partly_refunded', 'refunded') and not is_returned;
drop index redemptions_of_member_and_reward;
create index redemptions_of_member_and_reward on redemptions (community, member_id, reward_id, created_at)
    where state in ('reserved', 'confirmed', 'partly_refunded');

-- What went back goes back by its cause: the rest when a part was spent (its redemption), or a refund.
alter table lot_uses_given_back add column back_id uuid, add column owed bigint not null default 0,
    add column given_at timestamptz;
update lot_uses_given_back g set back_id = g.used_by, owed = least(g.points, u.owed)
from lot_uses u where u.community = g.community and u.used_by = g.used_by and u.award_id = g.award_id;
update lot_uses_given_back set back_id = used_by where back_id is null;
alter table lot_uses_given_back alter column back_id set not null;
alter table lot_uses_given_back drop constraint lot_uses_given_back_pkey;
alter table lot_uses_given_back add primary key (community, used_by, award_id, back_id);
