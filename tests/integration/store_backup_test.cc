// Copies of a store's file, and the way back: while it is written to, and with everything that can
// be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "collector/store/sqlite_backup.h"
#include "collector/store/sqlite_schema.h"
#include "collector/store/sqlite_store.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "tests/contract/store_samples.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Numbers = std::vector<uint64_t>;
using Names = std::vector<std::string>;

class StoreBackupTest : public testing::Test {
 protected:
  static std::unique_ptr<Store> Open(const std::string& path) {
    absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(path);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  static std::vector<Sighting> Large(uint64_t from, uint64_t to) {
    std::vector<Sighting> many;
    for (uint64_t i = from; i <= to; ++i) {
      many.push_back(MakeSighting("a1", i));
      many.back().observation.evidence.transcript = {std::string(250, 'x')};
    }
    return many;
  }
  absl::Status BackUp() {
    return BackUpSqlite(path, copy, [this](std::string_view line) {
      told.emplace_back(line);
      if (on_line) on_line();
    });
  }
  absl::Status Restore(bool move_aside = false) {
    const RestoreOptions options{.move_aside = move_aside, .now = ContractTime()};
    return RestoreSqlite(path, copy, options,
                         [this](std::string_view line) { told.emplace_back(line); });
  }
  // The names of the files there are, without the lock's.
  Names Files() const {
    Names names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().extension() != ".lock") names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }
  static void Damage(const std::string& file, size_t at) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(at));
    out << std::string(2000, '\xa5');
  }

  const TestFolder folder;
  const std::string path = folder / "c.db";
  const std::string copy = folder / "copy";
  const std::string aside = "c.db.before-20231114T221320Z";
  Names told;
  std::function<void()> on_line;
};

TEST_F(StoreBackupTest, IsWholeAlthoughTheCollectorWritesMeanwhile) {
  const std::unique_ptr<Store> store = Open(path);
  ASSERT_TRUE(store->Append(Large(1, 8000)).ok());
  uint64_t next = 8001;
  on_line = [&] { ASSERT_TRUE(store->Append(Large(next, next)).ok() && ++next); };
  ASSERT_EQ(BackUp(), absl::OkStatus());
  EXPECT_GT(next, 8005u);
  EXPECT_GT(told.size(), 4u);
  EXPECT_THAT(told, Contains(HasSubstr("copied 100% of ")));
  EXPECT_EQ(told.back(), "checking the copy");
  EXPECT_EQ(Files(), Names({"c.db", "c.db-shm", "c.db-wal", "copy"}));
  struct stat about = {};
  ASSERT_EQ(::stat(copy.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  const std::unique_ptr<Store> copied = Open(copy);
  EXPECT_EQ(copied->Watermark("a1", "spool-1").value(), 8000u);
  EXPECT_EQ(Sequences(copied->Observations({.limit = 2})), Numbers({8000, 7999}));
}

TEST_F(StoreBackupTest, OverwritesNothing) {
  Open(path);
  std::ofstream(copy) << "precious";
  EXPECT_EQ(BackUp().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(std::filesystem::file_size(copy), 8u);
  EXPECT_EQ(Files(), Names({"c.db", "copy"}));
}

TEST_F(StoreBackupTest, WhatDoesNotComeOffLeavesNothing) {
  EXPECT_EQ(BackUp().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(BackUpSqlite(":memory:", copy, [](std::string_view) {}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Files(), Names());
  ASSERT_TRUE(Open(path)->Append(Large(1, 2000)).ok());
  {
    const FileSizeLimit full(200 << 10);
    EXPECT_FALSE(BackUp().ok());
  }
  EXPECT_EQ(Files(), Names({"c.db", "c.db-shm", "c.db-wal"}));
  EXPECT_EQ(BackUpSqlite(path, folder / "no/such", [](std::string_view) {}).code(),
            absl::StatusCode::kNotFound);
  Damage(path, std::filesystem::file_size(path) / 2);
  const absl::Status corrupt = BackUp();
  EXPECT_EQ(corrupt.code(), absl::StatusCode::kDataLoss) << corrupt;
  EXPECT_EQ(std::filesystem::exists(copy), false);
}

TEST_F(StoreBackupTest, TakesOverWhatADeadOneLeftAndNotWhatALiveOneWrites) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  std::ofstream(copy + ".tmp") << "half of someth";
  const int other = ::open((copy + ".tmp").c_str(), O_RDWR);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_EQ(BackUp().code(), absl::StatusCode::kFailedPrecondition);
  ::close(other);
  EXPECT_EQ(BackUp(), absl::OkStatus());
  EXPECT_EQ(Sequences(Open(copy)->Observations({})), Numbers({1}));
}

TEST_F(StoreBackupTest, WritesToNoFileThatHasAnotherNameToo) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  std::ofstream(folder / "mine") << "precious";
  std::filesystem::create_hard_link(folder / "mine", copy + ".tmp");
  ASSERT_EQ(BackUp(), absl::OkStatus());
  EXPECT_EQ(std::filesystem::file_size(folder / "mine"), 8u);
  EXPECT_EQ(Sequences(Open(copy)->Observations({})), Numbers({1}));
  std::filesystem::create_symlink(folder / "mine", folder / "other.tmp");
  EXPECT_FALSE(BackUpSqlite(path, folder / "other", [](std::string_view) {}).ok());
  EXPECT_EQ(std::filesystem::file_size(folder / "mine"), 8u);
}

TEST_F(StoreBackupTest, ARestoredStoreGoesOnWhereItWasCopied) {
  const Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  {
    const std::unique_ptr<Store> store = Open(path);
    ASSERT_TRUE(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)}).ok());
    ASSERT_TRUE(store
                    ->Commit({{incident},
                              {MakeDelivery("al-1", "mail", incident),
                               MakeDelivery("al-2", "mail", incident)}})
                    .ok());
    ASSERT_TRUE(store->RecordDelivery("al-1/mail", true, ContractTime(), ContractTime(), "").ok());
    ASSERT_EQ(BackUp(), absl::OkStatus());
    ASSERT_TRUE(store->Append({MakeSighting("a1", 3)}).ok());
  }
  std::filesystem::remove(path);
  ASSERT_EQ(Restore(), absl::OkStatus());
  EXPECT_EQ(Files(), Names({"c.db", "copy"}));
  const std::unique_ptr<Store> store = Open(path);
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 2u);
  EXPECT_EQ(Ids(store->Incidents({.open_only = true})), Names({incident.id}));
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names({"al-2/mail"}));
  EXPECT_EQ(store->LastAlerts().value().front().id, "al-2");
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 4)})), Numbers({4}));
}

