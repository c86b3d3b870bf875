// PostgresAppend: how observations get into PostgreSQL: which are new, by COPY, with their
// watermarks, each stored once even when the answer to a commit was lost.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "collector/model/sighting.h"
#include "collector/store/incident_wire.h"
#include "common/postgres/connection.h"

namespace postwatch::collector {

// Text as PostgreSQL takes it: UTF-8 without NUL bytes.
std::string StoredText(std::string_view text);

class PostgresAppend {
 public:
  // `last_words` end every transaction (see PostgresTransaction::Commit), and name the lease's
  // epoch. With another connection or another epoch, what is known of the database is void.
  struct Session {
    uint64_t connections = 0;
    std::string last_words;
    bool operator==(const Session&) const = default;
  };

  // Stores what is new of `batches` in one transaction. `is_new` says of each sighting, all batches
  // one after the other, whether it was. After an error nothing was stored; or, if the connection
  // was lost, perhaps all of it: then those sightings are new once more when they come again.
  absl::Status AppendAll(PostgresConnection& connection, const Session& session,
                         absl::Span<const std::vector<Sighting>> batches,
                         std::vector<bool>& is_new);

  // The watermark to tell an agent: the stored one, or below those that are to come again.
  absl::StatusOr<uint64_t> Watermark(PostgresConnection& connection, const std::string& agent,
                                     const std::string& spool_id);

  // Tables of days may have gone.
  void ForgetDays() { days_.clear(); }

 private:
  using SpoolKey = std::pair<std::string, std::string>;          // agent, spool_id
  using Place = std::tuple<std::string, std::string, uint64_t>;  // and sequence

  // One append, decided before anything is written.
  struct Plan {
    std::map<SpoolKey, uint64_t> marks;  // as they are to be
    std::vector<const Sighting*> rows;
    std::vector<Place> places;  // of rows
    std::set<Place> again;      // stored by a commit whose answer was lost
    std::vector<bool> is_new;
  };
  // A transaction that was committed, or not: the connection was lost meanwhile.
  struct Unsettled {
    std::string transaction;
    std::vector<Place> places;
  };

  absl::Status Settle(PostgresConnection& connection);
  absl::Status MakePlan(PostgresConnection& connection,
                        absl::Span<const std::vector<Sighting>> batches, Plan& plan);
  absl::StatusOr<uint64_t> ReadMark(PostgresConnection& connection, const SpoolKey& spool);
  absl::Status MakeDays(PostgresConnection& connection, const Plan& plan);
  absl::Status Write(PostgresConnection& connection, const Plan& plan);
  absl::Status Copy(PostgresConnection& connection, const Plan& plan);

  Session session_;
  std::map<SpoolKey, uint64_t> marks_;  // as they are stored
  std::set<absl::CivilDay> days_;       // whose tables are there
  absl::CivilDay ahead_;                // the last day that was to be made ahead
  std::vector<Unsettled> unsettled_;
  std::set<Place> stored_unheard_;  // stored, but nobody has been told that they were new
  SightingSerializer serializer_;
};

}  // namespace postwatch::collector
