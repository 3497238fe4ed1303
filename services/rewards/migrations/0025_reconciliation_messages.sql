set local lock_timeout = '5s';

-- A file that a bank answered with. It names people, and is not kept itself: its lines are.
create table bank_messages (
    community text not null,
    message_key uuid not null,
    name text not null,
    message_id text,
    sha256 text not null,
    imported_at timestamptz not null,
    imported_by_person uuid,
    imported_by text not null,
    primary key (community, message_key)
);
create index bank_messages_by_time on bank_messages (community, imported_at, message_key);

-- A booking, or a status. What an entry is known by in other messages is null for statuses.
create table bank_lines (
    community text not null,
    message_key uuid not null,
    line_id uuid not null,
    place int not null,
    imported_at timestamptz not null,
    kind text not null,
    status text not null,
    level text not null,
    reference text,
    end_to_end_id text,
    order_id text,
    named uuid,
    amount_minor bigint,
    currency text,
    instructed_minor bigint,
    reason text,
    booked_on date,
    entry int,
    account text,
    direction text,
    entry_minor bigint,
    entry_currency text,
    servicer_reference text,
    payments text,
    is_detailed boolean,
    is_booked boolean,
    state text not null check (state in ('matched', 'noted', 'proposed', 'refused', 'unmatched', 'differs',
                                         'set_aside', 'unrelated', 'said', 'again', 'pending')),
    says text check (says in ('sent', 'settled', 'failed', 'came_back')),
    payout_id uuid,
    run_id uuid,
    matched_by text,
    outcome_id uuid,
    same_as uuid,
    why text,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    primary key (community, line_id),
    foreign key (community, message_key) references bank_messages
);
create index bank_lines_by_time on bank_lines (community, imported_at, line_id);
create index bank_lines_of_message on bank_lines (community, message_key, place);
create index bank_lines_of_payout on bank_lines (community, payout_id) where payout_id is not null;
create index bank_lines_of_run on bank_lines (community, run_id) where run_id is not null;
create index bank_lines_like on bank_lines (community, booked_on, entry_minor) where is_booked;
create index bank_lines_to_do on bank_lines (imported_at) where state in ('matched', 'proposed');
create index bank_lines_open on bank_lines (community, imported_at, line_id)
    where state in ('unmatched', 'differs', 'refused');

-- What a bank said stays as it was read.
revoke update, delete, truncate on bank_messages, bank_lines from plaudit_rewards;
grant update (state, says, payout_id, run_id, matched_by, outcome_id, same_as, why,
              decided_at, decided_by_person, decided_by) on bank_lines to plaudit_rewards;

create index payouts_by_amount on payouts (community, currency, amount_minor)
    where state in ('submitted', 'sent', 'settled');
