set local lock_timeout = '5s';

-- What facts say of the day they count for; null is the UTC day of event time, as for all of before.
alter table events add column day date;
alter table grants add column day date;
alter table member_firsts add column day date;
