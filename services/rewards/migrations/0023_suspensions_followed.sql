set local lock_timeout = '5s';

-- Who is suspended, as scoring told it with the highest revision: whoever is wins nothing by lot.
create table suspensions (
    community text not null,
    suspension_id uuid not null,
    member_id uuid not null,
    revision int not null,
    stands boolean not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (suspension_id, community)
);
create index suspensions_standing on suspensions (community) where stands;

-- A ticket that would have won, whose holder is suspended when the draw is: its place goes to the next.
alter table draw_winners drop constraint draw_winners_won_check;
alter table draw_winners add constraint draw_winners_won_check
    check (won in ('given', 'gone', 'nobody', 'suspended'));
