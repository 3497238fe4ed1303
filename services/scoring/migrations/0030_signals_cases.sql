set local lock_timeout = '5s';

-- What rules had for members, where the programme says from when on giving is looked at: who gave it (nobody, for an
-- act of one's own), in which window of 30 days, and whether it is withheld.
create table signal_acts (
    community text not null,
    award_id uuid not null,
    member_id uuid not null,
    giver_id uuid,
    window_no int not null,
    day date not null,
    event_uid uuid not null,
    event_time timestamptz not null,
    points int not null check (points > 0),
    is_taken_back boolean not null default false,
    withheld text check (withheld in ('held', 'denied')),
    primary key (award_id, community)
) with (fillfactor = 85);
create index signal_acts_of_member on signal_acts (member_id, window_no, community);
create index signal_acts_of_event on signal_acts (event_uid, community);
create index signal_acts_withheld on signal_acts (member_id, window_no, community) where withheld is not null;

-- What one member gave another on a day, as the acts that were not taken back add up to.
create table signal_ties (
    community text not null,
    window_no int not null,
    receiver_id uuid not null,
    giver_id uuid not null,
    day date not null,
    points bigint not null,
    acts int not null,
    primary key (receiver_id, window_no, community, giver_id, day)
) with (fillfactor = 85);
create index signal_ties_of_giver on signal_ties (giver_id, window_no, community);

-- And in all, within a window.
create table signal_totals (
    community text not null,
    window_no int not null,
    member_id uuid not null,
    given bigint not null default 0,
    received bigint not null default 0,
    primary key (community, window_no, member_id)
) with (fillfactor = 70);
create index signal_totals_by_window on signal_totals (window_no);

-- Who is to be looked at. Whoever asks for another look meanwhile gives it another turn, so that none is lost.
create sequence signal_turns;
create table signal_looks (
    community text not null,
    window_no int not null,
    member_id uuid not null,
    turn bigint not null default nextval('signal_turns'),
    is_spread boolean not null default false,
    primary key (community, window_no, member_id)
) with (fillfactor = 70);
create index signal_looks_by_turn on signal_looks (turn);

-- What was found about a member in a window, and what became of it.
create table signal_cases (
    community text not null,
    case_id uuid not null,
    member_id uuid not null,
    window_no int not null,
    state text not null check (state in ('marked', 'held', 'release_asked', 'released', 'denied', 'gone')),
    revision int not null check (revision >= 1),
    score_percent int not null check (score_percent between 0 and 100),
    found jsonb not null,
    is_all boolean not null,
    givers uuid[] not null,
    others uuid[] not null,
    held_points bigint not null default 0,
    held_awards int not null default 0,
    programme_version int not null,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    asked_at timestamptz,
    asked_by text,
    asked_by_person uuid,
    asked_by_credential text,
    decided_at timestamptz,
    decided_by text,
    decided_by_person uuid,
    decided_by_credential text,
    reason text,
    note text,
    primary key (community, case_id),
    unique (community, member_id, window_no)
) with (fillfactor = 85);
create index signal_cases_by_state on signal_cases (community, state, score_percent desc, case_id);
create index signal_cases_newest on signal_cases (community, score_percent desc, case_id);
create index signal_cases_of_others on signal_cases using gin (others);

-- Who is paid to one bank account with others, as rewards tells: never which account.
create table member_links (
    community text not null,
    member_id uuid not null,
    revision int not null,
    account_id uuid,
    members_count int not null check (members_count >= 1),
    is_payer boolean not null,
    primary key (community, member_id)
);

-- Whether a claim is withheld: it amounts to nothing meanwhile, and keeps its room.
alter table claims add column withheld text check (withheld in ('held', 'denied'));

-- Why an award was amended: as it was, or that it was held, or released.
do $$
declare
    known text;
begin
    select conname into strict known from pg_constraint
    where conrelid = 'awards'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%retracted%';
    execute format('alter table awards drop constraint %I', known);
end $$;
alter table awards add constraint awards_amended
    check (cause in ('retracted', 'restored', 'limit', 'held', 'released', 'upheld', 'suspended', 'quality')
           and revision >= 1
           and total::bigint * (total - points) >= 0);
