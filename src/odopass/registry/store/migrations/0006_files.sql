-- Files that authorities, inspection bodies and makers of connected vehicles deliver, and how far each has been taken in.

-- One row for each file and way of reading it. `position` is where to go on: it moves in the transaction that takes the
-- lines before it in, so that no line is lost or taken twice whatever is killed when.
create table delivery (
    id              integer generated always as identity primary key,
    kind            text not null check (kind in ('vehicles', 'readings')),
    account_id      integer not null default 0,    -- who delivered readings; 0 for an authority's vehicles
    sha256          bytea not null,                -- of the whole file
    reading_as      text not null,                 -- which columns were taken for what
    name            text not null,                 -- what the file was called
    bytes           bigint not null,
    position        bigint not null default 0,     -- bytes of a CSV file, rows of a Parquet file
    line            bigint not null default 0,     -- the last line or row that was taken in
    counts          jsonb not null default '{}',   -- what became of the lines so far
    begun_at        timestamptz not null,
    changed_at      timestamptz not null,
    done_at         timestamptz,
    unique (kind, account_id, sha256, reading_as)
);

-- Lines that were left out, and why.
create table rejected_line (
    delivery_id     integer not null references delivery,
    line            bigint not null,
    reason          text not null,
    cells           text[] not null,               -- the line's own, as far as they could be told apart
    primary key (delivery_id, line)
);

-- What a vehicle's master data were before a file changed them.
create table vehicle_change (
    vehicle_id      bigint not null,
    number          bigint generated always as identity,
    changed_at      timestamptz not null,
    delivery_id     integer not null,
    before          jsonb not null,                -- the columns that changed, with their former values
    primary key (vehicle_id, number)
);

-- Who reads the odometers of an account: a garage, unless it was added as something else.
alter table account
    add column source text not null default 'garage' check (source in ('garage', 'inspection', 'connected'));

-- Where a request comes from that no garage sent over the wire.
alter table request
    add column delivery_id integer,
    add column line bigint;
create index request_of_delivery on request (delivery_id, line) where delivery_id is not null;
