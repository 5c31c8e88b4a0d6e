-- How many requests a garage may make: what was set by hand, for all garages (account_id null) or for one.
-- What is not here has the program's own figure: see registry/limits/limit.py.

create table request_limit (
    name        text not null,                     -- which limit
    account_id  integer references account,
    rate        double precision not null check (rate > 0),    -- requests a second, in the long run
    burst       integer not null check (burst >= 1),           -- requests at once, after a rest
    reason      text not null default '',          -- for the people who run the registry
    changed_at  timestamptz not null default clock_timestamp(),
    unique nulls not distinct (name, account_id)
);

-- What busy garages have asked of each process in the last second or so, for the other processes to count in. After a
-- crash it is empty: nothing is lost but the memory of a second.
create unlogged table request_tally (
    process     uuid not null,
    account_id  integer not null,
    taken       integer not null,
    at          timestamptz not null default clock_timestamp(),
    primary key (process, account_id)
);
