set local lock_timeout = '5s';

-- Set while a topic holds, beyond `next_offset`, facts that this database does not know: another process wrote them
-- there while this one ran. From the one offset up to before the other the service's own relay has written, and knows.
-- Until what lies between is read back, no relay of the service publishes.
alter table own_positions add column acknowledged_from bigint, add column acknowledged_to bigint;
