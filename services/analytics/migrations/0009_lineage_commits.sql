set local lock_timeout = '5s';

-- What of a repository stands: asked for when its history was rewritten. Other events pay nothing for it.
create index commits_by_source on events (community, source, event_id)
    where type = 'code.commit.v1' and retracted_by is null;
