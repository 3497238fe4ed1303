set local lock_timeout = '5s';

-- What members did that said what it is about, a row for each topic; whether it counts is said by activities.
create table event_topics (
    community text not null,
    member_id uuid not null,
    topic text not null,
    day date not null,
    event_uid uuid not null,
    primary key (event_uid, topic, community)
);
create index event_topics_of_member on event_topics (member_id, topic, day desc, community, event_uid);
revoke update on event_topics from plaudit_scoring;
