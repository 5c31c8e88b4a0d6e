-- Maintenance that is switched on by hand; no row, or one whose time is over: there is none.

create table maintenance (
    only_row boolean primary key default true check (only_row),
    since    timestamptz not null default clock_timestamp(),
    until    timestamptz not null,
    reason   text not null
);
