-- The span in which a message was told, where traces are sent to a collector: the relay puts it into the record's
-- header. https://www.w3.org/TR/trace-context/#traceparent-header
set local lock_timeout = '5s';

alter table outbox add column traceparent text;
