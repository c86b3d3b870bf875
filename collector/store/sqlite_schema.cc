#include "collector/store/sqlite_schema.h"

namespace postwatch::collector {
namespace {

// Times are microseconds since the epoch; blobs are messages of incident.proto.
//
// Observations have no unique index over their ids: such an index is written at random places and
// costs nine tenths of the insert rate. `spools` does its work: per spool of an agent, the highest
// sequence number stored, updated in the same transaction. The two indexes of observations grow at
// their ends only (of each check, and of time), so that their hot pages stay in memory.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE observations(
  row INTEGER PRIMARY KEY,
  received INTEGER NOT NULL,
  agent TEXT NOT NULL,
  target TEXT NOT NULL,
  check_id TEXT NOT NULL,
  outcome INTEGER NOT NULL,
  sighting BLOB NOT NULL
) STRICT;
CREATE INDEX observations_received ON observations(received);
CREATE INDEX observations_check ON observations(check_id, received);

CREATE TABLE spools(
  agent TEXT NOT NULL,
  spool_id TEXT NOT NULL,
  watermark INTEGER NOT NULL,
  PRIMARY KEY(agent, spool_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents(
  id TEXT PRIMARY KEY NOT NULL,
  resolved INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  incident BLOB NOT NULL
) STRICT;
CREATE INDEX incidents_opened ON incidents(opened);
CREATE INDEX incidents_open ON incidents(opened) WHERE resolved = 0;

CREATE TABLE outbox(
  row INTEGER PRIMARY KEY,
  id TEXT UNIQUE NOT NULL,
  sink TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  tried INTEGER,
  delivered INTEGER,
  error TEXT NOT NULL DEFAULT '',
  alert BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_pending ON outbox(row) WHERE delivered IS NULL;
CREATE INDEX outbox_incident ON outbox(incident_id);
CREATE INDEX outbox_delivered ON outbox(delivered) WHERE delivered IS NOT NULL;

CREATE TABLE agents(
  name TEXT PRIMARY KEY NOT NULL,
  agent BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Join tokens that were used.
constexpr std::string_view kSecond = R"sql(
CREATE TABLE spent_tokens(
  id TEXT PRIMARY KEY NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// What outlasts observations. `hour` is when it begins; summarised.row is the last observation that
// is counted: rows are numbered as they come in.
constexpr std::string_view kThird = R"sql(
CREATE TABLE summaries(
  hour INTEGER NOT NULL,
  target TEXT NOT NULL,
  check_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  summary BLOB NOT NULL,
  PRIMARY KEY(hour, target, check_id, agent)
) STRICT, WITHOUT ROWID;
CREATE INDEX summaries_target ON summaries(target, hour);
CREATE INDEX summaries_check ON summaries(check_id, hour);

CREATE TABLE summarised(
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  row INTEGER NOT NULL
) STRICT;
INSERT INTO summarised VALUES(1, 0);
)sql";

constexpr std::string_view kScripts[] = {kFirst, kSecond, kThird};

}  // namespace

absl::Span<const std::string_view> SqliteSchema() { return kScripts; }

}  // namespace postwatch::collector
