// Pop3Client: POP3 commands and replies on a stream (RFC 1939, 2449, 2595, 5034). No policy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/mail/pop3_response.h"
#include "common/mail/sasl.h"
#include "common/net/stream.h"
#include "common/net/task.h"

namespace postwatch {

// Most of a message that is kept, and most messages that are listed.
inline constexpr size_t kMaxPop3Message = 1024 * 1024;
inline constexpr size_t kMaxPop3Listing = 10000;

struct Pop3Maildrop {
  Pop3Status status;
  Pop3Drop drop;
};

struct Pop3Listing {
  Pop3Status status;
  // In order of their numbers, oldest first. Of a longer list, the last kMaxPop3Listing: new mail
  // is at its end.
  std::vector<Pop3Entry> entries;
  size_t total = 0;  // also those left out
};

struct Pop3Message {
  Pop3Status status;
  std::string text;  // CRLF lines, the stuffed dots taken off
};

// Speaks over a stream it does not own. The server's refusals are values (Pop3Status); an error
// status means the connection broke (NetStatus) or the protocol did (InvalidArgument "pop3
// protocol: ..."). Credentials with CR, LF or NUL are refused before anything is sent. A "-ERR"
// that came before its command (a server that logs out who was idle) is taken for its answer; any
// other reply that did is a protocol error. Message numbers are those of this session (RFC 1939
// section 5); deletions happen at Quit, or not at all.
class Pop3Client {
 public:
  explicit Pop3Client(Stream& stream) : stream_(stream) {}

  // The timestamp in it is ignored: APOP is never spoken.
  Task<absl::StatusOr<Pop3Status>> ReadGreeting();
  // Asks anew what the server can do; -ERR (optional command, RFC 2449) leaves nothing. What was
  // said before STLS or the log-in does not hold after it.
  Task<absl::StatusOr<Pop3Status>> Capa();
  const Pop3Capabilities& capabilities() const { return capabilities_; }
  // The STLS command only; forgets the capabilities. The caller upgrades the stream after +OK.
  Task<absl::StatusOr<Pop3Status>> StlsCommand();
  // USER and PASS. A maildrop that another session holds is told late (Dovecot: after 10 s), so the
  // stream's timeout must be longer than that.
  Task<absl::StatusOr<Pop3Status>> UserPass(std::string username, const Secret& password);
  // AUTH, with the initial response where it fits (RFC 5034 section 4).
  Task<absl::StatusOr<Pop3Status>> Authenticate(SaslExchange& exchange);
  Task<absl::StatusOr<Pop3Maildrop>> Stat();
  // Every message's unique id. -ERR where the server does not have it (optional, RFC 1939).
  Task<absl::StatusOr<Pop3Listing>> Uidl();
  // The header and the first `lines` lines of the body (optional, RFC 1939).
  Task<absl::StatusOr<Pop3Message>> Top(uint32_t number, uint32_t lines);
  // The whole message. One of over kMaxPop3Message breaks the session (protocol error).
  Task<absl::StatusOr<Pop3Message>> Retrieve(uint32_t number);
  // Marks; see Quit.
  Task<absl::StatusOr<Pop3Status>> Delete(uint32_t number);
  // Takes the marks back.
  Task<absl::StatusOr<Pop3Status>> Reset();
  Task<absl::StatusOr<Pop3Status>> Noop();
  // Removes what is marked and lets go of the maildrop. After a session that ends without it the
  // server may hold the maildrop for 10 minutes (RFC 1939 section 3).
  Task<absl::StatusOr<Pop3Status>> Quit();

 private:
  Task<absl::StatusOr<Pop3Status>> ReadStatus();
  Task<absl::StatusOr<Pop3Status>> Say(std::string line);
  Task<absl::StatusOr<Pop3Status>> Command(std::string line);
  Task<absl::StatusOr<Pop3Message>> FetchText(std::string command);

  Stream& stream_;
  Pop3Capabilities capabilities_;
};

}  // namespace postwatch
