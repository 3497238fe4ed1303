set local lock_timeout = '5s';

-- Of what remains in a lot, so many points were paid out and came back: they are owed as money, and do not expire.
alter table lots add column owed bigint not null default 0 check (owed >= 0 and owed <= remaining);
-- Of the points that a redemption or payout used, so many were owed: given back, they are again.
alter table lot_uses add column owed bigint not null default 0 check (owed >= 0 and owed <= points);

drop index expiring_lots;
create index expiring_lots on lots (expires_at)
    where expires_at is not null and remaining > owed and pending_until is null;
