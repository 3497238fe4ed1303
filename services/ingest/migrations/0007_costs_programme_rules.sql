set local lock_timeout = '5s';

-- How many rules listen to each type of event ({"chat.message.v1": 2}), of each community's version in force and of
-- those that will be. Older ones are deleted.
create table programme_rules (
    community text not null,
    version int not null,
    effective_from timestamptz not null,
    rule_counts jsonb not null,
    primary key (community, version)
);
