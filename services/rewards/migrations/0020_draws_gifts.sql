set local lock_timeout = '5s';

-- What comes with a grant costs nothing.
alter table redemptions drop constraint redemptions_points_check;
alter table redemptions add constraint redemptions_points_check check (points >= 0);
-- How many of a reward are gone: of those with a stock.
create index redemptions_of_reward on redemptions (community, reward_id) where state in ('reserved', 'confirmed');

-- Rewards that came with badges, levels and quests, and what became of each.
create table gifts (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    kind text not null,
    name text not null,
    reward_id text not null,
    state text not null check (state in ('given', 'had', 'gone', 'unknown', 'nobody')),
    redemption_id uuid,
    decided_at timestamptz not null,
    primary key (community, grant_id)
);
create index gifts_of_member on gifts (community, member_id);

-- Draws, each with a seed that nobody is shown before it is drawn.
create table draws (
    community text not null,
    draw_id text not null,
    title text not null,
    description text not null,
    reward_id text not null,
    winners_count int not null check (winners_count > 0),
    closes_at timestamptz not null,
    state text not null check (state in ('open', 'frozen', 'drawn')),
    seed bytea not null check (length(seed) = 32),
    frozen_at timestamptz,
    tickets_count int,
    tickets_sha256 text,
    drawn_at timestamptz,
    primary key (community, draw_id)
);
create index draws_open on draws (closes_at) where state = 'open';

-- A ticket is the grant with which it came; whose it is is fixed with it (`holder_id`).
create table draw_tickets (
    community text not null,
    draw_id text not null,
    ticket_id uuid not null,
    member_id uuid not null,
    holder_id uuid,
    added_at timestamptz not null,
    primary key (community, draw_id, ticket_id)
);
create index draw_tickets_by_id on draw_tickets (community, ticket_id);
create index draw_tickets_of_member on draw_tickets (community, member_id);

create table draw_winners (
    community text not null,
    draw_id text not null,
    place int not null,
    ticket_id uuid not null,
    member_id uuid not null,
    won text not null check (won in ('given', 'gone', 'nobody')),
    redemption_id uuid,
    primary key (community, draw_id, place)
);
