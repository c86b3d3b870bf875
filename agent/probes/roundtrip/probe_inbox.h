// Probe inbox: the mailbox where our letters arrive; finds and deletes them, and nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/mail/mail_session.h"
#include "common/mail/probe_message.h"

namespace postwatch::agent {

// A message in the mailbox that carries a token which verifies under the fleet key.
struct Sighting {
  uint32_t uid = 0;
  ProbeToken token;
  bool is_report = false;  // talks about our letter instead of being it
};

// One selected mailbox of an open IMAP session, which outlives it. Other people's messages are
// never fetched beyond a few header fields, never changed, and never noted.
class ProbeInbox {
 public:
  ProbeInbox(const RunContext& context, ImapSession& session, const Secret& fleet_key)
      : context_(context), session_(session), key_(fleet_key) {}

  // SELECT. The watermark is set behind what is there now.
  Task<std::optional<Fault>> Open(std::string name);

  uint32_t uid_validity() const { return mailbox_.uid_validity; }
  uint32_t exists() const { return session_.client->exists(); }
  // The UID from which on messages are new; 1 when the server does not tell.
  uint32_t watermark() const { return watermark_; }
  // After a reconnect, when the UIDs are still the same.
  void Rewind(uint32_t watermark) { watermark_ = watermark; }

  // Our letters among the newest 200 messages below the watermark.
  Task<std::optional<Fault>> ScanOld(std::vector<Sighting>& found);
  // Our letters from the watermark on, which moves behind them. Asks NOOP first, without which a
  // server may hide what has just arrived; unless `always`, it fetches only when that changed the
  // number of messages.
  Task<std::optional<Fault>> ScanNew(bool always, std::vector<Sighting>& found);

  // The whole message; nothing when it is gone or its token does not verify.
  Task<std::optional<Fault>> Read(uint32_t uid, std::string& message,
                                  std::optional<ReceivedProbe>& probe);

  // Deletes by UID and proves it by fetching again. `gone` tells; without UIDPLUS nothing is
  // expunged while foreign messages are marked as deleted. Other copies of the same token still
  // there are returned in `copies`.
  Task<std::optional<Fault>> Delete(const Sighting& sighting, bool& gone,
                                    std::vector<Sighting>& copies);

 private:
  // `highest` becomes the highest UID seen, where that is more.
  Task<std::optional<Fault>> Scan(uint32_t first, std::vector<Sighting>& found, uint32_t& highest);
  Task<std::optional<Fault>> Recognise(const ImapMessage& message, std::vector<Sighting>& found);
  Task<std::optional<Fault>> Expunge(uint32_t uid);

  const RunContext& context_;
  ImapSession& session_;
  const Secret& key_;
  ImapMailbox mailbox_;
  uint32_t watermark_ = 1;
  uint32_t known_exists_ = 0;  // at the last scan
};

}  // namespace postwatch::agent
