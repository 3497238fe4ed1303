set local lock_timeout = '5s';

-- How many events people have in each month, as they were counted: love and concentration are made of it.
alter table retention_people add column months date[] not null default '{}';
alter table retention_people add column month_events bigint[] not null default '{}';

-- In which months people changed their level, those in advance too to which they fall if they do nothing.
create table orbit_moves (
    community text not null,
    month date not null,
    member_id uuid not null,
    level_before smallint not null,
    level smallint not null,
    love double precision not null,
    primary key (community, month, member_id)
);
create index orbit_moves_of_member on orbit_moves (member_id, community);

insert into retention_marks (community, member_id) select community, member_id from retention_people;
