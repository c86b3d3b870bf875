#include "collector/ingest/rivals.h"

#include <utility>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxAgents = 4096;
constexpr absl::Duration kForgetAfter = absl::Minutes(10);
constexpr int kProof = 2;  // returns; the first may be a process that was just about to end

// Each connection has a port of its own; the host is who calls.
std::string HostOf(const std::string& from) { return from.substr(0, from.rfind(':')); }

}  // namespace

void Rivals::Came(const std::string& agent, const std::string& boot_id, const std::string& from,
                  absl::Duration now) {
  if (lines_.size() >= kMaxAgents && !lines_.contains(agent)) {
    absl::erase_if(lines_,
                   [now](const auto& line) { return now - line.second.came > kForgetAfter; });
    if (lines_.size() >= kMaxAgents) return;
  }
  Line& line = lines_[agent];
  line.came = now;
  if (line.last.boot_id == boot_id) {
    line.last.from = HostOf(from);
    return;
  }
  if (line.before.boot_id == boot_id) {
    if (now - line.returned > kForgetAfter) line.returns = 0;
    ++line.returns;
    line.returned = now;
  }
  line.before = std::exchange(line.last, {boot_id, HostOf(from)});
}

std::string Rivals::Problem(const std::string& agent, absl::Duration now) const {
  const auto found = lines_.find(agent);
  if (found == lines_.end()) return "";
  const Line& line = found->second;
  if (line.returns < kProof || now - line.returned > kForgetAfter) return "";
  return Concat("two processes speak as this agent in turns, from ", line.last.from, " and from ",
                line.before.from,
                ": stop one of them, or if one is not yours, somebody has the agent's key: "
                "`postwatch ca revoke agent ",
                agent, "`");
}

}  // namespace postwatch::collector
