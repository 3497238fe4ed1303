set local lock_timeout = '5s';

-- What rewards look like, made again from what was uploaded; `alts` is what it shows, by language ('' for all others).
create table reward_pictures (
    community text not null,
    reward_id text not null,
    media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/svg+xml')),
    content bytea not null,
    etag text not null,
    alts jsonb not null,
    uploaded_at timestamptz not null,
    primary key (community, reward_id)
);
revoke truncate on reward_pictures from plaudit_rewards;
