// ImapClient: IMAP4rev1 commands and responses on a stream (RFC 3501, 2177, 4315). No policy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/mail/imap_response.h"
#include "common/mail/sasl.h"
#include "common/net/stream.h"
#include "common/net/task.h"

namespace postwatch {

struct ImapGreeting {
  enum class Kind { kOk, kPreauth, kBye } kind = Kind::kOk;
  std::string text;
};

struct ImapMailbox {
  ImapStatus status;
  uint32_t exists = 0;
  uint32_t uid_validity = 0;  // 0 = not told
  std::optional<uint32_t> uid_next;
};

// One message of a UID FETCH; `header` is the bytes of the header fields asked for.
struct ImapMessage {
  uint32_t uid = 0;
  uint32_t size = 0;                  // RFC822.SIZE, 0 = not told
  std::optional<absl::Time> arrived;  // INTERNALDATE, whole seconds of the server's clock
  std::string body;                   // the BODY[...] section that was asked for
};

struct ImapFetch {
  ImapStatus status;
  std::vector<ImapMessage> messages;  // only those with a UID, in order of arrival, at most 1000
};

// One limit of a quota root (RFC 9208 section 5), in the resource's own units: STORAGE in 1024
// octets, MESSAGE in messages.
struct ImapQuotaLimit {
  std::string root;  // often ""
  std::string resource;
  uint64_t used = 0;
  uint64_t limit = 0;
};

struct ImapQuota {
  ImapStatus status;
  std::vector<ImapQuotaLimit> limits;  // at most 100
};

// A mailbox that the server marks for a use (RFC 6154 section 2).
struct ImapFolder {
  std::string name;  // UTF-8
  std::string use;   // upper-case: "\\JUNK", "\\SENT", "\\TRASH", ...
};

struct ImapFolders {
  ImapStatus status;
  std::vector<ImapFolder> folders;  // at most 50
};

struct ImapAppend {
  ImapStatus status;
  uint32_t uid = 0;  // 0 = not told (RFC 4315 APPENDUID)
};

// Speaks over a stream it does not own. The server's refusals are values (ImapStatus); an error
// status means the connection broke (NetStatus) or the protocol did (InvalidArgument "imap
// protocol: ..."). Literals are read by count wherever they stand, each at most 1 MiB, 2 MiB a
// response; untagged responses may come at any time. Credentials with CR, LF or NUL are refused. A
// "* BYE" in place of an answer becomes ImapStatus{kNo, code "BYE", text}; what was said is kept in
// bye(). Mailbox names are UTF-8 (sent as modified UTF-7, RFC 3501 section 5.1.3).
class ImapClient {
 public:
  // `command_timeout` is set on the stream again after each WaitIdle, which sets its own.
  explicit ImapClient(Stream& stream, absl::Duration command_timeout = absl::Seconds(30))
      : stream_(stream), command_timeout_(command_timeout) {}

