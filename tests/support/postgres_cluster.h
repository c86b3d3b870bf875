// PostgresCluster: a PostgreSQL server of the tests' own: in a folder of theirs, on a socket there,
// as a user without rights. It never touches another cluster.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/postgres/connection.h"
#include "tests/support/test_folder.h"

namespace postwatch {

class PostgresCluster {
 public:
  // Whether this machine has the server's programs (Debian's package "postgresql").
  static bool Installed();

  // The one of this test binary: made when first asked for, ended with the binary, however that
  // ends. Only where Installed.
  static PostgresCluster& Get();

  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // The URI of a new, empty database.
  std::string NewDatabase();
  // The same database for another user, or over another socket of the folder.
  std::string As(const std::string& uri, std::string_view user) const;
  std::string Through(const std::string& uri, int port) const;
  // The path of the server's socket, or of one that a proxy is to listen on.
  std::string Socket(int port = 5432) const;

  // As the superuser; for what tests look at and break. `uri` as NewDatabase gave it.
  static PostgresConnection Connect(const std::string& uri);

  void Start();
  void Stop();  // at once, as if the machine had failed

  // Logs in with this password only, and has no rights.
  static constexpr const char* kLockedUser = "locked";
  static constexpr const char* kLockedPassword = "correct-horse-battery";

 private:
  PostgresCluster();
  pid_t Spawn(const std::vector<std::string>& command) const;
  void AwaitReady();

  const TestFolder folder_;
  std::string programs_;
  uid_t user_ = 0;
  gid_t group_ = 0;
  pid_t server_ = 0;
  int databases_ = 0;
};

}  // namespace postwatch
