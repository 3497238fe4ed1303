set local lock_timeout = '5s';

-- Answers to commands, so that a request that is sent again gets the same one.
create table command_answers (
    community text not null,
    command text not null,
    idempotency_key text not null,
    request_sha256 text not null,
    answer text,
    answered_at timestamptz not null,
    primary key (community, command, idempotency_key)
);
