-- The employees' desk: who works there, what they decided and looked at, and what the figures are made of.

create table employee (
    id              integer generated always as identity primary key,
    username        text not null unique check (username = lower(username)),
    name            text not null,
    roles           text[] not null check (roles <@ array['reviewer', 'administrator', 'auditor']),
    state           text not null default 'active' check (state in ('active', 'locked')),
    password_hash   text,                          -- Argon2id in PHC form; null: logs in through OpenID Connect only
    openid_subject  text unique,                   -- issuer and subject, if the account came from OpenID Connect
    totp_secret     text,                          -- base32; null: no second factor
    totp_step       bigint not null default 0,     -- the last time step whose code was taken: a code works once
    recovery_codes  text[] not null default '{}',  -- SHA-256, in hex; each is removed when it is used
    created_at      timestamptz not null default now(),
    changed_at      timestamptz not null default now()
);

-- A browser that is logged in. Only a digest of its token is stored: who reads the table cannot log in with it.
create table employee_session (
    token           bytea primary key,
    employee_id     integer not null references employee on delete cascade,
    csrf            text not null,
    began_at        timestamptz not null,
    seen_at         timestamptz not null
);
create index session_of_employee on employee_session (employee_id);

-- Wrong tries of a user name, whether somebody has it or not: from one network, and ('*') from all together.
create table login_try (
    username        text not null,
    network         text not null,
    wrong           integer not null,
    last_at         timestamptz not null,
    primary key (username, network)
);
create index login_try_by_time on login_try (last_at);

-- The networks an employee has logged in from: strangers' wrong tries never slow these down.
create table login_network (
    employee_id     integer not null references employee on delete cascade,
    network         text not null,
    last_at         timestamptz not null,
    primary key (employee_id, network)
);

-- A login through OpenID Connect that has gone to the provider and not come back yet.
create table openid_login (
    state           bytea primary key,             -- digest
    nonce           text not null,
    verifier        text not null,
    goes_to         text not null,
    began_at        timestamptz not null
);

-- What was typed into a form when its session had ended; it is shown again after the login, and then removed.
create table kept_form (
    employee_id     integer not null references employee on delete cascade,
    page            text not null,
    fields          jsonb not null,
    kept_at         timestamptz not null,
    primary key (employee_id, page)
);

-- Who is looking at a case in REVIEWING, and until when the others leave it alone.
create table review_claim (
    case_guid       uuid primary key,
    employee_id     integer not null references employee,
    since           timestamptz not null,
    lease_until     timestamptz not null
);

-- What employees decided: never changed or removed.
create table review_decision (
    id              bigint generated always as identity primary key,
    decided_at      timestamptz not null,
    employee_id     integer not null,
    kind            text not null check (kind in ('accept', 'reject', 'send_back', 'correct', 'withdraw')),
    case_guid       uuid,
    vehicle_id      bigint,
    reason          text not null,                 -- a key of the list
    words           text not null,
    before          jsonb not null,
    after           jsonb not null
);
create index decision_of_case on review_decision (case_guid);
create index decision_of_vehicle on review_decision (vehicle_id);
create index decision_by_time on review_decision (decided_at);

-- Who looked at which vehicle's history, when, and why.
create table history_access (
    id              bigint generated always as identity primary key,
    looked_at       timestamptz not null,
    employee_id     integer not null,
    vehicle_id      bigint not null,
    case_guid       uuid,                          -- the case that gave occasion; null for a look-up
    reason          text not null
);
create index access_of_vehicle on history_access (vehicle_id, looked_at);
create index access_by_time on history_access (looked_at);

-- What was written down stays: not even a fault of the program changes it.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name;
end
$$;

-- The code with which a garage gives its account a password; one at a time.
create table account_code (
    account_id      integer primary key references account,
    code            bytea not null,                -- SHA-256: the code has 80 random bits, which nobody tries out
    sent_by         text not null check (sent_by in ('letter', 'mail')),
    employee_id     integer not null,
    made_at         timestamptz not null,
    valid_until     timestamptz not null
);

-- What employees did to accounts of garages and of one another.
create table administration_log (
    id              bigint generated always as identity primary key,
    done_at         timestamptz not null,
    employee_id     integer not null,
    what            text not null,
    about           text not null
);

create trigger only_added_to before update or delete or truncate on review_decision
    for each statement execute function refuse_change();
create trigger only_added_to before update or delete or truncate on history_access
    for each statement execute function refuse_change();
create trigger only_added_to before update or delete or truncate on administration_log
    for each statement execute function refuse_change();

-- A day's submissions of one garage with one software, counted once and again while the day's cases still move.
create table garage_day (
    day             date not null,
    account_id      integer not null,
    software_id     integer not null,              -- 0: the software did not name itself
    submissions     integer not null,
    processed       integer not null,
    issue           integer not null,
    error           integer not null,
    reviewing       integer not null,
    ongoing         integer not null,
    asked           integer not null,              -- those whose garage was asked: an issue now or in the past
    last_at         timestamptz not null,
    primary key (account_id, day, software_id)
);
create index garage_day_by_day on garage_day (day);
create table counted_day (
    day             date primary key,
    counted_at      timestamptz not null
);

-- The queue, oldest first.
create index case_in_review on observation_case (settled_at, guid) where status = 'REVIEWING';
-- Requests arrive in the order of time, so that a summary of blocks finds those of a day at next to no cost.
create index request_by_time on request using brin (received_at) with (pages_per_range = 32);
create index report_by_time on report (made_at);
