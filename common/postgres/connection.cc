#include "common/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/postgres/postgres_error.h"
#include "common/postgres/postgres_uri.h"

namespace postwatch {
namespace {

constexpr int kOldestServer = 140000;  // 14: what it is asked for does not exist before
constexpr size_t kMaxSqlInError = 120;

// Lets both ends find out within about ten seconds that the other one has gone without a word.
constexpr const char* kTcpUserTimeoutMs = "10000";
constexpr const char* kKeepAliveIdleSeconds = "4";
constexpr const char* kKeepAliveEverySeconds = "2";
constexpr const char* kKeepAliveProbes = "3";
constexpr std::string_view kServerFindsOut =
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 10000; SET client_connection_check_interval = 2000; "
    "SET idle_in_transaction_session_timeout = 5000; ";

std::string_view ShortSql(const std::string& sql) { return Truncate(sql, kMaxSqlInError); }

// What of `words` is the password shows as [hidden].
std::string WithoutPassword(std::string_view words, const Secret& password) {
  const std::string_view secret = password.Reveal();
  if (secret.empty()) return std::string(words);
  std::string out;
  for (size_t at; (at = words.find(secret)) != words.npos;
       words.remove_prefix(at + secret.size())) {
    Append(out, words.substr(0, at), "[hidden]");
  }
  return Concat(out, words);
}

void IgnoreNotice(void*, const char*) {}

std::string Millis(absl::Duration duration) {
  return Concat(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, 86'400'000));
}

}  // namespace

struct PostgresConnection::Result {
  struct Clear {
    void operator()(pg_result* result) const { PQclear(result); }
  };
  std::unique_ptr<pg_result, Clear> owned;
};

void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresConnection::PostgresConnection(pg_conn* connection, const PostgresOptions& options)
    : connection_(connection),
      statement_timeout_(options.statement_timeout),
      patience_(options.patience) {}

PostgresConnection::PostgresConnection(PostgresConnection&&) noexcept = default;
PostgresConnection& PostgresConnection::operator=(PostgresConnection&&) noexcept = default;
PostgresConnection::~PostgresConnection() = default;

absl::StatusOr<PostgresConnection> PostgresConnection::Open(const PostgresOptions& options) {
  if (absl::Status uri = CheckPostgresUri(options.uri); !uri.ok()) {
    return absl::InvalidArgumentError(Concat("PostgreSQL: the URI ", FromAbsl(uri.message())));
  }
  Secret password;
  if (!options.password.file.empty() || !options.password.env.empty()) {
    absl::StatusOr<Secret> resolved = ResolveSecret(options.password);
    if (!resolved.ok()) return resolved.status();
    password = *std::move(resolved);
  }
  const std::string timeout =
      Concat(std::max<int64_t>(absl::ToInt64Seconds(options.connect_timeout), 2));
  // What comes before dbname gives way to the URI; what comes behind it does not.
  const std::array<std::pair<const char*, const char*>, 13> settings = {{
      {"sslmode", "require"},
      {"gssencmode", "disable"},
      {"target_session_attrs", "read-write"},
      {"tcp_user_timeout", kTcpUserTimeoutMs},
      {"keepalives_idle", kKeepAliveIdleSeconds},
      {"keepalives_interval", kKeepAliveEverySeconds},
      {"keepalives_count", kKeepAliveProbes},
      {"dbname", options.uri.c_str()},
      {"application_name", options.application.c_str()},
      {"connect_timeout", timeout.c_str()},
      {"client_encoding", "UTF8"},
      {"password", password.Reveal().data()},  // of a std::string: ends with NUL; "" is none
      {nullptr, nullptr},
  }};
  std::array<const char*, settings.size()> keys;
  std::array<const char*, settings.size()> values;
  std::ranges::transform(settings, keys.begin(), [](const auto& pair) { return pair.first; });
  std::ranges::transform(settings, values.begin(), [](const auto& pair) { return pair.second; });
  PostgresConnection connection(PQconnectdbParams(keys.data(), values.data(), 1), options);
  pg_conn* raw = connection.connection_.get();
  if (raw == nullptr) return absl::ResourceExhaustedError("PostgreSQL: connect: no memory");
  if (PQstatus(raw) != CONNECTION_OK) {
    const std::string words = WithoutPassword(PQerrorMessage(raw), password);
    const bool refused = PQconnectionNeedsPassword(raw) == 1 || PQconnectionUsedPassword(raw) == 1;
    const absl::Status failed = PostgresError("", "connect", words);
    return refused ? absl::PermissionDeniedError(failed.message()) : failed;
  }
  if (absl::Status ready = connection.Prepare(options); !ready.ok()) return ready;
  return connection;
}

