set local lock_timeout = '5s';

-- By which trace a request came (place -1), and each of its events that names one of its own. Kept for a time: the trace
-- itself stays on the events in the log.
create table receipt_traces (
    community text not null,
    receipt_id text not null,
    receipt_index int not null,
    trace_id uuid not null,
    received_at timestamptz not null,
    primary key (community, receipt_id, receipt_index)
);
create index receipt_traces_by_trace on receipt_traces (community, trace_id, receipt_id);
-- Rows come in the order of their time, so an index of ranges finds the oldest, and costs next to nothing.
create index receipt_traces_by_age on receipt_traces using brin (received_at) with (pages_per_range = 32);
