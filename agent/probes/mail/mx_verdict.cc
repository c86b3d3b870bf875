#include "agent/probes/mail/mx_verdict.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {

MxVerdict::MxVerdict(const RunContext& context, const MxRound& round)
    : context_(context), round_(round) {
  for (size_t i = 0; i < round.hosts().size(); ++i) {
    const MxHost& host = round.hosts()[i];
    if (!host.fault.has_value()) continue;
    mark_ = context.run.touched_count();
    round.TouchHost(host);
    context.run.Fact(DoorKey("mx", host.name, "dns"), FailureClassName(host.fault->klass));
    Book(i, "", host.fault);
  }
}

void MxVerdict::Enter(const MxDoor& door) {
  mark_ = context_.run.touched_count();
  round_.TouchHost(round_.hosts()[door.host]);
}

void MxVerdict::Leave(const MxDoor& door, const std::optional<Fault>& fault) {
  const std::string key = DoorKey("mx", round_.hosts()[door.host].name, door.ip);
  if (door.v6() && fault.has_value() && fault->klass == FailureClass::kNetUnreachable) {
    // Either this machine has no IPv6 or the network has no way there: known at the end.
    context_.run.Recall(mark_);
    context_.run.Fact(key, "not_tested");
    results_.push_back({door.host, door.ip, fault, false, 0});
    return;
  }
  context_.run.Fact(key, fault.has_value() ? FailureClassName(fault->klass) : "ok");
  std::optional<Fault> named = fault;
  if (named.has_value()) {
    named->detail = Concat(round_.hosts()[door.host].name, " at ", door.ip, ": ", named->detail);
  }
  Book(door.host, door.ip, named);
}

void MxVerdict::Book(size_t host, const std::string& ip, const std::optional<Fault>& fault) {
  results_.push_back({host, ip, fault, true, context_.run.findings_count()});
  if (!fault.has_value()) return;
  Mention(context_.run, *fault);
  for (ComponentRef& component : context_.run.Recall(mark_)) {
    recalled_.push_back(std::move(component));
  }
}

bool MxVerdict::HostWorks(size_t host) const {
  return std::ranges::any_of(
      results_, [&](const Result& result) { return result.host == host && result.works(); });
}

bool MxVerdict::AnyTested(bool v6) const {
  return std::ranges::any_of(results_,
                             [&](const Result& result) { return result.is(v6) && result.tested; });
}

bool MxVerdict::AnyWorks(bool v6) const {
  return std::ranges::any_of(results_,
                             [&](const Result& result) { return result.is(v6) && result.works(); });
}

void MxVerdict::Conclude() {
  NoteUnreachable();
  size_t working = 0;
  for (size_t i = 0; i < round_.hosts().size(); ++i) working += HostWorks(i) ? 1 : 0;
  context_.run.Fact("mx.ok", Concat(working, "/", round_.hosts().size()));
  NoteIpv6();
  const bool tested = std::ranges::any_of(results_, &Result::tested);
  if (AnyTested(false) ? AnyWorks(false) : AnyWorks(true)) {
    NoteBestPreference();
  } else if (tested) {
    Fail();
  } else {
    context_.run.NotTested(
        "the mail servers have IPv6 addresses only, and this agent has no way to the IPv6 "
        "Internet");
  }
}

// An IPv6 address that answered proves that this machine has IPv6, and the unreachable ones to be
// at fault themselves.
void MxVerdict::NoteUnreachable() {
  if (!AnyTested(true)) return;
  for (Result& result : results_) {
    if (result.tested) continue;
    result.tested = true;
    result.finding = context_.run.findings_count();
    if (context_.run.current_step() != "connect") context_.run.Begin("connect");
    const std::string& host = round_.hosts()[result.host].name;
    context_.run.Fact(DoorKey("mx", host, result.ip), FailureClassName(result.fault->klass));
    result.fault->detail = Concat(host, " at ", result.ip, ": ", result.fault->detail);
    Mention(context_.run, *result.fault);
  }
}

void MxVerdict::NoteIpv6() const {
  std::string_view state;
  for (const Result& result : results_) {
    if (!result.is(true)) continue;
    if (!result.tested) {
      state = "not_tested";
    } else if (result.fault.has_value()) {
      state = FailureClassName(result.fault->klass);
      break;
    } else if (state.empty()) {
      state = "ok";
    }
  }
  if (!state.empty()) context_.run.Fact("ipv6", state);
}

// Mail still arrives, at a server meant for emergencies.
void MxVerdict::NoteBestPreference() const {
  const std::vector<MxHost>& hosts = round_.hosts();
  const uint16_t best = hosts.front().preference;
  const Result* worst = nullptr;
  size_t faults = 0;
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].preference == best && HostWorks(i)) return;
  }
  for (const Result& result : results_) {
    const bool counts = hosts[result.host].preference == best && result.tested;
    if (!counts || !result.fault.has_value()) continue;
    if (worst == nullptr) worst = &result;
    ++faults;
  }
  if (worst == nullptr) return;
  context_.run.Fact("mx.best", "down");
  if (faults == 1) return;  // one address, and its own finding says it
  context_.run.Find(worst->fault->klass, Concat("no server of the best preference (", best,
                                                ") works; mail goes to those of a worse one"));
}

// The fault of the best preference is the one that matters; "no route" says less than any other.
void MxVerdict::Fail() {
  const bool v4 = AnyTested(false);
  const Result* decisive = nullptr;
  const auto rank = [this](const Result& result) {
    return std::pair(result.fault->klass == FailureClass::kNetUnreachable,
                     round_.hosts()[result.host].preference);
  };
  for (const Result& result : results_) {
    if (!result.tested || !result.fault.has_value() || (v4 && result.is(true))) continue;
    if (decisive == nullptr || rank(result) < rank(*decisive)) decisive = &result;
  }
  if (decisive == nullptr) return;
  for (const ComponentRef& component : recalled_) context_.run.Touch(component);
  context_.run.Promote(decisive->finding);
  Decide(context_.run, *decisive->fault);  // when there were too many findings to keep that one
}

}  // namespace postwatch::agent
