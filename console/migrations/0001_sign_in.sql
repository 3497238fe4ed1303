-- Who is signed in. The cookie has a secret; here are its SHA-256 and what only the secret opens: whoever reads the
-- table reads no token and no name.
create table sessions (
    secret_sha256 text primary key,
    sealed bytea not null,
    created_at timestamptz not null,
    rotated_at timestamptz not null,
    ends_at timestamptz not null,
    is_replaced boolean not null default false
);
create index sessions_to_sweep on sessions (ends_at);

-- Requests to the OpenID provider that were not answered yet; each answer is taken once.
create table provider_requests (
    state_sha256 text primary key,
    sealed bytea not null,
    ends_at timestamptz not null
);
create index provider_requests_to_sweep on provider_requests (ends_at);
