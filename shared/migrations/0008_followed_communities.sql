set local lock_timeout = '5s';

-- Communities as a service other than ingest knows them, from communities.v1: the highest revision counts.
create table followed_communities (
    community text not null primary key,
    revision int not null,
    data jsonb not null
);
