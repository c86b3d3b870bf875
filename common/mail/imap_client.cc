#include "common/mail/imap_client.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/imap_syntax.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

// Untagged responses taken while one answer is awaited.
constexpr int kMaxResponses = 100000;
constexpr size_t kMaxMessages = 1000;
constexpr size_t kMaxUids = 10000;
// Sum of the bodies of one FETCH.
constexpr size_t kMaxFetchBytes = 16 * 1024 * 1024;

absl::Status ProtocolError(std::string_view what) {
  return absl::InvalidArgumentError(Concat("imap protocol: ", what));
}

absl::Status CheckText(std::string_view what, std::string_view text) {
  if (text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat(what, " holds CR, LF or NUL; nothing was sent, correct it"));
}

// "* BYE [CODE] words" as the answer to a command; a code of the server's stays in the text.
ImapStatus ByeStatus(const ImapStatus& said) {
  const std::string code = said.code.empty() ? "" : Concat("[", said.code, "] ");
  return {ImapStatus::Kind::kNo, "BYE", PeerText(Concat(code, said.text))};
}

// "17-Jul-1996 02:44:25 -0700"; one digit of the day stands behind a space.
std::optional<absl::Time> ReadInternalDate(std::string_view text) {
  absl::Time time;
  const bool read = absl::ParseTime("%d-%b-%Y %H:%M:%S %z", ToAbsl(Trim(text)), &time, nullptr);
  return read ? std::optional(time) : std::nullopt;
}

}  // namespace

std::string ImapClient::NextTag() { return Concat("A", next_tag_++); }

bool ImapClient::Has(std::string_view capability) const {
  return std::find(capabilities_.begin(), capabilities_.end(), capability) != capabilities_.end();
}

Task<absl::StatusOr<ImapResponse>> ImapClient::ReadResponse() {
  absl::StatusOr<std::string> line = co_await stream_.ReadLine(kMaxImapLine);
  if (!line.ok()) {
    if (GetNetError(line.status()) == NetError::kTooLong) {
      co_return ProtocolError("a line over 64 KiB");
    }
    co_return line.status();
  }
  absl::StatusOr<ImapResponse> response = co_await FinishResponse(*std::move(line));
  co_return response;
}

Task<absl::StatusOr<ImapResponse>> ImapClient::FinishResponse(std::string first_line) {
  ImapResponseParser parser;
  first_line += '\n';
  parser.Feed(first_line);
  while (parser.progress() == ImapResponseParser::Progress::kMore) {
    absl::StatusOr<std::string> bytes;
    if (parser.literal_left() > 0) {
      bytes = co_await stream_.ReadExactly(parser.literal_left());
    } else {
      bytes = co_await stream_.ReadLine(kMaxImapLine);
      if (bytes.ok()) bytes->push_back('\n');
    }
    if (!bytes.ok()) {
      if (GetNetError(bytes.status()) == NetError::kTooLong) {
        co_return ProtocolError("a line over 64 KiB");
      }
      co_return bytes.status();
    }
    parser.Feed(*bytes);
  }
  if (parser.progress() == ImapResponseParser::Progress::kBroken) {
    co_return ProtocolError(parser.problem());
  }
  co_return parser.Take();
}

void ImapClient::AbsorbCode(const ImapStatus& status, Gathered& gathered) {
  const std::string_view atom = ImapCodeAtom(status);
  const std::string_view arguments = ImapCodeArguments(status);
  if (atom == "CAPABILITY") {
    capabilities_.clear();
    capabilities_known_ = true;
    for (std::string_view word : Split(arguments, ' ')) {
      if (!word.empty()) capabilities_.push_back(AsciiUpper(word));
    }
    return;
  }
  const std::optional<int64_t> number = ParseInteger(arguments);
  if (!number.has_value() || *number < 1 || *number > UINT32_MAX) return;
  if (atom == "UIDVALIDITY") gathered.mailbox.uid_validity = static_cast<uint32_t>(*number);
  if (atom == "UIDNEXT") gathered.mailbox.uid_next = static_cast<uint32_t>(*number);
}

// Flag changes of any message may come at any time as FETCH; only those with a UID and a body are
// answers.
absl::Status ImapClient::AbsorbFetch(const ImapResponse& response, Gathered& gathered) {
  ImapMessage message;
  bool has_body = false;
  for (size_t i = 0; i + 1 < response.items.size(); i += 2) {
    const std::string name = AsciiUpper(response.items[i].text);
    const ImapValue& value = response.items[i + 1];
    const std::optional<int64_t> number = ParseInteger(value.text);
    const bool fits = number.has_value() && *number >= 0 && *number <= UINT32_MAX;
    if (name == "UID" && fits) message.uid = static_cast<uint32_t>(*number);
    if (name == "RFC822.SIZE" && fits) message.size = static_cast<uint32_t>(*number);
    if (name == "INTERNALDATE") message.arrived = ReadInternalDate(value.text);
    if (name.starts_with("BODY[") || name.starts_with("RFC822.HEADER") || name == "RFC822") {
      message.body = value.text;
      has_body = true;
    }
  }
  if (message.uid == 0 || !has_body || gathered.messages.size() >= kMaxMessages) {
    return absl::OkStatus();
  }
  gathered.body_bytes += message.body.size();
  if (gathered.body_bytes > kMaxFetchBytes) return ProtocolError("a FETCH of over 16 MiB");
  gathered.messages.push_back(std::move(message));
  return absl::OkStatus();
}

