set local lock_timeout = '5s';

-- Whose an identity is, by the hash that stands for it in members.v1: requests name members by them. A member's
-- identities are those of the highest revision; of one that goes to another member both have it for a moment.
create table followed_identities (
    community text not null,
    identity_hash text not null,
    member_id uuid not null,
    revision int not null,
    primary key (community, identity_hash, member_id)
);
create index followed_identities_of_member on followed_identities (community, member_id);
