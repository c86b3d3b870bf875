#include "collector/store/sqlite_backup.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "collector/store/sqlite_schema.h"
#include "common/base/text.h"
#include "common/sqlite/database.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kTelling = "sqlite store ";
constexpr int kPercentStep = 10;
// What a store of any version has.
constexpr std::array<std::string_view, 5> kTables = {"observations", "spools", "incidents",
                                                     "outbox", "agents"};
constexpr DatabaseOptions kReadOnly{.read_only = true};

absl::Status SystemError(std::string_view what, const std::string& path, int error) {
  const std::string text = Concat(what, " ", path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::PermissionDeniedError(text);
  }
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

std::string RealPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real.string();
}

bool Exists(const std::string& path) {
  struct stat about = {};
  return ::lstat(path.c_str(), &about) == 0;
}

absl::Status Sync(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == 0 ? absl::OkStatus() : SystemError("write to the disk", path, error);
}

// Never over a file that is there. Not every file system can say that in one call.
absl::Status RenameToNew(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) ==
      0) {
    return absl::OkStatus();
  }
  if (errno != EINVAL && errno != ENOSYS) return SystemError("make", to, errno);
  if (Exists(to)) return SystemError("make", to, EEXIST);
  return ::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                 : SystemError("make", to, errno);
}

// FILE.tmp, for one process at a time; whoever died while writing it holds no lock.
class DraftFile {
 public:
  static absl::StatusOr<DraftFile> Claim(std::string path) {
    absl::StatusOr<DraftFile> draft = OpenLocked(path, 0);
    if (!draft.ok()) return draft;
    struct stat about = {};
    const bool ours = ::fstat(draft->fd_, &about) == 0 && S_ISREG(about.st_mode) &&
                      about.st_uid == ::geteuid() && about.st_nlink == 1;
    // In a folder that others may write to, somebody may wait for what we write.
    if (!ours) {
      ::unlink(path.c_str());
      draft->Keep();
      draft = OpenLocked(path, O_EXCL);
      if (!draft.ok()) return draft;
    }
    ::unlink(Concat(path, "-journal").c_str());
    if (::fchmod(draft->fd_, 0600) != 0 || ::ftruncate(draft->fd_, 0) != 0) {
      return SystemError("empty", path, errno);
    }
    return draft;
  }

  DraftFile(DraftFile&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), done_(other.done_) {}
  DraftFile& operator=(DraftFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    std::swap(done_, other.done_);
    return *this;
  }
  ~DraftFile() {
    if (fd_ < 0) return;
    if (!done_) ::unlink(path_.c_str());
    ::close(fd_);
  }

  const std::string& path() const { return path_; }
  // It has its place: it stays.
  void Keep() { done_ = true; }

 private:
  DraftFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  static absl::StatusOr<DraftFile> OpenLocked(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0) return SystemError("make", path, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return DraftFile(path, fd);
    ::close(fd);
    return absl::FailedPreconditionError(Concat(path, " is being written by another process"));
  }

  std::string path_;
  int fd_;
  bool done_ = false;
};

absl::StatusOr<int64_t> Number(Database& database, const std::string& sql) {
  absl::StatusOr<Statement> query = database.Prepare(sql);
  if (!query.ok()) return query.status();
  absl::StatusOr<bool> row = query->Step();
  if (!row.ok()) return row.status();
  return *row ? query->Int(0) : 0;
}

absl::StatusOr<bool> HasTable(Database& database, std::string_view table) {
  const absl::StatusOr<int64_t> there = Number(
      database,
      Concat("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '", table, "'"));
  if (!there.ok()) return there.status();
  return *there > 0;
}

absl::Status About(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), Concat(file, ": ", FromAbsl(status.message())));
}