TEST_F(StoreBackupTest, NothingIsRestoredUnderARunningCollector) {
  const std::unique_ptr<Store> store = Open(path);
  ASSERT_EQ(BackUp(), absl::OkStatus());
  const absl::Status refused = Restore(/*move_aside=*/true);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(FromAbsl(refused.message())),
              HasSubstr(Concat("process ", ::getpid(), " has it")));
}

TEST_F(StoreBackupTest, AStoreThatKnowsSomethingIsMovedAsideWhenThatIsSaid) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 2)}).ok());
  const absl::Status refused = Restore();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(FromAbsl(refused.message())), HasSubstr("add --store.move-aside"));
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 2u);
  ASSERT_EQ(Restore(/*move_aside=*/true), absl::OkStatus());
  EXPECT_EQ(told.back(), Concat("the store that was there is now ", folder / aside));
  EXPECT_EQ(Files(), Names({"c.db", aside, "copy"}));
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 1u);
  EXPECT_EQ(Open(folder / aside)->Watermark("a1", "spool-1").value(), 2u);
}

TEST_F(StoreBackupTest, AnEmptyStoreIsInNobodysWay) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  std::filesystem::remove(path);
  Open(path);
  ASSERT_EQ(Restore(), absl::OkStatus());
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 1u);
}

TEST_F(StoreBackupTest, ACorruptStoreIsKeptWithAllItsFiles) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  std::ofstream(path) << std::string(8192, 'x');
  std::ofstream(path + "-wal") << "of the other one";
  EXPECT_EQ(Restore().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(Restore(/*move_aside=*/true), absl::OkStatus());
  EXPECT_EQ(Files(), Names({"c.db", aside, aside + "-shm", aside + "-wal", "copy"}));
  EXPECT_EQ(Sequences(Open(path)->Observations({})), Numbers({1}));
}

TEST_F(StoreBackupTest, AWalFileThatWasLeftBehindIsNotTakenForTheNewOnes) {
  ASSERT_TRUE(Open(path)->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  {
    const std::unique_ptr<Store> store = Open(path);
    ASSERT_TRUE(store->Append({MakeSighting("a1", 2)}).ok());
    std::filesystem::copy_file(path + "-wal", folder / "wal");
  }
  std::filesystem::remove(path);
  std::filesystem::rename(folder / "wal", path + "-wal");
  ASSERT_EQ(Restore(), absl::OkStatus());
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 1u);
}

