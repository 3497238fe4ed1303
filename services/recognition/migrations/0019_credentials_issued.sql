set local lock_timeout = '5s';

-- Who a community is as an issuer of Open Badges.
create table credential_issuers (
    community text primary key,
    name text not null,
    url text,
    email text,
    description text,
    changed_at timestamptz not null
);

-- Its keys: private halves sealed, public ones for ever, so that what they signed stays valid.
create table credential_keys (
    community text not null,
    public_key bytea not null,
    sealed_by text not null,
    sealed bytea not null,
    made_at timestamptz not null,
    primary key (community, public_key)
);
revoke delete on credential_keys from plaudit_recognition;

-- Badges that members took away, each with its place in a list of revocations. A row stays when its credential ends.
create table credentials (
    community text not null,
    credential_id uuid not null,
    grant_id uuid not null,
    member_id uuid not null,
    badge text not null,
    tier text,
    title text not null,
    salt text not null,
    list_no int not null,
    list_index int not null,
    issued_at timestamptz not null,
    revoked_at timestamptz,
    primary key (community, credential_id),
    unique (community, grant_id),
    unique (community, list_no, list_index)
);
create index credentials_of_member on credentials (community, member_id, issued_at desc, credential_id desc);
revoke delete on credentials from plaudit_recognition;
