-- Whether the log was run through a version's exact text before it was published: unknown of those before.
set local lock_timeout = '5s';

alter table programmes add column backtested boolean;
