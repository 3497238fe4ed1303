-- What every service's database holds in the tables that are shared's.
insert into consumer_offsets values ('points.awarded.v1', 0, 42);
insert into outbox (topic, key, value) values ('points.awarded.v1', 'acme|ada', '{}');
insert into access_keys values ('acme', 'k1', 'forum plugin', repeat('0', 64), '{events:write}', false);
insert into dead_letters_written (topic, written_at, count) values ('rewards.dlq.v1', '2026-03-04T12:00Z', 1);