  Task<absl::StatusOr<ImapGreeting>> ReadGreeting();
  // Also remembers the capabilities; see Has. Both log-ins ask by themselves when they are
  // not known, and again after success unless told; after STARTTLS ask before using Has.
  Task<absl::StatusOr<ImapStatus>> Capability();
  bool Has(std::string_view capability) const;  // upper-case, "IDLE", "UIDPLUS", "LOGINDISABLED"
  // The STARTTLS command only; forgets capabilities. The caller upgrades the stream after OK.
  Task<absl::StatusOr<ImapStatus>> StartTlsCommand();
  // The SASL mechanisms that the server offers, as AUTH=... of its capabilities.
  std::vector<std::string> AuthMechanisms() const;
  // AUTHENTICATE, with the initial response if SASL-IR is offered (RFC 4959). The answer never
  // holds the secret.
  Task<absl::StatusOr<ImapStatus>> Authenticate(SaslExchange& exchange);
  // The LOGIN command, quoted or with literals.
  Task<absl::StatusOr<ImapStatus>> Login(std::string username, const Secret& password);
  // ID (RFC 2971): says who asks, where that is offered. What the server says of itself is dropped.
  Task<absl::StatusOr<ImapStatus>> Identify(std::string name);
  Task<absl::StatusOr<ImapMailbox>> Select(std::string mailbox);
  Task<absl::StatusOr<ImapMailbox>> Examine(std::string mailbox);
  Task<absl::StatusOr<ImapStatus>> Noop();
  // UIDs matching "UID first:*" and >= first (servers answer n:* with the last message even below
  // n), with the times of their arrival.
  Task<absl::StatusOr<ImapFetch>> FetchFrom(uint32_t first_uid, std::string section);
  // One message's section, e.g. "BODY.PEEK[]" or "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]".
  Task<absl::StatusOr<ImapFetch>> Fetch(uint32_t uid, std::string section);
  // RFC 2177. Sends IDLE and returns after the continuation, an error or NO.
  Task<absl::StatusOr<ImapStatus>> StartIdle();
  // While idling: waits for the next untagged response, at most `limit`. true = the mailbox may
  // have grown (EXISTS/RECENT), false = the limit passed or something else was said. The connection
  // stays usable. Growth announced since the last FetchFrom began, be it before the IDLE, counts:
  // then true at once. After a BYE (see bye()) or an IDLE ended by the server the next call fails.
  Task<absl::StatusOr<bool>> WaitIdle(absl::Duration limit);
  // Whether the server has ended the IDLE by itself.
  bool idle_ended() const { return idle_answer_.has_value(); }
  // DONE, then the tagged answer of the IDLE.
  Task<absl::StatusOr<ImapStatus>> StopIdle();
  Task<absl::StatusOr<ImapStatus>> MarkDeleted(uint32_t uid);
  // UID EXPUNGE with UIDPLUS (RFC 4315). Never a bare EXPUNGE: without UIDPLUS the status is NO
  // with code "NOUIDPLUS" and nothing is sent, unless `alone` says no foreign \Deleted message is
  // there.
  Task<absl::StatusOr<ImapStatus>> Expunge(uint32_t uid, bool alone);
  // UID MOVE (RFC 6851); NO where the server does not have it, or no such mailbox.
  Task<absl::StatusOr<ImapStatus>> Move(uint32_t uid, std::string mailbox);
  // UIDs in the selected mailbox that carry \Deleted (UID SEARCH DELETED), at most 10000. A refusal
  // is FailedPrecondition.
  Task<absl::StatusOr<std::vector<uint32_t>>> SearchDeleted();
  // The mailboxes that are marked for a use: asked for alone where the server knows how (RFC 6154,
  // 5258), else picked from a LIST of all. None where it marks none.
  Task<absl::StatusOr<ImapFolders>> ListMarked();
  // GETQUOTAROOT (RFC 9208, 2087): the limits that hold for a mailbox; none where none are set.
  Task<absl::StatusOr<ImapQuota>> QuotaOf(std::string mailbox);
  // APPEND, with the flag \Seen. `message` has CRLF line ends. Nothing needs to be selected.
  Task<absl::StatusOr<ImapAppend>> AppendMessage(std::string mailbox, std::string message);
  Task<absl::StatusOr<ImapStatus>> Logout();
  uint32_t exists() const { return exists_; }
  // What the server said in "* BYE", once it has: the reason of a kClosed that follows.
  const std::optional<ImapStatus>& bye() const { return bye_; }

 private:
  // What untagged responses bring while a command runs.
  struct Gathered {
    ImapMailbox mailbox;
    std::vector<ImapMessage> messages;
    std::vector<uint32_t> uids;
    std::vector<ImapQuotaLimit> limits;
    std::vector<ImapFolder> folders;
    size_t body_bytes = 0;
    bool logout = false;  // BYE is no answer then, but comes before it
  };

  Task<absl::StatusOr<ImapResponse>> ReadResponse();
  Task<absl::StatusOr<ImapResponse>> FinishResponse(std::string first_line);
  Task<absl::StatusOr<ImapResponse>> NextAnswer(std::string tag, Gathered& gathered);
  Task<absl::StatusOr<ImapStatus>> ReadTagged(std::string tag, Gathered& gathered);
  Task<absl::StatusOr<ImapStatus>> Run(std::string command, Gathered& gathered);
  Task<absl::StatusOr<ImapStatus>> Run(std::string command);
  Task<absl::StatusOr<ImapMailbox>> Open(std::string verb, std::string mailbox);
  Task<absl::StatusOr<ImapFetch>> RunFetch(std::string set, uint32_t first_uid, std::string items);
  Task<absl::StatusOr<ImapStatus>> Exchange(SaslExchange& exchange);
  Task<absl::StatusOr<ImapStatus>> LoginCommand(std::string username, const Secret& password);
  Task<absl::StatusOr<ImapStatus>> LearnCapabilities(absl::StatusOr<ImapStatus> logged_in);
  absl::Status Absorb(const ImapResponse& response, Gathered& gathered);
  absl::Status AbsorbFetch(const ImapResponse& response, Gathered& gathered);
  static void AbsorbQuota(const ImapResponse& response, Gathered& gathered);
  static void AbsorbList(const ImapResponse& response, Gathered& gathered);
  void AbsorbCode(const ImapStatus& status, Gathered& gathered);
  std::string NextTag();

  Stream& stream_;
  absl::Duration command_timeout_;
  uint32_t exists_ = 0;
  bool grown_ = false;  // EXISTS went up since the last FetchFrom began
  int next_tag_ = 1;
  std::vector<std::string> capabilities_;
  bool capabilities_known_ = false;
  std::string idle_tag_;                   // of the IDLE that is running, else empty
  std::optional<ImapStatus> idle_answer_;  // the server ended the IDLE before DONE
  std::optional<ImapStatus> bye_;
};

}  // namespace postwatch
