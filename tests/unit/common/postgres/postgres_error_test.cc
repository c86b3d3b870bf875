#include "common/postgres/postgres_error.h"

#include <gtest/gtest.h>

#include <string>

namespace postwatch {
namespace {

TEST(PostgresErrorTest, CodesSayWhatCanBeDone) {
  EXPECT_EQ(PostgresCode("PW001"), absl::StatusCode::kAborted);
  EXPECT_EQ(PostgresCode("08006"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PostgresCode("57P01"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PostgresCode("25006"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PostgresCode("40P01"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PostgresCode("55P03"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PostgresCode("57014"), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(PostgresCode("53100"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(PostgresCode("53300"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(PostgresCode("23505"), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(PostgresCode("23514"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PostgresCode("22021"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PostgresCode("28P01"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(PostgresCode("42501"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(PostgresCode("3D000"), absl::StatusCode::kNotFound);
  EXPECT_EQ(PostgresCode("XX001"), absl::StatusCode::kDataLoss);
  EXPECT_EQ(PostgresCode("42P01"), absl::StatusCode::kInternal);
}

TEST(PostgresErrorTest, SaysWhatWasTriedOnOneLine) {
  EXPECT_EQ(PostgresError("42P01", "SELECT 1 FROM x", "relation \"x\"\ndoes not exist\n"),
            absl::InternalError(
                "PostgreSQL: SELECT 1 FROM x: relation \"x\" does not exist (SQLSTATE 42P01)"));
  EXPECT_EQ(PostgresError("", "connect", "refused"),
            absl::UnavailableError("PostgreSQL: connect: refused"));
}

TEST(PostgresErrorTest, LongWordsAreCut) {
  EXPECT_LT(PostgresError("XX000", "x", std::string(100000, 'y')).message().size(), 700u);
}

}  // namespace
}  // namespace postwatch
