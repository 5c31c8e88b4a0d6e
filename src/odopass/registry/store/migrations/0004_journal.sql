-- The journal: everything that changed data, in entries that are only ever added, sealed into a Merkle tree.
--
-- It has a schema of its own because the owner of a schema can drop what is in it. Whoever applies the migrations owns
-- it at first; `guard` (registry/journal/guarding.py) then gives it to a role that nobody logs in as, and leaves the
-- service the right to read and to insert. Later migrations leave these tables alone, or are applied by that owner.

create schema journal;

create table journal.entry (
    batch           bigint not null,               -- what one transaction appended at once; see journal.unsealed
    place           integer not null,              -- within the batch, from 0
    at              timestamptz not null default now(),
    kind            text not null,                 -- what happened: observation.settled, account.reset …
    about           text not null,                 -- a case, an establishment number, a VIN, a user name
    content         text not null,                 -- JSON, kept byte for byte: it is hashed
    public          text not null,                 -- JSON: the part that a proof shows
    salt            bytea not null,                -- random; keeps the withheld part from being guessed
    primary key (batch, place)
);
create index entry_about on journal.entry using hash (about);

-- Batches that no seal covers yet: the one table here of which rows are deleted, by whoever seals them.
create table journal.unsealed (
    batch           bigint generated always as identity primary key
);

-- Where a sealed batch's entries are in the tree.
create table journal.sealed (
    batch           bigint primary key,            -- a batch is sealed once
    seal            bigint not null,
    first_leaf      bigint not null unique,        -- counted from 0
    leaf_hashes     bytea not null                 -- 32 bytes for each entry, in their order
);
create index sealed_by on journal.sealed (seal, first_leaf);

-- Roots of complete subtrees of 2^8, 2^16, 2^24 … leaves, so that neither a seal nor a proof reads the whole tree.
create table journal.node (
    level           smallint not null,             -- 8, 16, 24 …
    place           bigint not null,               -- the subtree's leaves begin at place * 2^level
    hash            bytea not null,
    primary key (level, place)
);

-- The tree as it was every few seconds, each seal holding the hash of the one before.
create table journal.seal (
    number          bigint primary key,            -- from 1, without gaps
    tree_size       bigint not null unique,        -- leaves
    root_hash       bytea not null,
    sealed_at       timestamptz not null,
    previous_hash   bytea not null,                -- 32 zero bytes for the first
    hash            bytea not null                 -- of all of the above; see registry/journal/seals.py
);

-- The first entry says what was there before: readings up to this arrival have no entries.
with batch as (insert into journal.unsealed default values returning batch)
insert into journal.entry (batch, place, kind, about, content, public, salt)
select batch.batch, 0, 'journal.begun', 'journal',
    '{"up_to_arrival":' || case when arrival.is_called then arrival.last_value else 0 end || '}',
    '{}', uuid_send(gen_random_uuid())
from batch, arrival;
