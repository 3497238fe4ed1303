-- outside a transaction
-- A member's redemptions, newest first, as their own page lists them.
create index concurrently if not exists redemptions_of_member_by_time
    on redemptions (member_id, created_at desc, redemption_id desc);
