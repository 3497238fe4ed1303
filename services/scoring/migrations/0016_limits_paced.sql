set local lock_timeout = '5s';

-- What of a claim depends on those before it beside limits: the seconds of its cooldown, the shares of its turns in
-- hundredths of a percent, the floor of the score that it is added to or `takes` from; what the window of that score
-- knows of it, and what left it less than its points. And what its points are: of which score (null: those that can be
-- spent), and when they can be used. `is_shared` where its windows are everybody's.
alter table claims
    add column is_shared boolean not null default false,
    add column cooldown_seconds int check (cooldown_seconds > 0),
    add column shares int[],
    add column floor int,
    add column takes boolean not null default false,
    add column summed int not null default 0,
    add column cut text check (cut in ('limit', 'cooldown', 'diminished', 'floor')),
    add column score text,
    add column available_at timestamptz,
    add column expires_at timestamptz,
    drop constraint claims_check1,
    add check (told between -weight and weight),
    add check (summed between -weight and weight),
    add check (not takes or floor is not null);

-- In the window of a cooldown: when something was given last. A score may have been taken from below 0.
alter table limit_windows add column given_at timestamptz, drop constraint limit_windows_used_check;
