#include "common/mail/pop3_client.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

// RFC 2449 section 4, with the CRLF; a longer SASL response waits for the server's "+".
constexpr size_t kMaxCommandLine = 255;
// Longest line of a message: what a Stream takes.
constexpr size_t kMaxMessageLine = 64 * 1024;
constexpr size_t kMaxCapaLines = 1000;
constexpr auto kListed = static_cast<std::ptrdiff_t>(kMaxPop3Listing);
// Lines of one UIDL, kept or not.
constexpr size_t kMaxUidlLines = 1'000'000;

absl::Status ProtocolError(std::string_view what) {
  return absl::InvalidArgumentError(Concat("pop3 protocol: ", what));
}

Task<absl::StatusOr<std::string>> ReadTextLine(Stream& stream) {
  absl::StatusOr<std::string> line = co_await stream.ReadLine(kMaxMessageLine);
  if (!line.ok() && GetNetError(line.status()) == NetError::kTooLong) {
    co_return ProtocolError("a line over 64 KiB");
  }
  co_return line;
}

}  // namespace

Task<absl::StatusOr<Pop3Status>> Pop3Client::ReadStatus() {
  absl::StatusOr<std::string> line = co_await stream_.ReadLine(kMaxPop3Line);
  if (!line.ok()) {
    if (GetNetError(line.status()) == NetError::kTooLong) {
      co_return ProtocolError("a reply over 4 KiB");
    }
    co_return line.status();
  }
  std::optional<Pop3Status> status = ParsePop3Status(*line);
  if (!status.has_value()) {
    co_return ProtocolError(Concat("not a reply: '", PeerText(*line, 80), "'"));
  }
  co_return *std::move(status);
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Say(std::string line) {
  if (stream_.HasBuffered()) {
    // Taken for the answer to what comes next, it would shift every later reply by one.
    absl::StatusOr<Pop3Status> early = co_await ReadStatus();
    if (!early.ok() || early->kind == Pop3Status::Kind::kError) co_return early;
    co_return ProtocolError("a reply before its command");
  }
  line += "\r\n";
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<Pop3Status> status = co_await ReadStatus();
  co_return status;
}

// A command that no continuation answers.
Task<absl::StatusOr<Pop3Status>> Pop3Client::Command(std::string line) {
  absl::StatusOr<Pop3Status> status = co_await Say(std::move(line));
  if (status.ok() && status->kind == Pop3Status::Kind::kContinuation) {
    co_return ProtocolError("a continuation that nobody asked for");
  }
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::ReadGreeting() {
  absl::StatusOr<Pop3Status> status = co_await ReadStatus();
  if (status.ok() && status->kind == Pop3Status::Kind::kContinuation) {
    co_return ProtocolError("not a greeting");
  }
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Capa() {
  capabilities_.Clear();
  std::string command = "CAPA";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  if (!status.ok() || !status->ok()) co_return status;
  for (size_t i = 0; i < kMaxCapaLines; ++i) {
    absl::StatusOr<std::string> line = co_await ReadTextLine(stream_);
    if (!line.ok()) co_return line.status();
    if (EndsPop3Lines(*line)) co_return status;
    capabilities_.Add(UnstuffPop3Line(*line));
  }
  co_return ProtocolError("over 1000 capabilities");
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::StlsCommand() {
  std::string command = "STLS";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  // What was said in the clear may have been said by anybody (RFC 2595 section 4).
  capabilities_.Clear();
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::UserPass(std::string username,
                                                      const Secret& password) {
  absl::Status fit = CheckSaslCredential(username, password.Reveal());
  if (!fit.ok()) co_return fit;
  const CredentialScrubber scrubber(username, password.Reveal());
  std::string command = Concat("USER ", username);
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  if (status.ok() && status->ok()) {
    command = Concat("PASS ", password.Reveal());
    status = co_await Command(std::move(command));
  }
  co_return scrubber.ScrubAnswer(std::move(status));
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Authenticate(SaslExchange& exchange) {
  std::string command = Concat("AUTH ", exchange.mechanism());
  const size_t taken = command.size() + std::string_view(" \r\n").size();
  const std::optional<std::string> initial = exchange.Initial(kMaxCommandLine - taken);
  if (initial.has_value()) Append(command, " ", *initial);
  absl::StatusOr<Pop3Status> status = co_await Say(std::move(command));
  for (int round = 0; round <= kMaxSaslRounds; ++round) {
    const bool asked = status.ok() && status->kind == Pop3Status::Kind::kContinuation;
    if (!asked) co_return exchange.scrubber().ScrubAnswer(std::move(status));
    std::string line = round < kMaxSaslRounds ? exchange.Answer(status->text) : "*";
    status = co_await Say(std::move(line));
  }
  co_return ProtocolError("AUTH does not end");
}

Task<absl::StatusOr<Pop3Maildrop>> Pop3Client::Stat() {
  std::string command = "STAT";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  if (!status.ok()) co_return status.status();
  Pop3Maildrop maildrop{*std::move(status), {}};
  if (maildrop.status.ok()) {
    const std::optional<Pop3Drop> drop = ParsePop3Drop(maildrop.status.text);
    if (!drop.has_value()) co_return ProtocolError("STAT without two numbers");
    maildrop.drop = *drop;
  }
  co_return maildrop;
}

Task<absl::StatusOr<Pop3Listing>> Pop3Client::Uidl() {
  std::string command = "UIDL";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  if (!status.ok()) co_return status.status();
  Pop3Listing listing;
  listing.status = *std::move(status);
  if (!listing.status.ok()) co_return listing;
  for (; listing.total <= kMaxUidlLines; ++listing.total) {
    absl::StatusOr<std::string> line = co_await ReadTextLine(stream_);
    if (!line.ok()) co_return line.status();
    if (EndsPop3Lines(*line)) {
      std::vector<Pop3Entry>& entries = listing.entries;
      if (entries.size() > kMaxPop3Listing) {
        entries.erase(entries.begin(), entries.end() - kListed);
      }
      co_return listing;
    }
    std::optional<Pop3Entry> entry = ParsePop3Entry(*line);
    if (!entry.has_value()) {
      co_return ProtocolError(Concat("not a line of UIDL: '", PeerText(*line, 80), "'"));
    }
    if (listing.entries.size() >= 2 * kMaxPop3Listing) {
      listing.entries.erase(listing.entries.begin(), listing.entries.end() - kListed);
    }
    listing.entries.push_back(*std::move(entry));
  }
  co_return ProtocolError("over a million messages");
}

Task<absl::StatusOr<Pop3Message>> Pop3Client::FetchText(std::string command) {
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  if (!status.ok()) co_return status.status();
  Pop3Message message{*std::move(status), ""};
  while (message.status.ok()) {
    absl::StatusOr<std::string> line = co_await ReadTextLine(stream_);
    if (!line.ok()) co_return line.status();
    if (EndsPop3Lines(*line)) break;
    Append(message.text, UnstuffPop3Line(*line), "\r\n");
    if (message.text.size() > kMaxPop3Message) co_return ProtocolError("a message over 1 MiB");
  }
  co_return message;
}

Task<absl::StatusOr<Pop3Message>> Pop3Client::Top(uint32_t number, uint32_t lines) {
  std::string command = Concat("TOP ", number, " ", lines);
  absl::StatusOr<Pop3Message> message = co_await FetchText(std::move(command));
  co_return message;
}

Task<absl::StatusOr<Pop3Message>> Pop3Client::Retrieve(uint32_t number) {
  std::string command = Concat("RETR ", number);
  absl::StatusOr<Pop3Message> message = co_await FetchText(std::move(command));
  co_return message;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Delete(uint32_t number) {
  std::string command = Concat("DELE ", number);
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Reset() {
  std::string command = "RSET";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Noop() {
  std::string command = "NOOP";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  co_return status;
}

Task<absl::StatusOr<Pop3Status>> Pop3Client::Quit() {
  std::string command = "QUIT";
  absl::StatusOr<Pop3Status> status = co_await Command(std::move(command));
  co_return status;
}

}  // namespace postwatch
