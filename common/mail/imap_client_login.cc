// ImapClient's ways in: AUTHENTICATE and LOGIN; and ID.
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/mail/imap_client.h"
#include "common/mail/imap_syntax.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

// RFC 7888 section 5: the longest literal that LITERAL- allows without waiting.
constexpr size_t kLiteralMinus = 4096;
// Longest command line that servers are known to take; a longer response waits for the "+".
constexpr size_t kMaxCommandLine = 8000;
constexpr std::string_view kAuthPrefix = "AUTH=";

absl::Status ProtocolError(std::string_view what) {
  return absl::InvalidArgumentError(Concat("imap protocol: ", what));
}

}  // namespace

std::vector<std::string> ImapClient::AuthMechanisms() const {
  std::vector<std::string> mechanisms;
  for (const std::string& word : capabilities_) {
    if (word.starts_with(kAuthPrefix)) mechanisms.push_back(word.substr(kAuthPrefix.size()));
  }
  return mechanisms;
}

// What the server can do changes with the log-in; some say so in its answer, others must be asked.
Task<absl::StatusOr<ImapStatus>> ImapClient::LearnCapabilities(
    absl::StatusOr<ImapStatus> logged_in) {
  if (logged_in.ok() && logged_in->ok() && !capabilities_known_) {
    capabilities_.clear();
    absl::StatusOr<ImapStatus> asked = co_await Capability();
    if (!asked.ok()) logged_in = asked.status();
  }
  capabilities_known_ = true;
  co_return logged_in;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Authenticate(SaslExchange& exchange) {
  absl::StatusOr<ImapStatus> status = ImapStatus{};
  if (!capabilities_known_) status = co_await Capability();
  if (!status.ok() || bye_.has_value()) co_return status;
  status = co_await Exchange(exchange);
  status = co_await LearnCapabilities(std::move(status));
  co_return exchange.scrubber().ScrubAnswer(std::move(status));
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Exchange(SaslExchange& exchange) {
  Gathered gathered;
  const std::string tag = NextTag();
  std::string line = Concat(tag, " AUTHENTICATE ", exchange.mechanism());
  const bool at_once = Has("SASL-IR");
  capabilities_known_ = false;
  std::optional<std::string> initial = exchange.Initial(at_once ? kMaxCommandLine : 0);
  if (initial.has_value()) Append(line, " ", *initial);
  for (int round = 0; round <= kMaxSaslRounds; ++round) {
    line += "\r\n";
    absl::Status written = co_await stream_.Write(std::move(line));
    if (!written.ok()) co_return written;
    absl::StatusOr<ImapResponse> answer = co_await NextAnswer(tag, gathered);
    if (!answer.ok()) co_return answer.status();
    if (answer->kind == ImapResponse::Kind::kTagged) co_return answer->status;
    line = round + 1 < kMaxSaslRounds ? exchange.Answer(answer->status.text) : "*";
  }
  co_return ProtocolError("AUTHENTICATE does not end");
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Login(std::string username, const Secret& password) {
  absl::Status fit = CheckSaslCredential(username, password.Reveal());
  if (!fit.ok()) co_return fit;
  absl::StatusOr<ImapStatus> status = ImapStatus{};
  if (!capabilities_known_) status = co_await Capability();
  if (!status.ok() || bye_.has_value()) co_return status;
  const CredentialScrubber scrubber(username, password.Reveal());
  capabilities_known_ = false;
  status = co_await LoginCommand(std::move(username), password);
  status = co_await LearnCapabilities(std::move(status));
  co_return scrubber.ScrubAnswer(std::move(status));
}

Task<absl::StatusOr<ImapStatus>> ImapClient::LoginCommand(std::string username,
                                                          const Secret& password) {
  Gathered gathered;
  const std::string tag = NextTag();
  const std::string_view arguments[] = {username, password.Reveal()};
  std::string line = Concat(tag, " LOGIN");
  for (const std::string_view argument : arguments) {
    if (ImapQuotable(argument)) {
      Append(line, " ", ImapQuoted(argument));
      continue;
    }
    const bool wait = !Has("LITERAL+") && !(Has("LITERAL-") && argument.size() <= kLiteralMinus);
    Append(line, " {", argument.size(), wait ? "}\r\n" : "+}\r\n");
    if (wait) {
      absl::Status written = co_await stream_.Write(std::move(line));
      if (!written.ok()) co_return written;
      absl::StatusOr<ImapResponse> answer = co_await NextAnswer(tag, gathered);
      if (!answer.ok()) co_return answer.status();
      if (answer->kind == ImapResponse::Kind::kTagged) co_return answer->status;
      line.clear();
    }
    line += argument;
  }
  line += "\r\n";
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<ImapStatus> status = co_await ReadTagged(tag, gathered);
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Identify(std::string name) {
  if (!Has("ID")) co_return ImapStatus{};
  std::string command = Concat("ID (\"name\" ", ImapQuoted(name), ")");
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

}  // namespace postwatch
