set local lock_timeout = '5s';

-- What of a member's lots is over or matures, without reading those that are neither.
create index expiring_lots_of_member on lots (member_id, expires_at) where expires_at is not null and remaining > owed;
create index pending_lots_of_member on lots (member_id, pending_until) where pending_until is not null;
