set local lock_timeout = '5s';

-- Awards are amended: which one, for the how manieth time, why, and what it amounts to then.
alter table awards rename column reverses to amends;
alter table awards add column revision int, add column cause text, add column total bigint;
drop index awards_by_reversed;
create index awards_by_amended on awards (amends, revision) where amends is not null;

-- How many of a rule's awards amount to nothing, and how often any was amended.
alter table rule_days rename column reversals to taken_back;
alter table rule_days add column amendments bigint not null default 0;
update awards set revision = 1, cause = 'retracted', total = 0 where amends is not null;
update rule_days set amendments = taken_back;

-- What decided last whether an event counts: a retraction, which is then in retracted_by too, or a restoration.
alter table events add column decided_at timestamptz, add column decided_by uuid;
update events e set decided_at = r.event_time, decided_by = r.event_uid
from events r where r.community = e.community and r.event_uid = e.retracted_by;
create index events_by_target on events (target_uid) where target_uid is not null;
