set local lock_timeout = '5s';

-- A rule may be for several people, each of whom gets less for a reason of their own, and is read of.
alter table declined drop constraint declined_pkey, add primary key (event_uid, rule_id, slot, community);
alter table attributes_read
    drop constraint attributes_read_pkey,
    add primary key (event_uid, rule_id, name, member_id, community);
