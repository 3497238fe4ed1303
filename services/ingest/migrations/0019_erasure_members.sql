set local lock_timeout = '5s';

-- Who was erased: the row stays without a name, so that the random id stays nobody else's.
alter table members add column erased_at timestamptz;

-- Hashes of identities that were erased members': what comes of them is not taken, by whichever door.
create table erased_identities (
    community text not null,
    identity_hash text not null,
    channel text not null,
    member_id uuid not null,
    primary key (community, identity_hash),
    foreign key (community, member_id) references members
);
create index erased_identities_of_member on erased_identities (community, member_id);

-- Erasures, and how much went of what. While `done_at` is null it is looked for more: what was on its way may come
-- later, and many texts go in portions.
create table erasures (
    community text not null,
    member_id uuid not null,
    erased_at timestamptz not null,
    forfeits boolean not null,
    deleted jsonb not null,
    looked_at timestamptz,
    done_at timestamptz,
    primary key (community, member_id),
    foreign key (community, member_id) references members
);
create index erasures_to_look_after on erasures (looked_at) where done_at is null;

-- Whose links and renewals are a member's.
create index sign_in_links_of_member on sign_in_links (community, member_id) where member_id is not null;
create index sign_in_renewals_of_member on sign_in_renewals (community, member_id) where member_id is not null;

alter table receipts
    drop constraint receipts_outcome_check,
    add constraint receipts_outcome_check check (outcome in ('accepted', 'duplicate', 'conflict', 'rejected'))
        not valid;
