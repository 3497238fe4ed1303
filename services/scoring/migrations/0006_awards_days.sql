set local lock_timeout = '5s';

-- What the event said of its day and week, for the fact that takes the award back; null is the UTC day of event time
-- and its Monday, as for every award of before.
alter table awards add column day date, add column week date;