TEST_F(StoreBackupTest, ABadCopyIsNotPutInPlace) {
  ASSERT_TRUE(Open(path)->Append(Large(1, 500)).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  const auto size = std::filesystem::file_size(copy);
  const auto refused = [&](absl::StatusCode code, std::string_view words) {
    const absl::Status status = Restore(/*move_aside=*/true);
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(FromAbsl(status.message())), HasSubstr(std::string(words)));
    EXPECT_FALSE(std::filesystem::exists(path + ".restoring"));
    EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 500u);
  };
  std::filesystem::copy_file(copy, folder / "good");
  Damage(copy, size / 2);
  refused(absl::StatusCode::kDataLoss, copy);
  std::filesystem::copy_file(folder / "good", copy,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(copy, size / 2);
  refused(absl::StatusCode::kDataLoss, copy);
  std::ofstream(copy) << "no database at all, whatever its name says";
  refused(absl::StatusCode::kDataLoss, copy);
  std::filesystem::remove(copy);
  refused(absl::StatusCode::kNotFound, Concat("there is no file ", copy));
  ASSERT_TRUE(Database::Open(copy)->Execute("CREATE TABLE spool(v); PRAGMA user_version=1").ok());
  refused(absl::StatusCode::kInvalidArgument, "not a collector's store");
  std::filesystem::remove(copy);
  std::filesystem::copy_file(folder / "good", copy);
  ASSERT_TRUE(Database::Open(copy, {.wal = false})->Execute("PRAGMA user_version=99").ok());
  refused(absl::StatusCode::kFailedPrecondition, "has schema version 99, this program knows up to");
}

TEST_F(StoreBackupTest, ACopyOfAnOlderVersionIsBroughtUpToDateByTheCollector) {
  {
    absl::StatusOr<Database> old = Database::Open(copy);
    ASSERT_TRUE(Migrate(*old, SqliteSchema().subspan(0, 1)).ok());
    ASSERT_TRUE(old->Execute("INSERT INTO spools VALUES('a1', 'spool-1', 7)").ok());
  }
  ASSERT_EQ(Restore(), absl::OkStatus());
  const std::unique_ptr<Store> store = Open(path);
  EXPECT_EQ(store->Watermark("a1", "spool-1").value(), 7u);
  EXPECT_TRUE(store->SpendToken("t", ContractTime()).value());
}

TEST_F(StoreBackupTest, ALinkLeadsToTheStoreAndStays) {
  std::filesystem::create_directory(folder / "disk");
  const std::string real = folder / "disk/c.db";
  std::filesystem::create_symlink(real, path);
  ASSERT_TRUE(Open(real)->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_EQ(BackUp(), absl::OkStatus());
  ASSERT_EQ(Restore(/*move_aside=*/true), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  EXPECT_TRUE(std::filesystem::exists(folder / ("disk/" + aside)));
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 1u);
}

// The program's flags, with this process in the place of a collector.
TEST_F(StoreBackupTest, TheProgramCopiesAndPutsBack) {
  std::ofstream(folder / "c.yaml") << "tls: {ca: a, cert: b, key: c}\n"
                                      "targets: [{domain: example.com}]\nstore: sqlite:"
                                   << path << "\n";
  std::string said;
  const auto run = [&](const std::string& flags) {
    const std::string out = folder / "out";
    const int status = std::system(Concat(POSTWATCH_BIN, "/postwatch-collector --config.file ",
                                          folder / "c.yaml", " ", flags, " >", out, " 2>&1")
                                       .c_str());
    std::ifstream in(out);
    said.assign(std::istreambuf_iterator<char>(in), {});
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  {
    const std::unique_ptr<Store> store = Open(path);
    ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
    ASSERT_EQ(run(Concat("--store.backup ", copy)), 0) << said;
    EXPECT_THAT(said, HasSubstr(Concat("checking the copy\n", copy, ": a whole copy of sqlite:")));
    EXPECT_EQ(run(Concat("--store.backup ", copy)), 1);
    EXPECT_THAT(said, HasSubstr(Concat("back up the store: ", copy, " is there already")));
    EXPECT_EQ(run(Concat("--store.restore ", copy, " --store.move-aside")), 1);
    EXPECT_THAT(said, HasSubstr(Concat("process ", ::getpid(), " has it")));
    ASSERT_TRUE(store->Append({MakeSighting("a1", 2)}).ok());
  }
  EXPECT_EQ(run(Concat("--store.restore ", copy)), 1);
  EXPECT_THAT(said, HasSubstr("add --store.move-aside"));
  ASSERT_EQ(run(Concat("--store.restore ", copy, " --store.move-aside")), 0) << said;
  EXPECT_THAT(said, HasSubstr("the store that was there is now "));
  EXPECT_EQ(Open(path)->Watermark("a1", "spool-1").value(), 1u);
  EXPECT_EQ(run("--store.backup a --store.restore b"), 64);
}

}  // namespace
}  // namespace postwatch::collector
