#include "collector/store/observation_days.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kPrefix = "observations_";
// Of those who make a day's table: "postwatc" in ASCII, and two.
constexpr int64_t kDayLock = 0x706f737477617463 + 2;

std::string Bound(absl::CivilDay day) {
  return absl::StrFormat("'%04d-%02d-%02d 00:00:00+00'", day.year(), day.month(), day.day());
}

}  // namespace

absl::CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }

absl::Time StartOf(absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()); }

std::string DayTable(absl::CivilDay day) {
  return absl::StrFormat("%s%04d%02d%02d", kPrefix, day.year(), day.month(), day.day());
}

std::optional<absl::CivilDay> DayOfTable(std::string_view table) {
  if (!table.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = table.substr(kPrefix.size());
  if (digits.size() != 8 || digits.find_first_not_of("0123456789") != digits.npos) {
    return std::nullopt;
  }
  const absl::CivilDay day(*ParseInteger(digits.substr(0, 4)),
                           static_cast<int>(*ParseInteger(digits.substr(4, 2))),
                           static_cast<int>(*ParseInteger(digits.substr(6, 2))));
  return DayTable(day) == table ? std::optional(day) : std::nullopt;
}

absl::StatusOr<std::vector<absl::CivilDay>> ListDays(PostgresConnection& connection) {
  std::vector<absl::CivilDay> days;
  const absl::Status listed = connection.Query(
      "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
      "WHERE i.inhparent = 'observations'::regclass",
      {}, [&days](const PostgresRow& row) {
        if (const auto day = DayOfTable(row.View(0))) days.push_back(*day);
        return absl::OkStatus();
      });
  if (!listed.ok()) return listed;
  std::ranges::sort(days);
  return days;
}

absl::Status MakeDay(PostgresConnection& connection, absl::CivilDay day) {
  if (day.year() < 1970 || day.year() > 9998) {
    return absl::InvalidArgumentError(
        Concat("store observations of the year ", day.year(), ": set this machine's clock"));
  }
  absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(connection);
  if (!transaction.ok()) return transaction.status();
  const std::string table = DayTable(day);
  absl::StatusOr<std::string> there = connection.Execute(
      Concat("SELECT pg_advisory_xact_lock(", kDayLock, "); SELECT count(*) FROM pg_inherits ",
             "WHERE inhrelid = to_regclass('", table, "')"));
  if (!there.ok()) return there.status();
  if (*there != "0") return absl::OkStatus();
  // ATTACH, where CREATE ... PARTITION OF would lock all of observations.
  return transaction->Commit(
      Concat("CREATE TABLE IF NOT EXISTS ", table, "(LIKE observations INCLUDING DEFAULTS); ",
             "ALTER TABLE observations ATTACH PARTITION ", table, " FOR VALUES FROM (", Bound(day),
             ") TO (", Bound(day + 1), "); "));
}

}  // namespace postwatch::collector
