#include "collector/store/postgres_append.h"

#include <algorithm>

#include "collector/store/observation_days.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/postgres/binary_rows.h"
#include "common/wire/bounds.h"

namespace postwatch::collector {
namespace {

constexpr size_t kCopyPiece = 64 << 10;
constexpr size_t kMaxMarks = 20000;     // remembered
constexpr size_t kMaxUnheard = 200000;  // about three queues of StoreThread
constexpr size_t kMaxUnsettled = 8;

constexpr const char* kCopy =
    "COPY observations(received, agent, target, check_id, outcome, sighting) "
    "FROM STDIN (FORMAT binary)";
constexpr int kColumns = 6;

}  // namespace

std::string StoredText(std::string_view text) {
  std::string out = ToUtf8(text);
  std::ranges::replace(out, '\0', '?');
  return out;
}

absl::StatusOr<uint64_t> PostgresAppend::Watermark(PostgresConnection& connection,
                                                   const std::string& agent,
                                                   const std::string& spool_id) {
  if (absl::Status settled = Settle(connection); !settled.ok()) return settled;
  const SpoolKey spool(StoredText(agent), StoredText(spool_id));
  absl::StatusOr<uint64_t> stored = ReadMark(connection, spool);
  if (!stored.ok()) return stored;
  const auto first = stored_unheard_.lower_bound({spool.first, spool.second, 0});
  const bool ours = first != stored_unheard_.end() && std::get<0>(*first) == spool.first &&
                    std::get<1>(*first) == spool.second;
  return ours ? std::min(*stored, std::get<2>(*first) - 1) : *stored;
}

absl::Status PostgresAppend::AppendAll(PostgresConnection& connection, const Session& session,
                                       absl::Span<const std::vector<Sighting>> batches,
                                       std::vector<bool>& is_new) {
  if (!(session == session_)) {
    // Numbers that this connection has kept for itself may be below what another collector has
    // stored since: what comes must come behind all that is counted (PostgresSummaries).
    const absl::Status fresh = connection.Execute("DISCARD SEQUENCES").status();
    if (!fresh.ok()) return fresh;
    marks_.clear();
    days_.clear();
    session_ = session;
  }
  Plan plan;
  absl::Status done = Settle(connection);
  if (done.ok()) done = MakePlan(connection, batches, plan);
  if (done.ok() && !plan.rows.empty()) done = MakeDays(connection, plan);
  if (done.ok() && !plan.rows.empty()) done = Write(connection, plan);
  if (!done.ok()) {
    marks_.clear();
    days_.clear();
    return done;
  }
  if (marks_.size() > kMaxMarks) marks_.clear();
  for (const auto& [spool, mark] : plan.marks) marks_[spool] = mark;
  for (const Place& place : plan.again) stored_unheard_.erase(place);
  is_new = std::move(plan.is_new);
  return absl::OkStatus();
}

// What became of the transactions whose end is not known. Their processes on the server have ended
// (PostgresSession), so there is an answer.
absl::Status PostgresAppend::Settle(PostgresConnection& connection) {
  while (!unsettled_.empty()) {
    const Unsettled& lost = unsettled_.back();
    absl::StatusOr<std::string> fate = connection.Execute(
        Concat("SELECT coalesce(pg_xact_status('", lost.transaction, "'), '?')"));
    if (!fate.ok()) return fate.status();
    if (*fate == "in progress") {
      return absl::UnavailableError("PostgreSQL: an earlier transaction has not ended yet");
    }
    if (*fate == "committed") {
      stored_unheard_.insert(lost.places.begin(), lost.places.end());
    }
    unsettled_.pop_back();
  }
  // Agents that never came back for them. A restart of the collector hears them all.
  if (stored_unheard_.size() > kMaxUnheard) stored_unheard_.clear();
  return absl::OkStatus();
}

absl::Status PostgresAppend::MakePlan(PostgresConnection& connection,
                                      absl::Span<const std::vector<Sighting>> batches, Plan& plan) {
  std::pair<const SpoolKey, uint64_t>* last = nullptr;  // neighbours are mostly of one spool
  for (const std::vector<Sighting>& batch : batches) {
    for (const Sighting& sighting : batch) {
      if (last == nullptr || last->first.first != sighting.vantage.agent ||
          last->first.second != sighting.spool_id) {
        SpoolKey spool(StoredText(sighting.vantage.agent), StoredText(sighting.spool_id));
        auto known = plan.marks.find(spool);
        if (known == plan.marks.end()) {
          const auto stored = marks_.find(spool);
          absl::StatusOr<uint64_t> mark =
              stored != marks_.end() ? stored->second : ReadMark(connection, spool);
          if (!mark.ok()) return mark.status();
          known = plan.marks.emplace(std::move(spool), *mark).first;
        }
        last = &*known;
      }
      Place place(last->first.first, last->first.second, sighting.sequence);
      const bool fresh = sighting.sequence > last->second;
      const bool unheard = !fresh && stored_unheard_.contains(place) && !plan.again.contains(place);
      plan.is_new.push_back(fresh || unheard);
      if (fresh) {
        last->second = sighting.sequence;
        plan.rows.push_back(&sighting);
        plan.places.push_back(std::move(place));
      } else if (unheard) {
        plan.again.insert(std::move(place));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PostgresAppend::ReadMark(PostgresConnection& connection,
                                                  const SpoolKey& spool) {
  PostgresParameters key;
  key.AddText(spool.first).AddText(spool.second);
  uint64_t mark = 0;
  const absl::Status read =
      connection.Query("SELECT watermark FROM spools WHERE agent = $1 AND spool_id = $2", key,
                       [&mark](const PostgresRow& row) {
                         mark = static_cast<uint64_t>(row.Int(0));
                         return absl::OkStatus();
                       });
  if (!read.ok()) return read;
  return mark;
}

// The days that are needed, and the one after the last: so that at midnight there is nothing to do.
absl::Status PostgresAppend::MakeDays(PostgresConnection& connection, const Plan& plan) {
  std::set<absl::CivilDay> needed;
  for (const Sighting* sighting : plan.rows) needed.insert(DayOf(sighting->received));
  for (const absl::CivilDay day : needed) {
    if (days_.contains(day)) continue;
    if (absl::Status made = MakeDay(connection, day); !made.ok()) return made;
    days_.insert(day);
  }
  const absl::CivilDay next = *needed.rbegin() + 1;
  if (days_.contains(next) || ahead_ == next) return absl::OkStatus();
  ahead_ = next;
  const absl::Status made = MakeDay(connection, next);
  if (made.ok()) {
    days_.insert(next);
  } else if (connection.lost()) {
    return made;
  } else {
    Log(LogLevel::kWarn, "the table of tomorrow's observations was not made ahead",
        {{"error", std::string(FromAbsl(made.message()))}});
  }
  return absl::OkStatus();
}

absl::Status PostgresAppend::Write(PostgresConnection& connection, const Plan& plan) {
  absl::StatusOr<PostgresTransaction> transaction = PostgresTransaction::Begin(connection);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<std::string> id = connection.Execute("SELECT pg_current_xact_id()");
  if (!id.ok()) return id.status();
  if (absl::Status copied = Copy(connection, plan); !copied.ok()) return copied;
  std::string save_marks;
  for (const auto& [spool, mark] : plan.marks) {
    postwatch::Append(
        save_marks,
        save_marks.empty() ? "INSERT INTO spools(agent, spool_id, watermark) VALUES" : ",", "(",
        connection.Quote(spool.first), ",", connection.Quote(spool.second), ",",
        static_cast<int64_t>(mark), ")");
  }
  const absl::Status committed = transaction->Commit(Concat(
      save_marks, " ON CONFLICT(agent, spool_id) DO UPDATE SET watermark = EXCLUDED.watermark; ",
      session_.last_words));
  if (!committed.ok() && connection.lost()) {
    if (unsettled_.size() >= kMaxUnsettled) unsettled_.erase(unsettled_.begin());
    unsettled_.push_back({*std::move(id), plan.places});
  }
  return committed;
}

absl::Status PostgresAppend::Copy(PostgresConnection& connection, const Plan& plan) {
  BinaryRows rows;
  auto next = plan.rows.begin();
  bool first = true;
  bool finished = false;
  absl::StatusOr<int64_t> copied = connection.CopyIn(kCopy, [&]() -> std::string_view {
    if (!first) rows.Clear();
    first = false;
    for (; next != plan.rows.end() && rows.bytes().size() < kCopyPiece; ++next) {
      const Sighting& sighting = **next;
      rows.BeginRow(kColumns).AddTime(sighting.received);
      rows.AddBytes(StoredText(sighting.vantage.agent));
      rows.AddBytes(StoredText(sighting.observation.target));
      rows.AddBytes(StoredText(sighting.observation.check_id));
      rows.AddSmallInt(static_cast<int16_t>(sighting.observation.outcome));
      rows.AddBytes(serializer_.Serialize(sighting));
    }
    if (next == plan.rows.end() && !finished) {
      finished = true;
      rows.Finish();
    }
    return rows.bytes();
  });
  if (!copied.ok()) return copied.status();
  if (*copied != static_cast<int64_t>(plan.rows.size())) {
    return absl::InternalError(Concat("PostgreSQL: took ", *copied, " observations of ",
                                      plan.rows.size(), " that were sent"));
  }
  return absl::OkStatus();
}

}  // namespace postwatch::collector
