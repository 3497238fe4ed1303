set local lock_timeout = '5s';

-- What a campaign is in, beside its days: whoever spends of it locks its row first. `braked` by its pacing; then, or
-- when a person stopped it, it gives nothing until a person lets it go on, from when on its pace is not asked any more.
create table campaign_books (
    community text not null,
    campaign_id text not null,
    state text not null default 'running' check (state in ('running', 'braked', 'stopped')),
    is_slowed boolean not null default false,
    is_let_go boolean not null default false,
    last_day date,
    changed_at timestamptz,
    changed_by_person uuid,
    changed_by text,
    reason text,
    primary key (community, campaign_id)
) with (fillfactor = 70);

-- What its awards amount to: in all, and by rule, day and week ('all', 'rule:…', 'day:…', 'week:…').
create table campaign_spent (
    community text not null,
    campaign_id text not null,
    part text not null,
    points bigint not null check (points >= 0),
    primary key (community, campaign_id, part)
) with (fillfactor = 70);

-- Of which campaign a claim is, and the most that this gives for it, once it had no more: and why.
alter table claims
    add column campaign text,
    add column ceiling int check (ceiling >= 0),
    add column ceiling_by text check (ceiling_by in ('budget', 'pacing', 'stopped')),
    add check (num_nulls(ceiling, ceiling_by) in (0, 2)),
    add check (ceiling is null or campaign is not null);
