-- outside a transaction
-- Whose parked awards are to be looked at, and which: a community's alone.
create index concurrently if not exists board_parked_due on board_parked (community, look_at);