// That the copy at `path` of `file` is a whole store that this program can open.
absl::Status CheckCopy(const std::string& path, const std::string& file) {
  absl::StatusOr<Database> copy = Database::Open(path, kReadOnly);
  if (!copy.ok()) return About(file, copy.status());
  if (absl::Status whole = copy->CheckIntegrity(); !whole.ok()) return About(file, whole);
  const absl::StatusOr<int64_t> version = Number(*copy, "PRAGMA user_version");
  if (!version.ok()) return About(file, version.status());
  bool store = *version > 0;
  for (const std::string_view table : kTables) {
    const absl::StatusOr<bool> there = HasTable(*copy, table);
    if (!there.ok()) return About(file, there.status());
    store = store && *there;
  }
  if (!store) {
    return absl::InvalidArgumentError(Concat(file, ": is a database, but not a collector's store"));
  }
  const auto newest = static_cast<int64_t>(SqliteSchema().size());
  if (*version > newest) {
    return absl::FailedPreconditionError(Concat(file, ": has schema version ", *version,
                                                ", this program knows up to ", newest,
                                                "; use a newer program"));
  }
  return absl::OkStatus();
}

std::function<void(BackUpStep)> TellShare(const Tell& tell) {
  return [&tell, told = 0](BackUpStep step) mutable {
    if (step.total == 0) return;
    const int percent = static_cast<int>(step.done * 100 / step.total);
    if (percent < told + kPercentStep && step.done < step.total) return;
    told = percent;
    tell(absl::StrFormat("copied %d%% of %.1f MB", percent, static_cast<double>(step.total) / 1e6));
  };
}

// A checked copy of the database `from` at draft.path(), on the disk. `file` is what errors are
// about.
absl::Status CopyChecked(const std::string& from, const std::string& file, const DraftFile& draft,
                         const Tell& tell) {
  absl::StatusOr<Database> source = Database::Open(from, kReadOnly);
  if (!source.ok()) return About(file, source.status());
  absl::Status copied = source->BackUpTo(draft.path(), TellShare(tell));
  if (!copied.ok()) return About(file, copied);
  tell("checking the copy");
  if (absl::Status good = CheckCopy(draft.path(), file); !good.ok()) return good;
  return Sync(draft.path());
}

// Whether the store has anything that somebody could miss. A corrupt one is for people to judge.
absl::StatusOr<bool> KnowsSomething(Database& store) {
  for (const std::string_view table :
       {"observations", "spools", "incidents", "outbox", "agents", "spent_tokens"}) {
    const absl::StatusOr<bool> there = HasTable(store, table);
    if (!there.ok()) return there.status();
    if (!*there) continue;
    const absl::StatusOr<int64_t> rows =
        Number(store, Concat("SELECT EXISTS(SELECT 1 FROM ", table, ")"));
    if (!rows.ok()) return rows.status();
    if (*rows > 0) return true;
  }
  return false;
}

// True when the old store must be kept. Brings all of it into its one file, unless it is corrupt:
// then nobody touches it.
absl::StatusOr<bool> SettleOld(const std::string& path) {
  if (!Exists(path)) return false;
  const auto settle = [&path]() -> absl::StatusOr<bool> {
    absl::StatusOr<Database> seen = Database::Open(path, kReadOnly);
    if (!seen.ok()) return seen.status();
    absl::StatusOr<bool> knows = KnowsSomething(*seen);
    if (!knows.ok()) return knows;
    seen = Database::Open(path, {.wal = false});
    if (!seen.ok()) return seen.status();
    const absl::Status single = seen->Execute("PRAGMA journal_mode=DELETE");
    if (!single.ok()) return single;
    return knows;
  };
  absl::StatusOr<bool> keep = settle();
  return absl::IsDataLoss(keep.status()) ? true : keep;
}

// When root does this, the collector's user must still get at its files.
void GiveToOwner(const struct stat& owner, const std::string& path) {
  if (::geteuid() != 0) return;
  [[maybe_unused]] const int given = ::lchown(path.c_str(), owner.st_uid, owner.st_gid);
}

