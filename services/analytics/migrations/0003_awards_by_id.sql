set local lock_timeout = '5s';

-- An event's awards are found by its time and uid, with which their ids begin.
drop index awards_by_event;
