#include "collector/correlate/recovery.h"

#include <algorithm>
#include <cmath>

#include "collector/correlate/evidence.h"
#include "collector/correlate/explain.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr double kEnoughOdds = 8.0;
constexpr double kMaxShare = 0.95, kMinShare = 0.1;
constexpr double kHold = 45, kMinorityHold = 60;  // seconds without a failure
constexpr int kMaxHoldDoublings = 3;
constexpr int kCleanRuns = 2;

}  // namespace

void Recovery::Look::Fail(double ended) {
  last_failed = std::max(last_failed, ended);
  odds = 0;
  regions.clear();
}

void Recovery::Look::Pass(const Reading& reading, const std::string& region, double odds_of_it) {
  if (reading.ended <= last_failed) return;
  if (odds == 0) {
    first_passed = reading.ended;
    first_pass_began = reading.began;
  }
  odds += odds_of_it;
  regions.insert(region);
}

void Recovery::Resume(double last_failed) {
  all_.Fail(last_failed);
  others_.Fail(last_failed);
}

void Recovery::TakeFailure(const Reading& reading, const AgentEntry& agent) {
  agents_.insert(reading.agent);
  regions_.insert(agent.region);
  networks_.insert(agent.network);
  clean_[reading.cell] = 0;
  unsure_.insert(reading.cell);
  all_.Fail(reading.ended);
  if (agent.network != dissenter_) {
    others_.Fail(reading.ended);
    dissenter_ = agent.network;
    dissenting_agents_.clear();
  }
  dissenting_agents_.insert(agent.name);
}

void Recovery::TakePass(const Reading& reading, const AgentEntry& agent, double share) {
  const auto cell = clean_.find(reading.cell);
  if (cell != clean_.end() && ++cell->second == kCleanRuns) unsure_.erase(reading.cell);
  if (!agents_.empty() && !agents_.contains(reading.agent)) return;
  const double odds = -std::log(1 - 0.9 * std::clamp(share, kMinShare, kMaxShare));
  all_.Pass(reading, agent.region, odds);
  if (agent.network != dissenter_) others_.Pass(reading, agent.region, odds);
}

bool Recovery::IsOver(const Look& look, double now, double hold, bool real, bool at_once) const {
  const size_t needed = real ? std::min<size_t>(2, regions_.size()) : 1;
  if (look.odds < kEnoughOdds || look.regions.size() < needed) return false;
  return at_once || now - look.last_failed >= hold;
}

Recovery::Outcome Recovery::Judge(double now, bool real, int reopened) const {
  const double hold = kHold * (1 << std::min(reopened, kMaxHoldDoublings));
  // A fault that came back once is not believed at the second pass.
  const bool all_clean = reopened == 0 && unsure_.empty() && !clean_.empty();
  if (IsOver(all_, now, hold, real, all_clean)) {
    return {true, std::max(all_.last_failed, std::min(all_.first_pass_began, now)),
            Concat("passes again from ", Join(all_.regions, ", "), ", no failure since ",
                   ClockText(ToTime(all_.last_failed)))};
  }
  const bool lone = real && networks_.size() >= 2 && all_.last_failed > others_.last_failed;
  if (!lone || !IsOver(others_, now, kMinorityHold, real, false)) return {};
  return {true, std::max(others_.last_failed, std::min(others_.first_pass_began, now)),
          Concat("passes again from ", Join(others_.regions, ", "), "; only agent ",
                 Join(dissenting_agents_, ", "), " still sees failures")};
}

bool Recovery::HasSigns() const { return all_.odds > 0; }

}  // namespace postwatch::collector
