#include "common/base/text.h"
#include "common/postgres/connection.h"

namespace postwatch {

absl::StatusOr<PostgresTransaction> PostgresTransaction::Begin(PostgresConnection& connection) {
  if (absl::Status begun = connection.Execute("BEGIN").status(); !begun.ok()) return begun;
  return PostgresTransaction(&connection);
}

PostgresTransaction::~PostgresTransaction() {
  if (connection_ != nullptr && !connection_->lost() && connection_->in_transaction()) {
    connection_->Execute("ROLLBACK").IgnoreError();
  }
}

absl::Status PostgresTransaction::Commit(std::string_view last) {
  // Its COMMIT would roll back and call that a success.
  if (connection_->transaction_failed()) {
    return absl::FailedPreconditionError(
        "PostgreSQL: COMMIT: an earlier error has ended the transaction");
  }
  return connection_->Execute(Concat(last, "COMMIT")).status();
}

}  // namespace postwatch
