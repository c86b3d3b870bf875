#include "agent/probes/check_memory.h"

#include "common/base/text.h"

namespace postwatch::agent {

std::string RecallNote(const RunContext& context, const std::string& key) {
  const absl::StatusOr<std::string> text = context.deps.ledger.Recall(context.spec.id, key);
  if (text.ok()) return *text;
  context.run.Note(
      Concat("what was kept before a restart cannot be read: ", FromAbsl(text.status().message())));
  return "";
}

void KeepNote(const RunContext& context, const std::string& key, const std::string& text) {
  const absl::Status kept = context.deps.ledger.Keep(context.spec.id, key, text);
  if (kept.ok()) return;
  context.run.Note(
      Concat("what was seen cannot be kept for after a restart: ", FromAbsl(kept.message())));
}

}  // namespace postwatch::agent
