set local lock_timeout = '5s';

-- What calculated points came to for an event before its limits, and the values that the expressions read.
create table calculated (
    community text not null,
    event_uid uuid not null,
    rule_id text not null,
    slot text not null,
    points int not null,
    met jsonb not null,
    primary key (event_uid, rule_id, slot, community)
);
revoke update, delete on calculated from plaudit_scoring;
