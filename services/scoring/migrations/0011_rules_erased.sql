set local lock_timeout = '5s';

-- What rules read stays as it was, but for who was erased: of them the values go, and nothing else.
create index attributes_read_of_member on attributes_read (community, member_id) where value is not null;
create function erase_attributes_read(text, uuid) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with changed as (
        update public.attributes_read r set value = null
        from public.followed_members m
        where r.community = $1 and r.member_id = $2 and r.value is not null
          and m.community = $1 and m.member_id = $2 and m.is_erased
        returning 1)
    select count(*) from changed
$$;
revoke execute on function erase_attributes_read(text, uuid) from public;
grant execute on function erase_attributes_read(text, uuid) to plaudit_scoring;
