-- The first tables: who reports (account), what is reported on (vehicle, plate), what was sent (request),
-- what became of it (observation_case), what is believed (reading), and what still has to be judged (waiting).
--
-- Rows of `request` and `reading` are never changed or removed by the service: a correction is a new request,
-- a settled case gets a new state. Every large table carries the vehicle in its key (`subject`, `vehicle_id`),
-- so that the tables can be distributed by vehicle.
--
-- The tables that grow with every observation have no foreign keys: each row would lock its account's row, and a busy
-- garage's requests would queue behind one another for nothing. Accounts and vehicles are never removed.

create table account (
    id              integer generated always as identity primary key,
    username        text not null unique,          -- the establishment number; test accounts have other names
    establishment   text not null unique,          -- KBO establishment number, 10 digits
    enterprise      text not null,                 -- KBO enterprise number, 10 digits
    name            text not null,                 -- what employees call the garage; never shown to another garage
    password_hash   text,                          -- Argon2id in PHC form; null until the account is activated
    state           text not null default 'active' check (state in ('active', 'locked')),
    created_at      timestamptz not null default now(),
    changed_at      timestamptz not null default now()
);

create table client_software (
    id              integer generated always as identity primary key,
    builder         text not null,
    name            text not null,
    version         text not null,
    first_seen_at   timestamptz not null default now(),
    unique (builder, name, version)
);

create table vehicle (
    id                  bigint generated always as identity primary key,
    vin                 text not null check (vin = upper(vin)),
    unifier             integer,
    make                text,
    model               text,
    category            text,                      -- EU category: M1, N1, M1G, L3e, O2 …
    max_mass_kg         integer,                   -- maximum permissible mass; exactly 3,500 is inside the law's scope
    first_use           date,                      -- anywhere in the world
    first_registration  date,                      -- in this country
    fuel                text,
    electric_motor      boolean,
    electric_range_km   integer,
    euro_standard       text,
    co2_nedc_g_km       integer,
    co2_wltp_g_km       integer
);
create unique index vehicle_identity on vehicle (vin, unifier) nulls not distinct;

-- A plate means the vehicle that bore it on the day of the reading.
create table plate (
    plate           text not null check (plate ~ '^[0-9A-Z]+$'),   -- without dashes and blanks, upper case
    vehicle_id      bigint not null references vehicle,
    valid_from      date not null,
    valid_until     date,                          -- the last day, included; null while it is borne
    primary key (plate, valid_from, vehicle_id)
);
create index plate_of_vehicle on plate (vehicle_id);

create table request (
    guid            uuid not null,
    subject         bigint not null,               -- vehicle.id, or below zero if no vehicle was identified
    kind            text not null check (kind in ('submission', 'correction', 'confirmation')),
    case_guid       uuid not null,                 -- the guid of the submission that opened the case
    case_subject    bigint not null,
    account_id      integer not null,
    software_id     integer,
    received_at     timestamptz not null,
    identification  text not null,                 -- 'identified', or what went wrong: see domain/identification.py
    identifier      text,                          -- the VIN or plate as compared; null for a confirmation
    observation_type text,
    reading_date    date,
    km              integer,
    body            text,                          -- as received; null for a confirmation
    primary key (guid, subject)
);
create index request_of_subject on request (subject, received_at);

create table idempotency (
    account_id      integer not null,
    key             text not null,
    digest          bytea not null,                -- SHA-256 of operation and body: the same key must mean the same
    guid            uuid not null,
    primary key (account_id, key)
);

-- The present state of a chain of submission, corrections and confirmations. No row yet: ONGOING.
create table observation_case (
    guid            uuid not null,                 -- of the submission
    subject         bigint not null,               -- of the submission, whatever corrections say later
    account_id      integer not null,
    vehicle_id      bigint,                        -- what the standing observation is about; null if unidentified
    observation_type text not null,
    reading_date    date not null,
    km              integer not null,
    status          text not null check (status in ('ONGOING', 'PROCESSED', 'ISSUE', 'ERROR', 'REVIEWING')),
    head            uuid not null,                 -- the newest request: the only one that may be corrected or confirmed
    standing        uuid not null,                 -- the request whose observation stands
    confirmed       boolean not null default false,-- a case can be confirmed once
    findings        jsonb not null default '[]',   -- what is shown as issues: [[code, {values}], …]
    settled_at      timestamptz not null,
    primary key (guid, subject)
);
-- What may count as the first of two for issue 150 and is not a reading of its own.
create index live_case on observation_case (vehicle_id)
    where status in ('ONGOING', 'ISSUE', 'REVIEWING')
       or (status = 'PROCESSED' and observation_type = 'VEHICLE_HISTORY_DOCUMENT');

create sequence arrival;

-- What is believed. A reading is replaced by `superseded_at` and a new row, never overwritten.
create table reading (
    vehicle_id      bigint not null,
    reading_date    date not null,
    arrival         bigint not null default nextval('arrival'),  -- the order in which readings came to stand
    km              integer not null,
    source          text not null,                 -- garage, inspection, connected, foreign …
    observation_type text not null,
    account_id      integer,
    case_guid       uuid,
    starts_segment  boolean not null default false,-- a replaced odometer, or a break that was confirmed
    remarks         text[] not null default '{}',  -- codes of findings that were confirmed
    recorded_at     timestamptz not null,
    superseded_at   timestamptz,
    primary key (vehicle_id, reading_date, arrival)
);

-- Vehicles (subjects) with requests to judge, each with its requests in order of arrival. The row is the lease:
-- who claims it writes a new token, and only the holder of the newest token may settle.
create table waiting (
    subject         bigint primary key,
    requests        uuid[] not null,
    since           timestamptz not null default clock_timestamp(),
    lease_until     timestamptz not null default '-infinity',
    token           bigint not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
create index waiting_since on waiting (since);
create sequence lease_token;