// A connection that has just been made.
absl::Status PostgresConnection::Prepare(const PostgresOptions& options) {
  PQsetNoticeProcessor(connection_.get(), IgnoreNotice, nullptr);
  if (PQsetnonblocking(connection_.get(), 1) != 0) return Lose("prepare the connection");
  if (PQserverVersion(connection_.get()) < kOldestServer) {
    return absl::FailedPreconditionError(Concat("PostgreSQL: the server is of version ",
                                                PQserverVersion(connection_.get()) / 10000,
                                                "; it takes 14 or newer"));
  }
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return absl::FailedPreconditionError(Concat("PostgreSQL: the database is encoded in ",
                                                encoding == nullptr ? "?" : encoding,
                                                "; make one with ENCODING 'UTF8'"));
  }
  const absl::Status findable =
      Execute(Concat(kServerFindsOut, "SET lock_timeout = ", Millis(options.lock_timeout)))
          .status();
  return findable.ok() ? SetStatementTimeout(options.statement_timeout) : findable;
}

absl::Status PostgresConnection::SetStatementTimeout(absl::Duration timeout) {
  statement_timeout_ = timeout;
  return Execute(Concat("SET statement_timeout = ", Millis(timeout))).status();
}

absl::Status PostgresConnection::Lose(std::string_view what) {
  lost_ = true;
  sqlstate_.clear();
  return PostgresError("", what, PQerrorMessage(connection_.get()));
}

bool PostgresConnection::lost() const {
  return lost_ || PQstatus(connection_.get()) != CONNECTION_OK;
}

bool PostgresConnection::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresConnection::transaction_failed() const {
  return PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
}

int PostgresConnection::server_process() const { return PQbackendPID(connection_.get()); }

std::string PostgresConnection::Quote(std::string_view text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(connection_.get(), text.data(), text.size()), PQfreemem);
  return quoted == nullptr ? "''" : quoted.get();
}

absl::Status PostgresConnection::Send(const std::string& sql,
                                      const PostgresParameters& parameters) {
  if (lost()) return Lose(ShortSql(sql));
  std::vector<Oid> types;
  std::vector<const char*> bytes;
  std::vector<int> lengths;
  for (const PostgresParameters::Value& value : parameters.values()) {
    types.push_back(static_cast<Oid>(value.type));
    bytes.push_back(value.bytes ? value.bytes->data() : nullptr);
    lengths.push_back(value.bytes ? static_cast<int>(value.bytes->size()) : 0);
  }
  const std::vector<int> binary(types.size(), 1);
  const int sent = PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(types.size()),
                                     types.data(), bytes.data(), lengths.data(), binary.data(), 1);
  if (sent != 1) return Lose(ShortSql(sql));
  PQsetSingleRowMode(connection_.get());
  return Flush(ShortSql(sql));
}

// Waits for the server to take what is sent, and meanwhile takes what it says: it may not listen
// before.
absl::Status PostgresConnection::Flush(std::string_view what) {
  while (true) {
    const int left = PQflush(connection_.get());
    if (left == 0) return absl::OkStatus();
    if (left < 0) return Lose(what);
    if (absl::Status ready = AwaitSocket(/*writing=*/true, what); !ready.ok()) return ready;
  }
}

absl::Status PostgresConnection::AwaitSocket(bool writing, std::string_view what) {
  const SystemClock clock;
  const absl::Duration wait = statement_timeout_ + patience_;
  const absl::Duration deadline = clock.Steady() + wait;
  while (true) {
    pollfd socket{PQsocket(connection_.get()),
                  static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
    const absl::Duration left = std::max(deadline - clock.Steady(), absl::ZeroDuration());
    const int ready = poll(&socket, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      lost_ = true;
      sqlstate_.clear();
      return absl::UnavailableError(Concat("PostgreSQL: ", what, ": the server did not answer for ",
                                           absl::FormatDuration(wait)));
    }
    const bool readable = (socket.revents & ~POLLOUT) != 0;
    if (readable && PQconsumeInput(connection_.get()) != 1) return Lose(what);
    return absl::OkStatus();
  }
}

// Without a result: there are no more.
absl::StatusOr<PostgresConnection::Result> PostgresConnection::Next(std::string_view what) {
  while (PQisBusy(connection_.get()) == 1) {
    if (absl::Status ready = AwaitSocket(/*writing=*/false, what); !ready.ok()) return ready;
  }
  Result result;
  result.owned.reset(PQgetResult(connection_.get()));
  return result;
}

absl::Status PostgresConnection::Check(const Result& result, std::string_view what) {
  const ExecStatusType status = PQresultStatus(result.owned.get());
  if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE) return absl::OkStatus();
  const char* state = PQresultErrorField(result.owned.get(), PG_DIAG_SQLSTATE);
  const char* words = PQresultErrorField(result.owned.get(), PG_DIAG_MESSAGE_PRIMARY);
  sqlstate_ = state == nullptr ? "" : state;
  const absl::Status failed = PostgresError(
      sqlstate_, what, words == nullptr ? PQresultErrorMessage(result.owned.get()) : words);
  // A server that has become a standby is one to leave; so is one that is shutting down.
  if (sqlstate_ == "25006" || sqlstate_.starts_with("57P")) lost_ = true;
  return failed;
}

