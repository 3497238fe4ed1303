set local lock_timeout = '5s';

-- Of platforms whose ids do not say whether it is the same again: what a delivery is about, as events are known; what is
-- alike of those that tell the same; and when it was told first.
alter table deliveries
    add column about uuid[] not null default '{}',
    add column content bytea,
    add column told_at timestamptz;
create index deliveries_about on deliveries using gin (about) where about <> '{}';
create index deliveries_alike on deliveries (community, connection, content, delivery_id) where content is not null;
