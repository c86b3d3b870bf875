// The spool, the ledger and the last assignment as files: over restarts, when they are corrupt, and
// when the disk is full.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/assignment_file.h"
#include "agent/probes/sqlite_ledger.h"
#include "agent/schedule_file.h"
#include "agent/uplink/spool.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"
#include "tests/support/fake_clock.h"
#include "tests/support/file_size_limit.h"

namespace postwatch::agent {
namespace {

class SpoolFileTest : public testing::Test {
 protected:
  SpoolFileTest() : path_(testing::TempDir() + "spool-" + RandomId()) {}
  ~SpoolFileTest() override {
    for (const char* part : {"", "-wal", "-shm", ".corrupt", ".corrupt-wal", ".corrupt-shm"}) {
      std::filesystem::remove(path_ + part);
    }
  }
  std::unique_ptr<Spool> Open(const std::string& boot_id = "boot") {
    SpoolOptions options;
    options.machine_boot_id = boot_id;
    absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(path_, options, clock_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }
  static Observation MakeObservation() {
    Observation o;
    o.id = RandomId();
    o.check_id = "c";
    o.kind = "k";
    return o;
  }

  static Observation Big() {
    Observation o = MakeObservation();
    for (int i = 0; i < 16; ++i) o.evidence.facts[Concat(i)] = std::string(512, 'x');
    return o;
  }
  static size_t Lines(std::string_view log, std::string_view part) {
    size_t count = 0;
    for (const std::string_view line : Split(log, '\n')) count += line.find(part) != line.npos;
    return count;
  }

  const std::string path_;
  FakeClock clock_;
};

TEST_F(SpoolFileTest, KeepsIdNumbersAndCountersOverARestart) {
  std::string id;
  {
    const auto spool = Open();
    id = spool->id();
    ASSERT_TRUE(spool->Append({MakeObservation(), MakeObservation(), MakeObservation()}).ok());
    ASSERT_TRUE(spool->Refuse(1).ok());
    ASSERT_TRUE(spool->Forget(2).ok());
  }
  const auto spool = Open();
  EXPECT_EQ(spool->id(), id);
  EXPECT_EQ(spool->count(), 1u);
  EXPECT_EQ(spool->dropped(), 1u);
  EXPECT_EQ(spool->last_sequence(), 3u);
  EXPECT_GT(spool->bytes(), 0u);
  EXPECT_EQ(*spool->Append({MakeObservation()}), 4u);
}

TEST_F(SpoolFileTest, AnEmptiedSpoolGoesOnCounting) {
  {
    const auto spool = Open();
    ASSERT_TRUE(spool->Append({MakeObservation(), MakeObservation()}).ok());
    ASSERT_TRUE(spool->Forget(2).ok());
  }
  EXPECT_EQ(*Open()->Append({MakeObservation()}), 3u);
}

TEST_F(SpoolFileTest, ANewBootOfTheMachineMeansANewId) {
  const std::string id = Open("one")->id();
  EXPECT_EQ(Open("one")->id(), id);
  EXPECT_NE(Open("two")->id(), id);
}

TEST_F(SpoolFileTest, ACorruptFileIsSetAside) {
  std::string id;
  {
    const auto spool = Open();
    id = spool->id();
    ASSERT_TRUE(spool->Append({MakeObservation()}).ok());
  }
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  const auto spool = Open();
  EXPECT_TRUE(std::filesystem::exists(path_ + ".corrupt"));
  EXPECT_NE(spool->id(), id);
  EXPECT_EQ(spool->count(), 0u);
  EXPECT_EQ(*spool->Append({MakeObservation()}), 1u);
}

TEST_F(SpoolFileTest, TheLastAssignmentIsKeptAsAWhole) {
  EXPECT_TRUE(absl::IsNotFound(LoadAssignment(path_).status()));
  v1::Assignment assignment;
  assignment.set_version(7);
  assignment.add_checks()->set_id("c");
  ASSERT_TRUE(SaveAssignment(path_, assignment).ok());
  assignment.set_version(8);
  ASSERT_TRUE(SaveAssignment(path_, assignment).ok());
  EXPECT_EQ(LoadAssignment(path_)->version(), 8u);
  EXPECT_EQ(LoadAssignment(path_)->checks(0).id(), "c");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << "\xff\xff";
  EXPECT_TRUE(absl::IsDataLoss(LoadAssignment(path_).status()));
  EXPECT_FALSE(SaveAssignment(path_ + "/no/such/folder", assignment).ok());
}

TEST_F(SpoolFileTest, TheScheduleIsLeftForOneProcessOfTheSameBoot) {
  ScheduleState state;
  state.share = {.agents = 3, .position = 2};
  state.checks = {
      {"c", absl::Minutes(1), absl::Nanoseconds(1'000'000'007), absl::Seconds(61)},
      {"d", absl::Minutes(5), absl::Seconds(-3), absl::Seconds(9), absl::Hours(2), true, 2, 1}};
  state.requests = {{"c", "run-1"}};
  EXPECT_TRUE(absl::IsNotFound(TakeSchedule(path_, "boot").status()));
  ASSERT_TRUE(SaveSchedule(path_, "boot", state).ok());
  const auto taken = TakeSchedule(path_, "boot");
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(*taken, state);
  EXPECT_TRUE(absl::IsNotFound(TakeSchedule(path_, "boot").status()));
  ASSERT_TRUE(SaveSchedule(path_, "boot", state).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(TakeSchedule(path_, "another").status()));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << "\xff\xff";
  EXPECT_TRUE(absl::IsDataLoss(TakeSchedule(path_, "boot").status()));
}

TEST(ScheduleFileTest, AfterAnOrderlyStopNothingIsHeldBack) {
  ScheduleState state;
  state.checks = {
      {"c", absl::Minutes(1), absl::Seconds(1), absl::Seconds(61), absl::Seconds(20)},
      {"held", absl::Minutes(1), absl::Seconds(1), absl::Seconds(61), absl::Seconds(99)},
      {"once", absl::Minutes(1), absl::Seconds(1), absl::Seconds(61), absl::Seconds(20), false, 1}};
  state.requests = {{"c", "run-1"}};
  const ScheduleState left = WithoutRestraint(state, absl::Seconds(50));
  ASSERT_EQ(left.checks.size(), 1u);
  EXPECT_EQ(left.checks[0].check_id, "c");
  EXPECT_TRUE(left.requests.empty());
}

constexpr rlim_t kFullAt = 96 << 10;  // above what an open spool has written already

TEST_F(SpoolFileTest, OnAFullDiskWhatIsSeenIsHeldInMemoryAndReadFromThere) {
  const auto spool = Open();
  const std::string id = spool->id();
  uint64_t last = 0;
  uint64_t on_disk = 0;
  testing::internal::CaptureStderr();
  {
    const FileSizeLimit full(kFullAt);
    for (; last < 200; ++last) {
      ASSERT_EQ(*spool->Append({Big()}), last + 1);
      if (spool->disk().ok()) ++on_disk;
    }
    EXPECT_FALSE(spool->disk().ok());
    EXPECT_GT(on_disk, 0u);
    EXPECT_EQ(spool->held(), 200 - on_disk);
    EXPECT_EQ(spool->count(), 200u);
    EXPECT_EQ(spool->lost(), 0u);
    // All of them can be sent, in order and without a gap.
    uint64_t next = 1;
    while (next <= 200) {
      const auto batch = spool->Read(next, 64);
      ASSERT_TRUE(batch.ok() && batch->observations_size() > 0) << batch.status();
      ASSERT_EQ(batch->first_sequence(), next);
      next += static_cast<uint64_t>(batch->observations_size());
    }
    // And forgotten, though the file cannot be changed.
    ASSERT_TRUE(spool->Forget(150).ok());
    EXPECT_EQ(spool->count(), 50u);
    EXPECT_EQ(spool->Read(1, 64)->first_sequence(), 151u);
    ASSERT_TRUE(spool->Expire().ok());
    EXPECT_FALSE(spool->disk().ok());
  }
  ASSERT_TRUE(spool->Expire().ok());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(spool->disk().ok()) << spool->disk();
  EXPECT_EQ(spool->held(), 0u);
  EXPECT_EQ(spool->count(), 50u);
  EXPECT_EQ(spool->id(), id);
  EXPECT_EQ(spool->dropped(), 0u);
  EXPECT_EQ(Lines(log, "the spool cannot be written"), 1u) << log;
  EXPECT_EQ(Lines(log, "the spool can be written again"), 1u) << log;
  EXPECT_EQ(Lines(log, "lost:"), 0u) << log;
}

TEST_F(SpoolFileTest, WhatWasHeldIsOnDiskOnceThereIsRoom) {
  {
    const auto spool = Open();
    {
      const FileSizeLimit full(kFullAt);
      for (int i = 0; i < 40; ++i) ASSERT_TRUE(spool->Append({Big()}).ok());
      ASSERT_GT(spool->held(), 0u);
      ASSERT_TRUE(spool->Forget(40).ok());
    }
    ASSERT_TRUE(spool->Expire().ok());
    ASSERT_TRUE(spool->disk().ok());
  }
  const auto spool = Open();
  EXPECT_EQ(spool->count(), 0u);
  EXPECT_EQ(spool->last_sequence(), 40u) << "numbers the collector knows are not given out again";
  EXPECT_EQ(*spool->Append({MakeObservation()}), 41u);
}

TEST_F(SpoolFileTest, WhenMemoryIsFullTooLossesAreCountedAndLoggedOnceAMinute) {
  SpoolOptions options;
  options.machine_boot_id = "boot";
  options.max_held_bytes = 64 << 10;
  const auto spool = *Spool::Open(path_, options, clock_);
  testing::internal::CaptureStderr();
  uint64_t on_disk = 0;
  {
    const FileSizeLimit full(kFullAt);
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(spool->Append({Big()}).ok());
      if (spool->disk().ok()) ++on_disk;
      clock_.Advance(absl::Milliseconds(500));
    }
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_GT(spool->lost(), 200u);
  EXPECT_EQ(on_disk + spool->held() + spool->lost(), 300u);
  EXPECT_EQ(spool->dropped(), spool->lost());
  EXPECT_GT(spool->held(), 0u);
  EXPECT_LT(spool->held(), 9u);                               // of 8 KiB each
  EXPECT_EQ(Lines(log, "observations are lost"), 3u) << log;  // 150 s
  EXPECT_EQ(Lines(log, "the spool cannot be written"), 1u) << log;
}

class LedgerFileTest : public SpoolFileTest {
 protected:
  std::unique_ptr<Ledger> OpenLedger() {
    absl::StatusOr<std::unique_ptr<Ledger>> ledger = OpenSqliteLedger(path_, clock_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return *std::move(ledger);
  }
  LedgerEntry Entry(std::string id) { return {std::move(id), "o", "c", "r", clock_.Now(), false}; }
  // Beyond the first page, so that the file still opens.
  void DamagePages() const {
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_));
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096);
    file << std::string(static_cast<size_t>(size - 4096), '\xee');
  }
};

TEST_F(LedgerFileTest, NotesOutliveARestart) {
  ASSERT_TRUE(OpenLedger()->Keep("c", "k", "a note").ok());
  EXPECT_EQ(*OpenLedger()->Recall("c", "k"), "a note");
  DamagePages();
  const auto damaged = OpenLedger();
  EXPECT_EQ(*damaged->Recall("c", "k"), "");
  ASSERT_TRUE(damaged->Keep("c", "k", "another").ok());
  EXPECT_EQ(*OpenLedger()->Recall("c", "k"), "another");
}

// A ledger of before there were notes.
TEST_F(LedgerFileTest, AnOlderFileIsTakenUp) {
  ASSERT_TRUE(OpenLedger()->Sent(Entry("p1")).ok());
  {
    absl::StatusOr<Database> database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->Execute("DROP TABLE notes; PRAGMA user_version = 2;").ok());
  }
  const auto ledger = OpenLedger();
  EXPECT_TRUE(ledger->Find("p1")->has_value());
  ASSERT_TRUE(ledger->Keep("c", "k", "a note").ok());
  EXPECT_EQ(*ledger->Recall("c", "k"), "a note");
}

TEST_F(LedgerFileTest, ACorruptFileIsSetAsideAndANewOneBegun) {
  std::ofstream(path_, std::ios::binary) << std::string(8192, 'x');
  testing::internal::CaptureStderr();
  const auto ledger = OpenLedger();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Lines(log, "the ledger is corrupt; it is set aside and a new one is begun"), 1u) << log;
  EXPECT_EQ(Lines(log, path_ + ".corrupt"), 1u) << log;
  EXPECT_EQ(std::filesystem::file_size(path_ + ".corrupt"), 8192u);
  ASSERT_TRUE(ledger->Sent(Entry("p1")).ok());
  EXPECT_TRUE(ledger->Find("p1")->has_value());
}

TEST_F(LedgerFileTest, DamageFoundLaterIsNoEndEither) {
  {
    const auto ledger = OpenLedger();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(ledger->Sent(Entry(Concat("letter-", i))).ok());
  }
  const auto ledger = [this] {
    DamagePages();
    return OpenLedger();
  }();
  EXPECT_TRUE(ledger->InFlight("c")->empty());
  EXPECT_TRUE(std::filesystem::exists(path_ + ".corrupt"));
  ASSERT_TRUE(ledger->Sent(Entry("p1")).ok());
  EXPECT_TRUE(ledger->Find("p1")->has_value());
}

TEST_F(LedgerFileTest, WhatIsNotCorruptIsNotSetAside) {
  const absl::Status status = OpenSqliteLedger(path_ + "/no/such", clock_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(FromAbsl(status.message()).starts_with("ledger: ")) << status;
  EXPECT_FALSE(std::filesystem::exists(path_ + ".corrupt"));
}

}  // namespace
}  // namespace postwatch::agent
