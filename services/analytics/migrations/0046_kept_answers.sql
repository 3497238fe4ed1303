set local lock_timeout = '5s';

-- When the network and the response times of a community were counted last, to be kept.
create table network_checks (
    community text not null primary key,
    checked_at timestamptz
);
create table response_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- Figures of so many days up to today, of communities of which they are too large to be counted when they are asked
-- for; by which days and terms.
create table kept_answers (
    community text not null,
    figure text not null,
    days int not null,
    terms text not null,
    answer jsonb not null,
    counted_at timestamptz not null,
    primary key (community, figure, days)
);

-- Who connects others in a network that is kept.
create table kept_bridges (
    community text not null,
    days int not null,
    member_id uuid not null,
    cut_off int not null,
    members int not null,
    primary key (community, days, cut_off, member_id)
);
