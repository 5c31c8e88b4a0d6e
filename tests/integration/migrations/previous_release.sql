-- What the previous release says to the database to take requests in, to judge them and to tell their state, word for
-- word. Every new migration is applied while these statements run. To be written anew at a release, and only then:
--     python -m tests.integration.migrations.record
-- newest migration of that release: 3

-- name: vehicles by vin
select vin, id, unifier, first_use from vehicle where vin = any($1::text[])

-- name: store
with input as (
    select * from unnest(
        $1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
        $9::date[], $10::int[], $11::text[], $12::text[], $13::bytea[]
    ) with ordinality as i (
        guid, subject, account_id, software_id, received_at, identification, identifier, observation_type,
        reading_date, km, body, key, digest, n
    )
), named as (
    insert into idempotency (account_id, key, digest, guid)
    select account_id, key, digest, guid from input where key is not null order by account_id, key
    on conflict (account_id, key) do nothing
    returning guid
), stored as (
    insert into request (
        guid, subject, kind, case_guid, case_subject, account_id, software_id, received_at,
        identification, identifier, observation_type, reading_date, km, body
    )
    select
        guid, subject, 'submission', guid, subject, account_id, software_id, received_at,
        identification, identifier, observation_type, reading_date, km, body
    from input
    where key is null or guid in (select guid from named)
    returning guid
), marked as (
    insert into waiting (subject, requests)
    select subject, array_agg(guid order by n)
    from input join stored using (guid)
    group by subject
    order by subject
    on conflict (subject) do update set requests = waiting.requests || excluded.requests
)
select guid from input where key is not null and guid not in (select guid from named)

-- name: answered
select guid, digest from idempotency where account_id = $1 and key = $2

-- name: name
insert into idempotency (account_id, key, digest, guid) values ($1, $2, $3, $4)
on conflict (account_id, key) do nothing

-- name: own request
select case_guid, case_subject, subject from request where guid = $1 and account_id = $2

-- name: case
select guid, subject, status, head, standing, confirmed, observation_type, reading_date, km
from observation_case where guid = $1 and subject = $2 for update

-- name: follow
update observation_case set status = 'ONGOING', head = $3 where guid = $1 and subject = $2

-- name: insert
insert into request (
    guid, subject, kind, case_guid, case_subject, account_id, software_id, received_at,
    identification, identifier, observation_type, reading_date, km, body
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: mark
insert into waiting (subject, requests) values ($1, array[$2::uuid])
on conflict (subject) do update set requests = waiting.requests || excluded.requests

-- name: claim
with free as (
    select subject from waiting
    where lease_until < clock_timestamp()
    order by since
    limit $1
    for update skip locked
), fence as (select nextval('lease_token') as token)
update waiting
set token = fence.token, lease_until = clock_timestamp() + $2::interval
from free, fence
where waiting.subject = free.subject
returning waiting.subject, waiting.token, waiting.requests[:$3]

-- name: still held
select waiting.subject
from unnest($1::bigint[], $2::bigint[]) as claim(subject, token)
join waiting using (subject, token)
order by waiting.subject
for update of waiting

-- name: done
with done as (
    delete from waiting
    using unnest($1::bigint[], $2::int[]) as judged(subject, number)
    where waiting.subject = judged.subject and cardinality(waiting.requests) = judged.number
)
update waiting
set requests = waiting.requests[judged.number + 1:], lease_until = '-infinity', since = clock_timestamp()
from unnest($1::bigint[], $2::int[]) as judged(subject, number)
where waiting.subject = judged.subject and cardinality(waiting.requests) > judged.number

-- name: requests
select guid, subject, kind, case_guid, case_subject, account_id, received_at, identification, identifier,
    observation_type, reading_date, km
from request
where guid = any($1::uuid[])

-- name: cases
select c.guid, c.subject, c.vehicle_id, c.observation_type, c.reading_date, c.km, c.status, c.head, c.standing,
    c.confirmed, c.findings
from unnest($1::uuid[]) as asked(guid)
join observation_case c using (guid)

-- name: vehicles
select id, category, max_mass_kg, first_use from vehicle where id = any($1::bigint[])

-- name: readings
select vehicle_id, reading_date, arrival, km, starts_segment, source
from reading
where vehicle_id = any($1::bigint[]) and superseded_at is null
order by vehicle_id, reading_date, arrival

-- name: reports
select vehicle_id, case_guid, account_id, observation_type, reading_date, km, true as counts
from unnest($2::bigint[], $3::date[]) as asked(vehicle_id, reading_date)
join reading using (vehicle_id, reading_date)
where case_guid is not null and superseded_at is null
union all
select vehicle_id, guid, account_id, observation_type, reading_date, km, false
from observation_case
where vehicle_id = any($1::bigint[])
    and (
        status in ('ONGOING', 'ISSUE', 'REVIEWING')
        or (status = 'PROCESSED' and observation_type = 'VEHICLE_HISTORY_DOCUMENT')
    )

-- name: open
insert into observation_case (
    guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, head, standing, findings,
    settled_at
)
select guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, guid, guid,
    findings::jsonb, $10
from unnest(
    $1::uuid[], $2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::date[], $7::int[], $8::text[], $9::text[]
) as opened (guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, findings)
on conflict (guid, subject) do nothing

-- name: change
update observation_case c
set vehicle_id = changed.vehicle_id, observation_type = changed.observation_type,
    reading_date = changed.reading_date, km = changed.km, status = changed.status, standing = changed.standing,
    findings = changed.findings::jsonb, confirmed = changed.confirmed, settled_at = $12
from unnest(
    $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::date[], $6::int[], $7::text[], $8::uuid[], $9::text[],
    $10::bool[], $11::uuid[]
) as changed (
    guid, subject, vehicle_id, observation_type, reading_date, km, status, standing, findings, confirmed, head
)
where c.guid = changed.guid and c.subject = changed.subject and c.head = changed.head and c.status = 'ONGOING'

-- name: read
insert into reading (
    vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment, remarks,
    recorded_at
)
select vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment,
    coalesce(string_to_array(nullif(remarks, ''), ','), '{}'), $10
from unnest(
    $1::bigint[], $2::date[], $3::int[], $4::text[], $5::text[], $6::int[], $7::uuid[], $8::bool[], $9::text[]
) with ordinality as read (
    vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment, remarks, n
)
order by n

-- name: states
select asked.guid, request.account_id, request.case_guid, c.status, c.findings, c.head, c.observation_type,
    report.version as report_version
from unnest($1::uuid[]) as asked(guid)
join request using (guid)
left join observation_case c on c.guid = request.case_guid and c.subject = request.case_subject
left join report on report.case_guid = c.guid and c.observation_type = 'VEHICLE_HISTORY_DOCUMENT'
