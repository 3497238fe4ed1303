set local lock_timeout = '5s';

-- What events of members are about, as their platforms say. What was read and answered before is known once analytics
-- is built anew; of questions it is known already.
create table topic_events (
    community text not null,
    member_id uuid not null,
    event_time timestamptz not null,
    event_uid uuid not null,
    topic text not null,
    primary key (member_id, community, event_time, event_uid)
);
insert into topic_events (community, member_id, event_time, event_uid, topic)
select distinct r.community, e.member_id, e.event_time, r.event_uid, r.topic
from response_events r join events e on e.event_uid = r.event_uid and e.community = r.community
where r.topic <> '' and e.member_id is not null and e.event_time is not null;

-- Members who want no part in figures.
create table figures_unwanted (
    community text not null,
    member_id uuid not null,
    primary key (member_id, community)
);

-- What somebody was the first to answer, the latest on top.
create index response_questions_of_answerer on response_questions (answerer_id, community, answered_at desc)
    where answerer_id is not null and topic <> '';
