#include "common/postgres/postgres_uri.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/text.h"

namespace postwatch {
namespace {

TEST(PostgresUriTest, WhatLibpqReadsIsTaken) {
  for (std::string_view uri :
       {"postgresql://postwatch@db.example/postwatch", "postgresql://",
        "postgresql://u@h1:5432,h2/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://u@/d?host=/run/postgresql"}) {
    EXPECT_EQ(CheckPostgresUri(uri), absl::OkStatus()) << uri;
  }
}

TEST(PostgresUriTest, APasswordIsRefusedAndNotRepeated) {
  for (std::string_view uri : {"postgresql://u:hunter2@h/d", "postgresql://u@h/d?password=hunter2",
                               "postgresql://u@h/d?sslpassword=hunter2"}) {
    const absl::Status status = CheckPostgresUri(uri);
    EXPECT_EQ(status, absl::InvalidArgumentError(
                          "holds a password, which logs would show; put it into a file of its own "
                          "and name that in store_password"))
        << uri;
  }
}

TEST(PostgresUriTest, NothingOfABrokenOneIsRepeated) {
  for (std::string_view uri :
       {std::string_view("postgres://u@h/d"), std::string_view("host=h password=hunter2"),
        std::string_view("postgresql://u:hunter2@h:notaport%/d"),
        std::string_view("postgresql://u@h/d?nosuchkey=hunter2"),
        std::string_view("postgresql://u@h/d\0x", 20)}) {
    const absl::Status status = CheckPostgresUri(uri);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << uri;
    EXPECT_EQ(FromAbsl(status.message()).find("hunter2"), std::string_view::npos) << status;
  }
}

}  // namespace
}  // namespace postwatch
