set local lock_timeout = '5s';

-- The last day on which a draw takes tickets: closes_at is its end, and moves with the community's calendar while the
-- draw is open. Null of draws declared before: theirs stays as it was until a version says it again.
alter table draws add ends_on date;
