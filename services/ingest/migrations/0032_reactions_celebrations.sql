set local lock_timeout = '5s';

-- Celebrations that one may react to, as celebrations.v1 tells of them, and whose they are.
create table reactables (
    community text not null,
    celebration_id uuid not null,
    member_id uuid not null,
    celebrated_at timestamptz not null,
    primary key (community, celebration_id)
);
create index reactables_old on reactables (celebrated_at);
create index reactables_of_member on reactables (community, member_id);

-- What members did about them: whether it is so, and how often that changed.
create table reactions (
    community text not null,
    celebration_id uuid not null,
    member_id uuid not null,
    act text not null,
    is_given boolean not null default false,
    changes int not null default 0,
    primary key (community, celebration_id, member_id, act)
);
create index reactions_of_member on reactions (community, member_id);
