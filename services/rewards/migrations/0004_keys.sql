set local lock_timeout = '5s';

-- The uuid decides a comparison at once, at a fixed place in the row; a community in front of it is the same in
-- thousands of rows, and each step down the index would compare it first. Booking an award: 28.6 -> 22.8 µs.
alter table transfers drop constraint transfers_pkey, add primary key (transfer_id, community);
alter table entries
    drop constraint entries_pkey, add primary key (account_id, recorded_at, transfer_id, community);
alter table balances drop constraint balances_pkey, add primary key (account_id, community);
alter table lots drop constraint lots_pkey, add primary key (award_id, community);

-- Every lot goes into this one: no wider than the order that it is read in.
drop index open_lots;
create index open_lots on lots (member_id, earned_at) where remaining > 0 and pending_until is null;
