set local lock_timeout = '5s';

-- Boards that programmes declare, each as it counts: one that counts otherwise is another, with a number of its own.
-- `since` is when it began, and `is_whole` whether what was before is on it; members up to `filled_up_to` (null: all)
-- have what they had before. `final_up_to` is the first day of the last period whose results are final.
create table boards (
    board_no int generated always as identity primary key,
    community text not null,
    board_id text not null,
    place smallint not null,
    declared jsonb not null,
    audience_id text,
    version int not null,
    since timestamptz not null,
    is_whole boolean not null,
    is_filled boolean not null,
    filled_up_to uuid not null,
    final_up_to date not null,
    cut_up_to date not null,
    look_at timestamptz not null,
    is_over boolean not null default false
);
create unique index boards_kept on boards (community, board_id) where not is_over;
create index boards_looked_at on boards (look_at) where not is_over;

-- Up to which version a community's boards are those that it declares.
create table board_versions (
    community text not null primary key,
    version int not null
);

-- What a member has on a board, and the time of the last event that changed it. Who is shown is in the numbers below.
create table board_scores (
    board_no int not null,
    starts_on date not null,
    member_id uuid not null,
    community text not null,
    points bigint not null,
    reached_at timestamptz not null,
    is_shown boolean not null,
    primary key (member_id, board_no, starts_on)
) with (fillfactor = 90);
-- As a board is read, to any depth: most first, whoever had it earlier before the others.
create index board_scores_in_order on board_scores (board_no, starts_on, is_shown, (-points), reached_at, member_id);

-- Of members who are one person with others: what each has itself.
create table own_board_scores (
    board_no int not null,
    starts_on date not null,
    member_id uuid not null,
    community text not null,
    points bigint not null,
    reached_at timestamptz not null,
    primary key (member_id, board_no, starts_on)
);
create index own_board_scores_of_board on own_board_scores (board_no, starts_on);

-- How many members have each number of points: what awards change is appended, so that nobody waits for a row that
-- all change, and a timer adds it up.
create table board_changes (
    board_no int not null,
    starts_on date not null,
    points bigint not null,
    members bigint not null
);
create index board_changes_of_board on board_changes (board_no, starts_on);
-- Level 0 has a row for each number of points; on levels 1 and 2 a bucket is of 256 of those below it. `scores` are
-- the different numbers of points that somebody has.
create table board_counts (
    board_no int not null,
    starts_on date not null,
    level smallint not null,
    bucket bigint not null,
    scores bigint not null,
    members bigint not null,
    primary key (board_no, starts_on, level, bucket)
) with (fillfactor = 80);

-- Results of periods that are over, final or not yet; and of boards of all time those of the last days.
create table board_cuts (
    community text not null,
    board_id text not null,
    starts_on date not null,
    ends_on date not null,
    title text not null,
    cut_at timestamptz not null,
    is_final boolean not null,
    is_whole boolean not null,
    members bigint not null,
    late_awards int not null default 0,
    late_points bigint not null default 0,
    primary key (community, board_id, starts_on)
);
create table board_results (
    community text not null,
    board_id text not null,
    starts_on date not null,
    place int not null,
    member_id uuid not null,
    rank int not null,
    points bigint not null,
    reached_at timestamptz not null,
    primary key (community, board_id, starts_on, place)
);
create index board_results_of_member on board_results (member_id, board_id, starts_on, community);

-- Prizes that were won: for good, whatever comes later.
create table board_prizes (
    community text not null,
    prize_id uuid not null,
    board_id text not null,
    board_title text not null,
    starts_on date not null,
    ends_on date not null,
    member_id uuid not null,
    prize text not null,
    title text not null,
    rank int not null,
    points bigint not null,
    won_at timestamptz not null,
    programme_version int not null,
    primary key (prize_id, community)
);
create index board_prizes_of_board on board_prizes (community, board_id, starts_on);
create index board_prizes_of_member on board_prizes (community, member_id);

-- Awards for boards of one channel whose events have not come yet.
create table board_parked (
    community text not null,
    award_id uuid not null,
    event_uid uuid not null,
    award jsonb not null,
    parked_at timestamptz not null,
    primary key (award_id, community)
);

-- Rows of boards and periods that are over, which go in pieces; without a period, all of a board.
create table board_purges (
    board_no int not null,
    starts_on date,
    unique nulls not distinct (board_no, starts_on)
);

-- Whether boards are without the member by it.
alter table suspensions add column is_applied boolean not null default false;
create index suspensions_applied on suspensions (community) where stands or is_applied;
