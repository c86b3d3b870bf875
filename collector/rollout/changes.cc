#include "collector/rollout/changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/time/time.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kTargetsNamed = 3;  // in a line about many of them
constexpr double kSecondsAnHour = 3600;

using Key = std::pair<PieceKind, std::string>;
using Pieces = std::map<Key, const ConfigPiece*>;

Pieces ByName(const ConfigPicture& picture) {
  Pieces pieces;
  for (const ConfigPiece& piece : picture.pieces) pieces[{piece.kind, piece.name}] = &piece;
  return pieces;
}

// "example.com/dns.mx" -> "example.com", "dns.mx"; the control check has no target.
std::pair<std::string, std::string> SplitCheck(const std::string& name) {
  const size_t slash = name.find('/');
  if (slash == name.npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

double SecondsOf(const ConfigPiece& piece, const char* key) {
  const auto value = piece.values.find(key);
  absl::Duration duration;
  if (value == piece.values.end() || !absl::ParseDuration(value->second, &duration)) return 0;
  return absl::ToDoubleSeconds(duration);
}

// By all agents together: no more than the check's fleet_gap allows.
double RunsPerHour(const ConfigPiece& piece, size_t agents) {
  const double interval = SecondsOf(piece, "interval"), gap = SecondsOf(piece, "fleet_gap");
  if (piece.kind != PieceKind::kCheck || interval <= 0) return 0;
  const double runs = static_cast<double>(agents) * kSecondsAnHour / interval;
  return gap > 0 ? std::min(runs, kSecondsAnHour / gap) : runs;
}

bool IsHidden(const std::string& value) { return value.starts_with('#'); }

// "value" is what a setting has instead of keys.
std::string Named(const std::string& key, std::string_view what) {
  return key == "value" ? std::string(what) : Concat(key, " ", what);
}

std::vector<std::string> Differences(const ConfigPiece& now, const ConfigPiece& wanted) {
  std::vector<std::string> details;
  std::set<std::string> keys;
  for (const auto& [key, value] : now.values) keys.insert(key);
  for (const auto& [key, value] : wanted.values) keys.insert(key);
  for (const std::string& key : keys) {
    const auto before = now.values.find(key), after = wanted.values.find(key);
    if (before == now.values.end()) {
      details.push_back(Named(key, "added"));
    } else if (after == wanted.values.end()) {
      details.push_back(Named(key, "removed"));
    } else if (before->second != after->second) {
      const bool hidden = IsHidden(before->second) || IsHidden(after->second);
      details.push_back(
          Named(key, hidden ? "changed" : Concat(before->second, " -> ", after->second)));
    }
  }
  return details;
}

// Collects changes; what belongs to a target that comes or goes is put into the change of it.
class Comparison {
 public:
  Comparison(const Pieces& now, const Pieces& wanted, size_t agents)
      : now_(now), wanted_(wanted), agents_(agents) {}

  std::vector<ConfigChange> Run() {
    std::set<Key> keys;
    for (const auto& [key, piece] : now_) keys.insert(key);
    for (const auto& [key, piece] : wanted_) keys.insert(key);
    for (const Key& key : keys) Compare(key);
    for (const auto& [index, checks] : checks_of_) {
      changes_[index].details.push_back(Concat(checks, checks == 1 ? " check" : " checks"));
    }
    return std::move(changes_);
  }

 private:
  void Compare(const Key& key) {
    const auto before = now_.find(key), after = wanted_.find(key);
    if (before == now_.end()) {
      ComesOrGoes(ConfigChangeKind::kAdded, *after->second);
    } else if (after == wanted_.end()) {
      ComesOrGoes(ConfigChangeKind::kRemoved, *before->second);
    } else if (before->second->values != after->second->values) {
      const double more =
          RunsPerHour(*after->second, agents_) - RunsPerHour(*before->second, agents_);
      changes_.push_back({ConfigChangeKind::kChanged, key.first, key.second,
                          Differences(*before->second, *after->second),
                          after->second->needs_restart, more});
    }
  }

  void ComesOrGoes(ConfigChangeKind what, const ConfigPiece& piece) {
    const bool added = what == ConfigChangeKind::kAdded;
    const double runs = RunsPerHour(piece, agents_) * (added ? 1 : -1);
    const auto whole = targets_.find(piece.kind == PieceKind::kCheck ? SplitCheck(piece.name).first
                                                                     : std::string());
    if (whole != targets_.end()) {
      changes_[whole->second].runs_per_hour += runs;
      ++checks_of_[whole->second];
      return;
    }
    if (piece.kind == PieceKind::kTarget) targets_[piece.name] = changes_.size();
    changes_.push_back({what, piece.kind, piece.name, {}, piece.needs_restart, runs});
  }

  const Pieces& now_;
  const Pieces& wanted_;
  const size_t agents_;
  std::vector<ConfigChange> changes_;
  std::map<std::string, size_t> targets_;  // that come or go, and where in changes_
  std::map<size_t, int> checks_of_;
};

std::string Line(const ConfigChange& change, const std::string& name) {
  constexpr std::string_view kSigns = "+-~";
  return Concat(kSigns.substr(static_cast<size_t>(change.what), 1), " ",
                PieceKindName(change.piece), " ", name, change.details.empty() ? "" : ": ",
                Join(change.details, ", "), change.needs_restart ? " (at a restart)" : "");
}

// "dns.mx of 5 targets (a.test, b.test, c.test, ...)"
std::string NameOfMany(const std::vector<const ConfigChange*>& same) {
  std::vector<std::string> targets;
  for (const ConfigChange* change : same) targets.push_back(SplitCheck(change->name).first);
  const bool more = targets.size() > kTargetsNamed;
  if (more) targets.resize(kTargetsNamed);
  return Concat(SplitCheck(same[0]->name).second, " of ", same.size(), " targets (",
                Join(targets, ", "), more ? ", ..." : "", ")");
}

}  // namespace

std::vector<ConfigChange> CompareConfigs(const ConfigPicture& now, const ConfigPicture& wanted,
                                         size_t agents) {
  const Pieces before = ByName(now), after = ByName(wanted);
  return Comparison(before, after, agents).Run();
}

std::vector<std::string> ChangeLines(const std::vector<ConfigChange>& changes) {
  using Alike = std::tuple<ConfigChangeKind, std::string, std::vector<std::string>>;
  std::vector<std::vector<const ConfigChange*>> groups;  // in order of their first
  std::map<Alike, size_t> group_of;
  for (const ConfigChange& change : changes) {
    const auto [target, kind] = SplitCheck(change.name);
    if (change.piece != PieceKind::kCheck || target.empty()) {
      groups.push_back({&change});
      continue;
    }
    const auto [entry, fresh] =
        group_of.emplace(Alike{change.what, kind, change.details}, groups.size());
    if (fresh) groups.emplace_back();
    groups[entry->second].push_back(&change);
  }
  std::vector<std::string> lines;
  lines.reserve(groups.size());
  for (const auto& same : groups) {
    lines.push_back(Line(*same[0], same.size() == 1 ? same[0]->name : NameOfMany(same)));
  }
  return lines;
}

}  // namespace postwatch::collector
