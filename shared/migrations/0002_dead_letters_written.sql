set local lock_timeout = '5s';

-- How many dead letters were written lately: the limit on them must outlive the process that it stops.
create table dead_letters_written (
    id bigint generated always as identity primary key,
    topic text not null,
    written_at timestamptz not null,
    count int not null
);
