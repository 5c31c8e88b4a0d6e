-- Vehicle history reports, and what readings from abroad tell beside their km.

alter table reading
    add column country text,                       -- ISO 3166 code, if it was read abroad
    add column in_miles integer;                   -- what the odometer showed, if it counts miles

-- One report for each case that asked for one. It is asked for in the transaction that settles the case, made by
-- whoever claims it, and stands once it has a content. The row is the lease: only the holder of the newest token writes.
create table report (
    case_guid       uuid primary key,
    vehicle_id      bigint not null,
    account_id      integer not null,
    asked_at        timestamptz not null,
    lease_until     timestamptz not null default '-infinity',
    token           bigint not null default 0,
    to_make         boolean not null default true, -- false once it stands; true again when it is to be made anew
    version         integer not null default 0,    -- how often it was made; 0: it does not stand yet
    number          text unique check (number ~ '^[0-9]{12}$'),
    public_id       text unique,
    made_at         timestamptz,
    content         jsonb,
    check ((version = 0) = (content is null))
);
create index report_to_make on report (asked_at) where to_make;
create index report_of_vehicle on report (vehicle_id);

-- The signed documents, each made when it is first asked for and the same ever after.
create table report_file (
    case_guid       uuid not null,
    version         integer not null,
    language        text not null,
    pdf             bytea not null,
    primary key (case_guid, version, language)
);
