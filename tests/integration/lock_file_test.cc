// One process at a time: the lock is refused with a name, and no end of its holder leaves it
// behind.
#include "common/base/lock_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

class LockFileTest : public testing::Test {
 protected:
  ~LockFileTest() override { std::filesystem::remove(path_); }

  std::string Content() const {
    std::ifstream in(path_);
    std::string line;
    std::getline(in, line);
    return line;
  }

  // A process that holds the lock until it is killed; returns when it has it.
  pid_t StartHolder() const {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const absl::StatusOr<LockFile> lock = LockFile::Take(path_);
      const char word = lock.ok() ? 'y' : 'n';
      if (::write(ready[1], &word, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    ::close(ready[1]);
    char word = 0;
    EXPECT_EQ(::read(ready[0], &word, 1), 1);
    EXPECT_EQ(word, 'y');
    ::close(ready[0]);
    return child;
  }

  const std::string path_ = Concat(testing::TempDir(), "lock-", RandomId());
};

TEST_F(LockFileTest, ASecondTakerIsToldWhoHasItAndWhatToDo) {
  const absl::StatusOr<LockFile> first = LockFile::Take(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Content(), Concat(::getpid()));
  struct stat about = {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  const absl::Status second = LockFile::Take(path_).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FromAbsl(second.message()),
            Concat("lock ", path_, ": process ", ::getpid(),
                   " has it; stop that one first, or use another place"));
  EXPECT_EQ(Content(), Concat(::getpid())) << "the one refused must not touch the file";
}

TEST_F(LockFileTest, ItIsFreeOnceItsHolderIsDestroyed) {
  {
    absl::StatusOr<LockFile> first = LockFile::Take(path_);
    ASSERT_TRUE(first.ok()) << first.status();
    const LockFile moved = *std::move(first);
    EXPECT_FALSE(LockFile::Take(path_).ok());
  }
  EXPECT_EQ(Content(), "");
  EXPECT_TRUE(LockFile::Take(path_).ok());
}

TEST_F(LockFileTest, AKilledHolderLeavesNoLock) {
  const pid_t holder = StartHolder();
  const absl::Status refused = LockFile::Take(path_).status();
  EXPECT_NE(FromAbsl(refused.message()).find(Concat("process ", holder, " has it")),
            std::string_view::npos)
      << refused;
  ASSERT_EQ(::kill(holder, SIGKILL), 0);
  ASSERT_EQ(::waitpid(holder, nullptr, 0), holder);
  EXPECT_EQ(Content(), Concat(holder)) << "nobody was there to clear it";
  EXPECT_TRUE(LockFile::Take(path_).ok());
}

TEST_F(LockFileTest, WhereItCannotBeMade) {
  const absl::Status status = LockFile::Take(path_ + "/no/such").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(FromAbsl(status.message()).find(path_), std::string_view::npos);
}

}  // namespace
}  // namespace postwatch