absl::StatusOr<std::string> PostgresConnection::Execute(const std::string& script) {
  const std::string_view what = ShortSql(script);
  if (lost() || PQsendQuery(connection_.get(), script.c_str()) != 1) return Lose(what);
  if (absl::Status sent = Flush(what); !sent.ok()) return sent;
  absl::Status status;
  std::string value;
  while (true) {
    absl::StatusOr<Result> result = Next(what);
    if (!result.ok()) return result.status();
    const pg_result* raw = result->owned.get();
    if (raw == nullptr) break;
    if (status.ok()) status = Check(*result, what);
    if (PQntuples(raw) > 0) value = PQgetvalue(raw, PQntuples(raw) - 1, 0);
  }
  if (!status.ok()) return status;
  return value;
}

absl::StatusOr<int64_t> PostgresConnection::Run(const std::string& sql,
                                                const PostgresParameters& parameters) {
  if (absl::Status sent = Send(sql, parameters); !sent.ok()) return sent;
  absl::StatusOr<int64_t> changed = 0;
  absl::Status drained = DrainResults(ShortSql(sql), changed);
  if (!drained.ok()) return drained;
  return changed;
}

// To the last result; the first error counts.
absl::Status PostgresConnection::DrainResults(std::string_view what,
                                              absl::StatusOr<int64_t>& changed) {
  while (true) {
    absl::StatusOr<Result> result = Next(what);
    if (!result.ok()) return result.status();
    pg_result* raw = result->owned.get();
    if (raw == nullptr) return absl::OkStatus();
    const absl::Status status = Check(*result, what);
    if (!changed.ok()) continue;
    if (!status.ok()) {
      changed = status;
    } else if (const char* rows = PQcmdTuples(raw); *rows != '\0') {
      changed = ParseInteger(rows).value_or(0);
    }
  }
}

absl::Status PostgresConnection::Query(const std::string& sql, const PostgresParameters& parameters,
                                       absl::FunctionRef<absl::Status(const PostgresRow&)> on_row) {
  if (absl::Status sent = Send(sql, parameters); !sent.ok()) return sent;
  absl::Status status;
  while (true) {
    absl::StatusOr<Result> result = Next(ShortSql(sql));
    if (!result.ok()) return result.status();
    const pg_result* raw = result->owned.get();
    if (raw == nullptr) return status;
    if (status.ok()) status = Check(*result, ShortSql(sql));
    for (int row = 0; status.ok() && row < PQntuples(raw); ++row) {
      status = on_row(PostgresRow(raw, row));
    }
  }
}

absl::StatusOr<int64_t> PostgresConnection::CopyIn(const std::string& sql,
                                                   absl::FunctionRef<std::string_view()> next) {
  const std::string_view what = ShortSql(sql);
  if (lost() || PQsendQuery(connection_.get(), sql.c_str()) != 1) return Lose(what);
  if (absl::Status sent = Flush(what); !sent.ok()) return sent;
  absl::StatusOr<Result> started = Next(what);
  if (!started.ok()) return started.status();
  absl::StatusOr<int64_t> copied = 0;
  if (PQresultStatus(started->owned.get()) == PGRES_COPY_IN) {
    for (std::string_view piece = next(); !piece.empty(); piece = next()) {
      if (PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size())) != 1) {
        return Lose(what);
      }
      if (absl::Status sent = Flush(what); !sent.ok()) return sent;
    }
    if (PQputCopyEnd(connection_.get(), nullptr) != 1) return Lose(what);
    if (absl::Status sent = Flush(what); !sent.ok()) return sent;
  } else {
    copied = Check(*started, what);
  }
  absl::Status drained = DrainResults(what, copied);
  if (!drained.ok()) return drained;
  return copied;
}

}  // namespace postwatch
