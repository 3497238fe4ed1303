"""Who turned to whom in a community's raw input, in SQL of `counts`: nothing here is the platform's."""

TIES = """
    select person, turns_to, count(*) as times, bool_or(exists (
        select 1 from counts b
        where b.person = c.turns_to and b.turns_to = c.person and b.day between $first and $last))
    from counts c where turns_to <> person and day between $first and $last
    group by 1, 2 order by 3 desc, 1, 2
"""
#: Members by the parts that are left of the network when one of them, or nobody (''), is taken away.
_WITHOUT = f"""
    with recursive ties as ({TIES}),
    pairs as (select person as a, turns_to as b from ties union select turns_to, person from ties),
    people as (select distinct a as person from pairs),
    reach as (
        select v.person as gone, p.person as a, p.person as b
        from people p join (select person from people union all select '') v on v.person <> p.person
        union
        select r.gone, r.a, p.b from reach r join pairs p on p.a = r.b and p.b <> r.gone
    ),
    pieces as (select gone, a, min(b) as piece, count(*) as size from reach group by 1, 2)
"""
BRIDGES = f"""{_WITHOUT}
    select w.a, w.size - 1 - max(p.size), w.size
    from pieces w join pieces o on o.gone = '' and o.piece = w.piece join pieces p on p.gone = w.a and p.a = o.a
    where w.gone = '' group by w.a, w.size having count(distinct p.piece) > 1 order by 2 desc, 1
"""
PARTS = f"""{_WITHOUT},
    given as (select person, sum(times) as n from ties group by 1),
    placed as (
        select *, sum(n) over (order by n desc, person) as reached, sum(n) over () as total,
            row_number() over (order by n desc, person) as place
        from given
    )
    select (select count(*) from people), (select count(distinct piece) from pieces where gone = ''),
        (select max(size) from pieces where gone = ''), (select min(place) from placed where reached * 2 >= total)
"""
ISOLATED = """
    select person, min(day), count(distinct day), count(*) filter (where turns_to <> person)
    from counts c
    where person is not null
        and not exists (select 1 from counts b where b.turns_to = c.person and b.person <> c.person)
    group by 1 having min(day) between $first and $last order by 2 desc, 1 desc
"""
