#include "collector/finding_keeper.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTextsOfCheck = 16;
constexpr size_t kMaxTexts = 20000;
constexpr size_t kMaxShownBytes = 512;

absl::Time LastSeen(const std::map<std::string, absl::Time>& seen) {
  absl::Time last = absl::InfinitePast();
  for (const auto& [agent, when] : seen) last = std::max(last, when);
  return last;
}

}  // namespace

void FindingKeeper::KeepOnly(const Checks& checks) {
  std::erase_if(texts_, [this, &checks](const auto& entry) {
    if (checks.contains(entry.first)) return false;
    count_ -= entry.second.size();
    return true;
  });
}

void FindingKeeper::Drop(Texts& texts, const std::function<bool(const Text&)>& unwanted) {
  count_ -= std::erase_if(texts, unwanted);
  if (count_ < kMaxTexts) overflowed_ = false;
}

void FindingKeeper::Observe(const Observation& run, const std::string& agent, absl::Time seen) {
  const auto known = texts_.find(run.check_id);
  if (known == texts_.end() && run.findings.empty()) return;
  Texts& texts = known == texts_.end() ? texts_[run.check_id] : known->second;
  if (run.outcome == Outcome::kPass) {
    for (Text& text : texts) text.seen.erase(agent);
  }
  for (const Failure& found : run.findings) Add(texts, found, agent, seen);
  Drop(texts, [](const Text& text) { return text.seen.empty(); });
  if (texts.empty()) texts_.erase(run.check_id);
}

void FindingKeeper::Add(Texts& texts, const Failure& found, const std::string& agent,
                        absl::Time seen) {
  const std::string_view detail = Truncate(found.detail, kMaxShownBytes);
  const auto same = std::ranges::find_if(
      texts, [&](const Text& text) { return text.klass == found.klass && text.detail == detail; });
  if (same != texts.end()) {
    same->seen[agent] = seen;
    return;
  }
  if (texts.size() >= kMaxTextsOfCheck) {
    const auto oldest =
        std::ranges::min_element(texts, {}, [](const Text& text) { return LastSeen(text.seen); });
    *oldest = {found.klass, std::string(detail), {{agent, seen}}};
  } else if (count_ < kMaxTexts) {
    texts.push_back({found.klass, std::string(detail), {{agent, seen}}});
    ++count_;
  } else {
    overflowed_ = true;
  }
}

void FindingKeeper::ForgetAgent(const std::string& agent) {
  for (auto& [check, texts] : texts_) {
    for (Text& text : texts) text.seen.erase(agent);
    Drop(texts, [](const Text& text) { return text.seen.empty(); });
  }
  std::erase_if(texts_, [](const auto& entry) { return entry.second.empty(); });
}

FindingList FindingKeeper::List(
    const Checks& checks, absl::Time now,
    const std::function<absl::Duration(const CheckSpec&)>& fresh,
    const std::function<std::string(const std::string& agent)>& region_of) const {
  FindingList list{.complete = !overflowed_};
  for (const auto& [id, texts] : texts_) {
    const auto check = checks.find(id);
    if (check == checks.end()) continue;
    const CheckSpec& spec = check->second;
    std::map<FailureClass, BoardFinding> found;
    for (const Text& text : texts) {
      std::set<std::string> regions;
      absl::Time last = absl::InfinitePast();
      for (const auto& [agent, seen] : text.seen) {
        const std::string region = now - seen > fresh(spec) ? "" : region_of(agent);
        if (region.empty()) continue;
        regions.insert(region);
        last = std::max(last, seen);
      }
      if (regions.empty()) continue;
      BoardFinding& finding =
          found
              .try_emplace(text.klass,
                           BoardFinding{spec.target, id, spec.kind, spec.leg, text.klass, {}})
              .first->second;
      finding.words.push_back({text.detail, {regions.begin(), regions.end()}, last});
    }
    for (auto& [klass, finding] : found) {
      std::ranges::sort(finding.words, {}, &FindingWords::detail);
      list.findings.push_back(std::move(finding));
    }
  }
  return list;
}

}  // namespace postwatch::collector
