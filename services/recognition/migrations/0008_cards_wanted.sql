set local lock_timeout = '5s';

-- Members who want a card that everybody may see: they said so, and a row goes when they take it back.
create table cards (
    community text not null,
    member_id uuid not null,
    primary key (member_id, community)
);