// What belongs to the old file only would be taken for the new one's.
absl::Status MoveCompanions(const std::string& path, const std::string& aside) {
  for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
    const std::string from = Concat(path, suffix);
    if (!Exists(from)) continue;
    if (::rename(from.c_str(), Concat(aside, suffix).c_str()) != 0) {
      return SystemError("move aside", from, errno);
    }
  }
  return absl::OkStatus();
}

// From here on each single step leaves either the old store in its place or the new one.
absl::Status PutInPlace(const std::string& path, bool keep_old, const std::string& aside,
                        DraftFile& draft, const Tell& tell) {
  if (keep_old && ::link(path.c_str(), aside.c_str()) != 0) {
    return SystemError("keep the old store as", aside, errno);
  }
  if (absl::Status moved = MoveCompanions(path, aside); !moved.ok()) return moved;
  if (::rename(draft.path().c_str(), path.c_str()) != 0) {
    return SystemError("put the copy in the place of", path, errno);
  }
  draft.Keep();
  if (keep_old) tell(Concat("the store that was there is now ", aside));
  return Sync(FolderOf(path));
}

}  // namespace

absl::Status BackUpSqlite(const std::string& path, const std::string& file, const Tell& tell) {
  if (path == ":memory:") {
    return absl::InvalidArgumentError(
        Concat(kTelling, path, " is forgotten when the collector ends; it cannot be backed up"));
  }
  if (!Exists(path)) return absl::NotFoundError(Concat("there is no store ", path));
  const absl::Status taken = absl::AlreadyExistsError(
      Concat(file, " is there already, and no backup is ever overwritten; choose another name"));
  if (Exists(file)) return taken;
  absl::StatusOr<DraftFile> draft = DraftFile::Claim(Concat(file, ".tmp"));
  if (!draft.ok()) return draft.status();
  if (absl::Status copied = CopyChecked(path, path, *draft, tell); !copied.ok()) return copied;
  const absl::Status placed = RenameToNew(draft->path(), file);
  if (absl::IsAlreadyExists(placed)) return taken;
  if (!placed.ok()) return placed;
  draft->Keep();
  return Sync(FolderOf(file));
}

absl::Status RestoreSqlite(const std::string& path, const std::string& file,
                           const RestoreOptions& options, const Tell& tell) {
  if (path == ":memory:") {
    return absl::InvalidArgumentError(
        Concat(kTelling, path, " is empty at each start; there is nothing to restore into"));
  }
  if (!Exists(file)) return absl::NotFoundError(Concat("there is no file ", file));
  const std::string real = RealPath(path);
  struct stat owner = {};
  if (::stat(real.c_str(), &owner) != 0 && ::stat(FolderOf(real).c_str(), &owner) != 0) {
    return SystemError("look at", FolderOf(real), errno);
  }
  const absl::StatusOr<LockFile> lock = LockDatabase(real);
  if (!lock.ok()) {
    return absl::Status(lock.status().code(), Concat("a store is restored while no collector has "
                                                     "it open: ",
                                                     FromAbsl(lock.status().message())));
  }
  GiveToOwner(owner, Concat(real, ".lock"));
  absl::StatusOr<DraftFile> draft = DraftFile::Claim(Concat(real, ".restoring"));
  if (!draft.ok()) return draft.status();
  GiveToOwner(owner, draft->path());
  if (absl::Status copied = CopyChecked(file, file, *draft, tell); !copied.ok()) return copied;
  const absl::StatusOr<bool> keep_old = SettleOld(real);
  if (!keep_old.ok()) return keep_old.status();
  if (*keep_old && !options.move_aside) {
    return absl::FailedPreconditionError(
        Concat("there is a store in ", real,
               ", and it knows something; add --store.move-aside to "
               "have it kept under another name"));
  }
  const std::string stamp = absl::FormatTime("%Y%m%dT%H%M%SZ", options.now, absl::UTCTimeZone());
  return PutInPlace(real, *keep_old, Concat(real, ".before-", stamp), *draft, tell);
}

}  // namespace postwatch::collector
