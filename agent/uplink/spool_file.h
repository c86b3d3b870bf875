// SpoolFile: the spool's database: what is asked of it and written to it, one transaction a call.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sqlite/database.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::agent {

// Of one Read; well under gRPC's limit of 4 MiB a message. A single row may be larger.
inline constexpr size_t kMaxSpoolBatchBytes = 1 << 20;

struct SpoolRow {
  uint64_t sequence = 0;
  absl::Time at;
  std::string body;  // as SerializeObservation makes it
};

// What the spool says about itself.
struct SpoolLabel {
  std::string id;
  std::string boot;      // of the machine, when the id was made
  uint64_t dropped = 0;  // observations, since the file was made
  uint64_t last = 0;     // the highest sequence number ever given out
};

struct SpoolSize {
  uint64_t count = 0;
  uint64_t bytes = 0;
};

// Errors are those of common/sqlite; DataLoss means that the file must be given up.
class SpoolFile {
 public:
  static absl::StatusOr<std::unique_ptr<SpoolFile>> Open(const std::string& path);

  // Empty fields in a new file.
  absl::StatusOr<SpoolLabel> ReadLabel();

  // Together or not at all: adds the rows, deletes all up to `forget_through`, and writes the label
  // unless it is null.
  absl::Status Commit(const std::deque<SpoolRow>& rows, uint64_t forget_through,
                      const SpoolLabel* label);

  // Up to `max` rows from this number on, without gaps and at most about
  // kMaxSpoolBatchBytes.
  absl::StatusOr<v1::ObservationBatch> Read(uint64_t from, size_t max);

  // Of the rows after the first number, up to and including the second. Walks them.
  absl::StatusOr<SpoolSize> Measure(uint64_t after, uint64_t through);

  // When the oldest row after this number was made; InfiniteFuture when there is none.
  absl::StatusOr<absl::Time> Oldest(uint64_t after);

  // The number of the last row up to `count` rows after `after`, or of the last one made before
  // `horizon` after it; 0 when there is none.
  absl::StatusOr<uint64_t> LastOf(uint64_t after, int count);
  absl::StatusOr<uint64_t> LastBefore(uint64_t after, absl::Time horizon);

 private:
  explicit SpoolFile(Database database, Statement insert, Statement read, Statement forget,
                     Statement measure, Statement meta)
      : database_(std::move(database)),
        insert_(std::move(insert)),
        read_(std::move(read)),
        forget_(std::move(forget)),
        measure_(std::move(measure)),
        meta_(std::move(meta)) {}

  absl::StatusOr<std::string> Ask(std::string_view sql);
  absl::StatusOr<int64_t> AskNumber(std::string_view sql);
  absl::Status WriteLabel(const SpoolLabel& label);

  Database database_;
  Statement insert_, read_, forget_, measure_, meta_;
};

}  // namespace postwatch::agent
