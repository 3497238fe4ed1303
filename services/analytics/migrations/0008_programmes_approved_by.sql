set local lock_timeout = '5s';

-- Who approved a version that changes money, beside who published it; null where one was enough.
alter table programmes add column approved_by text;
