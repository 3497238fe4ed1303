set local lock_timeout = '5s';

-- Whoever signs in ends the oldest of their own renewals, where they have too many.
create index sign_in_renewals_by_whom on sign_in_renewals (community, (coalesce(person_id, member_id)));
