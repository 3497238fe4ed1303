set local lock_timeout = '5s';

-- What a client that signed somebody in gets further tokens by, until a time; of its secret only the SHA-256 is kept.
create table sign_in_renewals (
    secret_sha256 text primary key,
    community text not null,
    person_id uuid,
    member_id uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    check (num_nonnulls(person_id, member_id) = 1)
);
create index sign_in_renewals_to_sweep on sign_in_renewals (expires_at);
