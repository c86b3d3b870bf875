// RecentSuccess: remembers what worked lately, so that a refusal of it can be told from a mistake.
#pragma once

#include <map>
#include <string>

#include "agent/probes/mail/mail_session.h"

namespace postwatch::agent {

// Recipients and accounts that were accepted within the last 24 hours, as one probe saw it since it
// was made. At most 64 are kept, the oldest goes first.
class RecentSuccess {
 public:
  // `what` ("probe@example.com") was accepted now.
  void Note(const RunContext& context, const std::string& what);

  // When the fault says "no such mailbox" or "wrong credential" of something accepted lately, it is
  // likelier the server's than ours (mail-domain.md 2.4): says so in the detail and in the fact
  // contradicts_history=true.
  void Weigh(const RunContext& context, const std::string& what, Fault& fault) const;

 private:
  std::map<std::string, absl::Time> accepted_;
};

}  // namespace postwatch::agent
