set local lock_timeout = '5s';

-- Which id tokens have signed somebody in, by the SHA-256 of what of them is signed: each does so once in a community.
create table used_id_tokens (
    community text not null,
    signed_sha256 text not null,
    used_at timestamptz not null,
    primary key (community, signed_sha256)
);
create index used_id_tokens_to_sweep on used_id_tokens (used_at);
