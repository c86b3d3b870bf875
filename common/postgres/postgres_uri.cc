#include "common/postgres/postgres_uri.h"

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "common/base/text.h"

namespace postwatch {

absl::Status CheckPostgresUri(std::string_view uri) {
  static const char* const kExample =
      "write postgresql://USER@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE, other "
      "characters than letters and digits as %XX";
  if (!uri.starts_with("postgresql://") || uri.find('\0') != uri.npos) {
    return absl::InvalidArgumentError(Concat("is no PostgreSQL URI; ", kExample));
  }
  // libpq's words about a URI that it cannot read quote it, and so perhaps a password.
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(std::string(uri).c_str(), nullptr), PQconninfoFree);
  if (options == nullptr) {
    return absl::InvalidArgumentError(Concat("is a PostgreSQL URI with a mistake; ", kExample));
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const std::string_view key = option->keyword;
    if (option->val != nullptr && (key == "password" || key == "sslpassword")) {
      return absl::InvalidArgumentError(
          "holds a password, which logs would show; put it into a file of its own and name that "
          "in store_password");
    }
  }
  return absl::OkStatus();
}

}  // namespace postwatch
