set local lock_timeout = '5s';

-- Who may act, in the whole installation; what they are in a community is in followed_people, as at every service.
-- The email and the subject at an OpenID provider stay here.
create table people (
    person_id uuid primary key,
    revision int not null,
    name text not null,
    kind text not null check (kind in ('person', 'service')),
    disabled boolean not null,
    email text,
    oidc_issuer text,
    oidc_subject text,
    created_at timestamptz not null
);

-- Who signed the newest fact about a person; '' is a fact that is still to be told.
alter table followed_people add column signed_with text;

alter table access_keys
    add column created_at timestamptz,
    add column issued_by text,
    add column replaced_by text;

-- The keys of before belong to one service account for each community, which may do what they could do. So of two of
-- them none approves what the other made, until people are added.
create temporary table accounts_of_before on commit drop as
select community, gen_random_uuid() as person_id,
    array_remove(
        array[
            'manager', 'operator',
            case when bool_or('payouts:write' = any (scopes)) then 'finance_maker' end,
            case when bool_or('payouts:approve' = any (scopes)) then 'finance_approver' end
        ],
        null
    ) as roles
from access_keys group by community;
insert into people (person_id, revision, name, kind, disabled, created_at)
select person_id, 1, 'keys of before', 'service', false, now() from accounts_of_before;
insert into followed_people (community, person_id, revision, name, kind, disabled, roles, signed_with)
select community, person_id, 1, 'keys of before', 'service', false, roles, '' from accounts_of_before;
update access_keys k set person_id = a.person_id, signed_with = ''
from accounts_of_before a where k.community = a.community;

-- From which signing key a key that verifies tokens follows, and when it was told first; null where it was read back.
alter table followed_token_keys add column derived_from text, add column announced_at timestamptz;

-- Links to sign in by, of whose secrets only the SHA-256 is kept; for a person or for a member.
create table sign_in_links (
    secret_sha256 text primary key,
    community text not null,
    person_id uuid,
    member_id uuid,
    issued_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    check (num_nonnulls(person_id, member_id) = 1)
);
create index sign_in_links_by_time on sign_in_links (community, created_at);
create index sign_in_links_to_sweep on sign_in_links (expires_at);
create index people_of_subject on people (oidc_issuer, oidc_subject);
create index people_of_email on people (lower(email));
