set local lock_timeout = '5s';

-- By which version a rule declined, and the values that its condition met; null for what was declined before.
alter table declined add column programme_version int, add column met jsonb;