absl::Status ImapClient::Absorb(const ImapResponse& response, Gathered& gathered) {
  if (response.name == "EXISTS") {
    if (response.number > exists_) grown_ = true;
    exists_ = response.number;
  } else if (response.name == "EXPUNGE") {
    if (exists_ > 0) --exists_;
  } else if (response.name == "CAPABILITY") {
    capabilities_ = response.words;
    capabilities_known_ = true;
  } else if (response.name == "SEARCH") {
    for (const uint32_t uid : response.numbers) {
      if (gathered.uids.size() < kMaxUids) gathered.uids.push_back(uid);
    }
  } else if (response.name == "FETCH") {
    return AbsorbFetch(response, gathered);
  } else if (response.name == "QUOTA") {
    AbsorbQuota(response, gathered);
  } else if (response.name == "LIST") {
    AbsorbList(response, gathered);
  } else if (response.name == "BYE") {
    bye_ = ByeStatus(response.status);
  } else if (response.name == "OK") {
    AbsorbCode(response.status, gathered);
  }
  return absl::OkStatus();
}

// Reads on to the continuation or tagged answer; a BYE is turned into a tagged one.
Task<absl::StatusOr<ImapResponse>> ImapClient::NextAnswer(std::string tag, Gathered& gathered) {
  for (int i = 0; i < kMaxResponses; ++i) {
    absl::StatusOr<ImapResponse> response = co_await ReadResponse();
    if (!response.ok()) {
      if (!bye_.has_value() || !gathered.logout) co_return response.status();
      // The server took its leave and closed before the tagged answer: as good as one.
      ImapResponse closed;
      closed.kind = ImapResponse::Kind::kTagged;
      co_return closed;
    }
    if (response->kind == ImapResponse::Kind::kContinuation) co_return response;
    if (response->kind == ImapResponse::Kind::kTagged) {
      if (response->tag != tag) co_return ProtocolError("an answer to a command never sent");
      AbsorbCode(response->status, gathered);
      co_return response;
    }
    absl::Status absorbed = Absorb(*response, gathered);
    if (!absorbed.ok()) co_return absorbed;
    if (response->name == "BYE" && !gathered.logout) {
      response->kind = ImapResponse::Kind::kTagged;
      response->status = *bye_;
      co_return response;
    }
  }
  co_return ProtocolError("over 100000 responses to one command");
}

Task<absl::StatusOr<ImapStatus>> ImapClient::ReadTagged(std::string tag, Gathered& gathered) {
  absl::StatusOr<ImapResponse> answer = co_await NextAnswer(std::move(tag), gathered);
  if (!answer.ok()) co_return answer.status();
  if (answer->kind == ImapResponse::Kind::kContinuation) {
    co_return ProtocolError("a continuation that nobody asked for");
  }
  co_return answer->status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Run(std::string command, Gathered& gathered) {
  if (bye_.has_value() && !gathered.logout) co_return *bye_;
  std::string tag = NextTag();
  std::string line = Concat(tag, " ", command, "\r\n");
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<ImapStatus> status = co_await ReadTagged(std::move(tag), gathered);
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Run(std::string command) {
  Gathered gathered;
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  co_return status;
}

Task<absl::StatusOr<ImapGreeting>> ImapClient::ReadGreeting() {
  absl::StatusOr<ImapResponse> response = co_await ReadResponse();
  if (!response.ok()) co_return response.status();
  ImapGreeting greeting;
  greeting.text = response->status.text;
  if (response->kind != ImapResponse::Kind::kUntagged) co_return ProtocolError("not a greeting");
  if (response->name == "BYE") {
    greeting.kind = ImapGreeting::Kind::kBye;
    bye_ = ByeStatus(response->status);
    greeting.text = bye_->text;
  } else if (response->name == "PREAUTH") {
    greeting.kind = ImapGreeting::Kind::kPreauth;
  } else if (response->name != "OK") {
    co_return ProtocolError("not a greeting");
  }
  Gathered gathered;
  AbsorbCode(response->status, gathered);
  co_return greeting;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Capability() {
  std::string command = "CAPABILITY";
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::StartTlsCommand() {
  std::string command = "STARTTLS";
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  // What was said in the clear may have been said by anybody (RFC 3501 section 6.2.1).
  capabilities_.clear();
  capabilities_known_ = false;
  co_return status;
}

Task<absl::StatusOr<ImapMailbox>> ImapClient::Open(std::string verb, std::string mailbox) {
  absl::Status fit = CheckText("the mailbox name", mailbox);
  if (!fit.ok()) co_return fit;
  Gathered gathered;
  exists_ = 0;
  std::string command = Concat(verb, " ", ImapQuoted(ModifiedUtf7(mailbox)));
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  if (!status.ok()) co_return status.status();
  grown_ = false;
  gathered.mailbox.exists = exists_;
  gathered.mailbox.status = *std::move(status);
  co_return std::move(gathered.mailbox);
}

Task<absl::StatusOr<ImapMailbox>> ImapClient::Select(std::string mailbox) {
  std::string verb = "SELECT";
  absl::StatusOr<ImapMailbox> opened = co_await Open(std::move(verb), std::move(mailbox));
  co_return opened;
}

Task<absl::StatusOr<ImapMailbox>> ImapClient::Examine(std::string mailbox) {
  std::string verb = "EXAMINE";
  absl::StatusOr<ImapMailbox> opened = co_await Open(std::move(verb), std::move(mailbox));
  co_return opened;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Noop() {
  std::string command = "NOOP";
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

}  // namespace postwatch
