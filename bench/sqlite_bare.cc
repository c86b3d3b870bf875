// sqlite_bare: the limit of the store: SQLite alone, inserting the same rows in batches.
//   sqlite_bare --db FILE --batch ROWS --seconds N
// The same table with the same indexes and the same settings as the collector's store; each batch
// is one transaction. The rows are serialized beforehand.
#include <sqlite3.h>

#include "bench/report.h"
#include "bench/sample.h"
#include "collector/store/incident_wire.h"
#include "collector/store/sqlite_store.h"
#include "common/base/text.h"

namespace postwatch::bench {
namespace {

constexpr size_t kRows = 1024;
constexpr const char* kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
    "PRAGMA wal_autocheckpoint=8000; PRAGMA journal_size_limit=67108864;";
constexpr const char* kInsert =
    "INSERT INTO observations(received, agent, target, check_id, outcome, sighting) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

struct Row {
  std::string target, check, blob;
  int outcome;
};

std::vector<Row> MakeRows() {
  std::vector<Row> rows;
  collector::SightingSerializer serializer;
  for (size_t i = 0; i < kRows; ++i) {
    const collector::Sighting sighting = SampleSighting(i, "eu-1", i + 1);
    const Observation& seen = sighting.observation;
    rows.push_back({seen.target, seen.check_id, std::string(serializer.Serialize(sighting)),
                    static_cast<int>(seen.outcome)});
  }
  return rows;
}

class Inserter {
 public:
  explicit Inserter(const std::string& path) {
    Check(sqlite3_open(path.c_str(), &database_));
    Execute(kSettings);
    Check(sqlite3_prepare_v2(database_, kInsert, -1, &insert_, nullptr));
  }
  ~Inserter() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  void InsertBatch(const std::vector<Row>& rows, size_t first, size_t count) {
    Execute("BEGIN IMMEDIATE");
    for (size_t i = first; i < first + count; ++i) Insert(rows[i % rows.size()], received_++);
    Execute("COMMIT");
  }

 private:
  void Check(int code) {
    if (code != SQLITE_OK) Die(Concat("SQLite: ", sqlite3_errmsg(database_)));
  }
  void Execute(const char* sql) { Check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
  void BindText(int index, const std::string& text) {
    sqlite3_bind_text(insert_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void Insert(const Row& row, int64_t received) {
    sqlite3_bind_int64(insert_, 1, received);
    BindText(2, agent_);
    BindText(3, row.target);
    BindText(4, row.check);
    sqlite3_bind_int(insert_, 5, row.outcome);
    sqlite3_bind_blob(insert_, 6, row.blob.data(), static_cast<int>(row.blob.size()),
                      SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Check(sqlite3_errcode(database_));
    sqlite3_reset(insert_);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  const std::string agent_ = "eu-1";
  int64_t received_ = 1'790'000'000'000'000;
};

int Run(int argc, char** argv) {
  const std::string path = Flag(argc, argv, "db", "bench.db");
  const size_t batch = static_cast<size_t>(IntegerFlag(argc, argv, "batch", 512));
  const double seconds = static_cast<double>(IntegerFlag(argc, argv, "seconds", 3));
  // The store makes the tables, so that both have the same ones.
  if (auto made = collector::OpenSqliteStore(path); !made.ok()) Die(made.status().ToString());
  const std::vector<Row> rows = MakeRows();
  Inserter inserter(path);
  const double cpu = CpuSeconds(), start = WallSeconds();
  size_t inserted = 0;
  while (WallSeconds() - start < seconds) {
    inserter.InsertBatch(rows, inserted, batch);
    inserted += batch;
  }
  const double took = WallSeconds() - start;
  Print({{"rate", static_cast<double>(inserted) / took},
         {"row_bytes", static_cast<double>(rows[1].blob.size())},
         {"cpu_us", (CpuSeconds() - cpu) / static_cast<double>(inserted) * 1e6}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
