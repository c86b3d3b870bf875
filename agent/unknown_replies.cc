#include "agent/unknown_replies.h"

#include <functional>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/mail/reply_classifier.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxTold = 1000;

void Write(const Reply& reply, const Observation& observation) {
  Log(LogLevel::kInfo, "reply without a rule",
      {{"check", observation.check_id},
       {"code", Concat(reply.code)},
       {"enhanced", reply.enhanced},
       {"rule", reply.rule},
       {"text", reply.text}});
}

}  // namespace

UnknownReplies::UnknownReplies() : tell_(Write) {}

void UnknownReplies::Count(const Observation& observation, absl::Duration now) {
  if (observation.failure.has_value()) Take(*observation.failure, observation, now);
  for (const Failure& finding : observation.findings) Take(finding, observation, now);
}

void UnknownReplies::Take(const Failure& failure, const Observation& observation,
                          absl::Duration now) {
  if (!failure.reply.has_value() || !IsWithoutRule(failure.reply->rule)) return;
  ++count_;
  const Reply& reply = *failure.reply;
  const size_t hash =
      std::hash<std::string>{}(Concat(reply.rule, " ", reply.code, " ", ReplyShape(reply.text)));
  if (told_.contains(hash) || told_.size() >= kMaxTold || !budget_.Take(now).has_value()) return;
  told_.insert(hash);
  tell_(reply, observation);
}

}  // namespace postwatch::agent
