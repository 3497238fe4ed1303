-- outside a transaction
-- Years of a community that are over: each community has turns of its own.
create index concurrently if not exists anniversaries_due_of_community on anniversaries (community, due_at);
