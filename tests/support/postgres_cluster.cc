#include "tests/support/postgres_cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr const char* kVersions = "/usr/lib/postgresql";
constexpr int kOldest = 14;
constexpr int kReadyTries = 600;
constexpr std::chrono::milliseconds kReadyPause(50);

// Of the newest version there is; empty when there is none.
std::string FindPrograms() {
  int64_t newest = kOldest - 1;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(kVersions, none)) {
    const int64_t version = ParseInteger(entry.path().filename().string()).value_or(0);
    if (std::filesystem::exists(entry.path() / "bin/initdb")) newest = std::max(newest, version);
  }
  return newest < kOldest ? "" : Concat(kVersions, "/", newest, "/bin");
}

}  // namespace

bool PostgresCluster::Installed() { return !FindPrograms().empty(); }

PostgresCluster& PostgresCluster::Get() {
  static PostgresCluster cluster;
  return cluster;
}

PostgresCluster::PostgresCluster() : programs_(FindPrograms()), user_(getuid()), group_(getgid()) {
  if (user_ == 0) {  // the server refuses to run as root
    const passwd* unprivileged = getpwnam("postgres");
    if (unprivileged == nullptr) unprivileged = getpwnam("nobody");
    user_ = unprivileged->pw_uid;
    group_ = unprivileged->pw_gid;
    EXPECT_EQ(chown(folder_.path().c_str(), user_, group_), 0);
  }
  const pid_t initdb = Spawn({programs_ + "/initdb", "-D", folder_ / "data", "-U", "postwatch",
                              "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"});
  int status = -1;
  waitpid(initdb, &status, 0);
  EXPECT_EQ(status, 0) << std::ifstream(folder_ / "log").rdbuf();
  const std::string rules = folder_ / "data/pg_hba.conf";
  std::ofstream(rules, std::ios::trunc) << "local all " << kLockedUser << " scram-sha-256\n"
                                        << "local all all trust\n";
  Start();
  absl::StatusOr<std::string> made =
      Connect(As(Concat("postgresql://postwatch@/postgres?host=", folder_.path()), "postwatch"))
          .Execute(Concat("CREATE ROLE ", kLockedUser, " LOGIN PASSWORD '", kLockedPassword, "'"));
  EXPECT_TRUE(made.ok()) << made.status();
}

PostgresCluster::~PostgresCluster() { Stop(); }

// Its output goes to the folder's log. It ends when this process does.
pid_t PostgresCluster::Spawn(const std::vector<std::string>& command) const {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string log = folder_ / "log";
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  // In the child of a process with threads: system calls only.
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(group_) != 0 || setuid(user_) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent || chdir(folder_.path().c_str()) != 0) _exit(126);
  const int nothing = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(nothing, 0);
  dup2(out, 1);
  dup2(out, 2);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void PostgresCluster::Start() {
  std::vector<std::string> command = {programs_ + "/postgres", "-D", folder_ / "data", "-k",
                                      folder_.path()};
  for (const char* setting :
       {"listen_addresses=", "port=5432", "fsync=off", "full_page_writes=off",
        "shared_buffers=32MB", "max_connections=60", "autovacuum=off",
        "dynamic_shared_memory_type=mmap", "wal_level=minimal", "max_wal_senders=0"}) {
    command.insert(command.end(), {"-c", setting});
  }
  server_ = Spawn(command);
  AwaitReady();
}

void PostgresCluster::AwaitReady() {
  PostgresOptions options;
  options.uri = Concat("postgresql://postwatch@/postgres?host=", folder_.path());
  for (int i = 0; i < kReadyTries; ++i) {
    if (PostgresConnection::Open(options).ok()) return;
    if (waitpid(server_, nullptr, WNOHANG) == server_) break;
    std::this_thread::sleep_for(kReadyPause);
  }
  ADD_FAILURE() << "the PostgreSQL server does not start: "
                << std::ifstream(folder_ / "log").rdbuf();
}

void PostgresCluster::Stop() {
  if (server_ == 0) return;
  kill(server_, SIGQUIT);
  waitpid(server_, nullptr, 0);
  server_ = 0;
}

PostgresConnection PostgresCluster::Connect(const std::string& uri) {
  absl::StatusOr<PostgresConnection> connection =
      PostgresConnection::Open({.uri = uri, .application = "test"});
  EXPECT_TRUE(connection.ok()) << connection.status();
  return *std::move(connection);
}

std::string PostgresCluster::NewDatabase() {
  const std::string base = Concat("postgresql://postwatch@/postgres?host=", folder_.path());
  const std::string name = Concat("test", ++databases_);
  absl::StatusOr<std::string> made =
      Connect(base).Execute(Concat("CREATE DATABASE ", name, " TEMPLATE template0"));
  EXPECT_TRUE(made.ok()) << made.status();
  return Concat("postgresql://postwatch@/", name, "?host=", folder_.path());
}

std::string PostgresCluster::As(const std::string& uri, std::string_view user) const {
  return Concat("postgresql://", user, uri.substr(uri.find('@')));
}

std::string PostgresCluster::Through(const std::string& uri, int port) const {
  return Concat(uri, "&port=", port);
}

std::string PostgresCluster::Socket(int port) const {
  return Concat(folder_.path(), "/.s.PGSQL.", port);
}

}  // namespace postwatch
