set local lock_timeout = '5s';

-- By what an account at a provider is known to be another's, too, without opening it: a hash under a key of the
-- settings. Null once its member was erased, and until the timer that seals anew has made it.
alter table payee_receivers add column fingerprint bytea;
alter table payee_receivers add constraint payee_receivers_fingerprint check (fingerprint is null or sealed is not null);
grant update (fingerprint) on payee_receivers to plaudit_rewards;
