#include "collector/store/postgres_schema.h"

namespace postwatch::collector {
namespace {

// The same tables as SqliteSchema has, for the same reasons; what is not:
//
// observations is cut by day (ObservationDays), so that forgetting a day is dropping a table.
// lease has one row. A transaction of a holder ends with check_lease, which locks that row until
// the transaction has committed: no later epoch begins in between. PW001 is kRefusedState.
constexpr std::string_view kFirst = R"sql(
CREATE SEQUENCE observations_place CACHE 64;
CREATE TABLE observations(
  place bigint NOT NULL DEFAULT nextval('observations_place'),
  received timestamptz NOT NULL,
  agent text NOT NULL,
  target text NOT NULL,
  check_id text NOT NULL,
  outcome smallint NOT NULL,
  sighting bytea NOT NULL
) PARTITION BY RANGE (received);
CREATE INDEX observations_received ON observations(received);
CREATE INDEX observations_check ON observations(check_id, received);

CREATE TABLE spools(
  agent text NOT NULL,
  spool_id text NOT NULL,
  watermark bigint NOT NULL,
  PRIMARY KEY(agent, spool_id)
);

CREATE TABLE incidents(
  place bigint GENERATED ALWAYS AS IDENTITY,
  id text PRIMARY KEY,
  resolved boolean NOT NULL,
  opened timestamptz NOT NULL,
  incident bytea NOT NULL
);
CREATE INDEX incidents_opened ON incidents(opened);
CREATE INDEX incidents_open ON incidents(opened) WHERE NOT resolved;

CREATE TABLE outbox(
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text UNIQUE NOT NULL,
  sink text NOT NULL,
  incident_id text NOT NULL,
  attempts integer NOT NULL,
  due timestamptz NOT NULL,
  tried timestamptz,
  delivered timestamptz,
  error text NOT NULL DEFAULT '',
  alert bytea NOT NULL
);
CREATE INDEX outbox_pending ON outbox(place) WHERE delivered IS NULL;
CREATE INDEX outbox_incident ON outbox(incident_id);
CREATE INDEX outbox_delivered ON outbox(delivered) WHERE delivered IS NOT NULL;

CREATE TABLE agents(
  name text PRIMARY KEY,
  agent bytea NOT NULL
);

CREATE TABLE spent_tokens(
  id text PRIMARY KEY,
  expires timestamptz NOT NULL
);

CREATE TABLE lease(
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  holder text NOT NULL DEFAULT '',
  epoch bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL DEFAULT 'epoch'
);
INSERT INTO lease DEFAULT VALUES;

CREATE FUNCTION check_lease(claimed bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM lease WHERE epoch = claimed FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another collector holds the lease' USING ERRCODE = 'PW001';
  END IF;
END
$$;
)sql";

// What outlasts observations. summarised.place is the last observation that is counted: one
// collector writes at a time, so places grow from commit to commit (PostgresAppend).
constexpr std::string_view kSecond = R"sql(
CREATE TABLE summaries(
  hour timestamptz NOT NULL,
  target text NOT NULL,
  check_id text NOT NULL,
  agent text NOT NULL,
  summary bytea NOT NULL,
  PRIMARY KEY(hour, target, check_id, agent)
);
CREATE INDEX summaries_target ON summaries(target, hour);
CREATE INDEX summaries_check ON summaries(check_id, hour);

CREATE INDEX observations_by_place ON observations(place);
CREATE TABLE summarised(
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  place bigint NOT NULL DEFAULT 0
);
INSERT INTO summarised DEFAULT VALUES;
)sql";

constexpr std::string_view kScripts[] = {kFirst, kSecond};

}  // namespace

absl::Span<const std::string_view> PostgresSchema() { return kScripts; }

}  // namespace postwatch::collector
