set local lock_timeout = '5s';

-- Commands that came by a trace: what stands between the first two hyphens of a traceparent.
create index audit_trail_by_trace_id on audit_trail (community, substr(traceparent, 4, 32))
    where traceparent is not null;
