set local lock_timeout = '5s';

-- Lots are used in the order in which they expire. What came back to a lot after its time was over had a grace period, once:
-- expires_at is then its end.
alter table lots add column had_grace boolean not null default false;
drop index open_lots;
create index open_lots on lots (community, member_id, expires_at, earned_at, award_id)
    where remaining > 0 and pending_until is null;
