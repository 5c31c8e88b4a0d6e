"""The tables of the book, version by version. A version that was published is never changed; a new one is added."""

from __future__ import annotations

from typing import Final

_FIRST: Final = """
CREATE TABLE reading (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  vin           TEXT,
  plate         TEXT,
  unifier       INTEGER,
  first_use     TEXT,
  reading_date  TEXT NOT NULL,
  km            INTEGER NOT NULL CHECK (km >= 0),
  type          TEXT NOT NULL,
  read_by       TEXT NOT NULL,
  for_sale      INTEGER NOT NULL,
  work_order    TEXT NOT NULL,
  operation     TEXT NOT NULL,
  category      TEXT NOT NULL,
  confirmed_warnings TEXT NOT NULL,
  source        TEXT NOT NULL,
  source_key    TEXT UNIQUE,
  state         TEXT NOT NULL,
  entered_at    TEXT NOT NULL,
  changed_at    TEXT NOT NULL,
  request_guid  TEXT UNIQUE,
  told          TEXT NOT NULL DEFAULT '',
  told_at       TEXT,
  issues        TEXT NOT NULL DEFAULT '[]',
  refusals      TEXT NOT NULL DEFAULT '[]',
  excluded_why  TEXT NOT NULL DEFAULT '',
  superseded_by INTEGER REFERENCES reading,
  report_url    TEXT NOT NULL DEFAULT '',
  no_report     INTEGER NOT NULL DEFAULT 0,
  had_problem   INTEGER NOT NULL DEFAULT 0,
  closed_by_person INTEGER NOT NULL DEFAULT 0,
  confirmed     INTEGER NOT NULL DEFAULT 0,
  CHECK (vin IS NOT NULL OR plate IS NOT NULL)
) STRICT;
CREATE INDEX reading_by_vin ON reading (vin, reading_date);
CREATE INDEX reading_by_plate ON reading (plate, reading_date);
CREATE INDEX reading_by_state ON reading (state);
CREATE INDEX history_request ON reading (number) WHERE type = 'VEHICLE_HISTORY_DOCUMENT';
CREATE INDEX reading_by_work_order ON reading (work_order) WHERE work_order <> '';

CREATE TABLE step (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  reading       INTEGER NOT NULL REFERENCES reading,
  kind          TEXT NOT NULL,
  key           TEXT NOT NULL UNIQUE,
  about_guid    TEXT,
  body          BLOB,
  made_at       TEXT NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  outcome       TEXT NOT NULL DEFAULT '',
  settled_at    TEXT,
  request_guid  TEXT
) STRICT;
CREATE UNIQUE INDEX one_open_step ON step (reading) WHERE outcome = '';
CREATE INDEX step_by_reading ON step (reading);

CREATE TABLE event (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  reading       INTEGER NOT NULL REFERENCES reading,
  at            TEXT NOT NULL,
  kind          TEXT NOT NULL,
  request_guid  TEXT,
  text          TEXT NOT NULL,
  by            TEXT NOT NULL,
  received      TEXT
) STRICT;
CREATE INDEX event_by_reading ON event (reading);

CREATE TABLE report (
  reading       INTEGER PRIMARY KEY REFERENCES reading,
  received_at   TEXT NOT NULL,
  public_url    TEXT NOT NULL,
  language      TEXT NOT NULL,
  pdf           BLOB NOT NULL
) STRICT;

CREATE TABLE work_order (
  number        TEXT PRIMARY KEY,
  vin           TEXT,
  plate         TEXT,
  unifier       INTEGER,
  first_use     TEXT,
  operation     TEXT NOT NULL,
  category      TEXT NOT NULL,
  opened_on     TEXT NOT NULL,
  opened_at     TEXT NOT NULL,
  closed_at     TEXT,
  closing       INTEGER NOT NULL DEFAULT 0,
  excluded_why  TEXT NOT NULL DEFAULT '',
  excluded_by   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX work_order_open ON work_order (opened_at) WHERE closed_at IS NULL;

CREATE TABLE exclusion_rule (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  kind          TEXT NOT NULL,
  value         TEXT NOT NULL,
  active        INTEGER NOT NULL,
  UNIQUE (kind, value)
) STRICT;
-- Outside the law on odometers: vehicles over 3,500 kg, buses, motorcycles, trailers; and what is no work on a vehicle.
INSERT INTO exclusion_rule (kind, value, active) VALUES
  ('operation', 'till_sale', 1),
  ('category', 'truck', 1),
  ('category', 'bus', 1),
  ('category', 'motorcycle', 1),
  ('category', 'trailer', 1),
  ('plate', '', 0);

CREATE TABLE setting (
  name          TEXT PRIMARY KEY,
  value         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE connection (
  only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
  reached_at    TEXT,
  trouble       TEXT NOT NULL,
  detail        TEXT NOT NULL,
  retry_at      TEXT
) STRICT;
INSERT INTO connection (only_row, trouble, detail) VALUES (1, '', '');
"""

#: Each entry leads from the version before it (its place in the list) to the next.
VERSIONS: Final = (_FIRST,)
