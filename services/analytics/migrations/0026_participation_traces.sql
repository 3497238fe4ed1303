set local lock_timeout = '5s';

-- The trace by which an event came. By it nobody looks here: ingest finds what came by a trace.
alter table events add column trace_id uuid;
