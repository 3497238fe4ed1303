-- outside a transaction
-- What a member earned of scores of their own. Few awards are of one; those of points to spend, of which the most
-- active member of a million has 43,000, are no part of it.
create index concurrently if not exists awards_of_score
    on awards (community, member_id, score, event_time) include (points, recorded_at, day)
    where score is not null;
