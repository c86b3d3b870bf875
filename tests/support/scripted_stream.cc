#include "tests/support/scripted_stream.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/text.h"

namespace postwatch {
namespace {

using Kind = ScriptLine::Kind;

struct Distrust {
  std::string_view name;
  long verify_error;
};

constexpr Distrust kDistrusts[] = {
    {"untrusted-expired", X509_V_ERR_CERT_HAS_EXPIRED},
    {"untrusted-not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
    {"untrusted-self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
    {"untrusted-root", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
    {"untrusted-chain", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
    {"untrusted-revoked", X509_V_ERR_CERT_REVOKED},
    {"untrusted-name", X509_V_OK},
};

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool ConsumeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool Matches(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == text;
  if (!ConsumePrefix(text, pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t at = 0; at <= text.size(); ++at) {
    if (Matches(rest, text.substr(at))) return true;
  }
  return false;
}

bool LineMatches(const ScriptLine& expected, std::string_view text) {
  if (expected.glob) return Matches(expected.text, text);
  std::string_view pattern = expected.text;
  if (ConsumeSuffix(pattern, "*")) return text.starts_with(pattern);
  return pattern == text;
}

std::string Describe(const ScriptLine* line) {
  if (line == nullptr) return "the end of the script";
  const std::string where = Concat("line ", line->number, ": ");
  switch (line->kind) {
    case Kind::kSend:
      return Concat(where, "the server sends '", line->text, "'");
    case Kind::kEnd:
      return Concat(where, "S! ", line->text);
    case Kind::kDelay:
      return Concat(where, "S! delay ", line->text);
    case Kind::kExpect:
      return Concat(where, "the client sends '", line->text, "'");
    case Kind::kExpectBytes:
      return Concat(where, "the client sends '", line->text, "' without a line end");
    case Kind::kMessage:
      return Concat(where, "C! message");
    case Kind::kStartTls:
      return Concat(where, "C! starttls ", line->text);
    case Kind::kClientClose:
      return Concat(where, "C! close");
  }
  return where;
}

absl::Duration ParseLifetime(std::string_view text) {
  absl::Duration lifetime = absl::Hours(24 * 60);
  const bool days = ConsumeSuffix(text, "d");
  if (!absl::ParseDuration(days ? Concat(text, "h") : std::string(text), &lifetime)) {
    ADD_FAILURE() << "not a lifetime: " << text;
  }
  return days ? 24 * lifetime : lifetime;
}

TlsFacts MakeFacts(const TlsSettings& settings, absl::Time now, std::string_view how) {
  CertificateFacts leaf;
  leaf.subject = Concat("CN=", settings.server_name);
  leaf.issuer = "CN=Scripted CA";
  leaf.dns_names = {settings.server_name};
  leaf.not_before = now - absl::Hours(24 * 30);
  leaf.not_after = now + absl::Hours(24 * 60);
  leaf.sha256 = std::string(64, 'a');
  leaf.key_bits = 256;
  leaf.der = Concat("certificate of ", settings.server_name);
  leaf.spki = Concat("key of ", settings.server_name);
  if (ConsumePrefix(how, "lasts ")) leaf.not_after = now + ParseLifetime(how);
  if (how == "untrusted-expired") leaf.not_after = now - absl::Hours(24);
  if (how == "untrusted-not-yet-valid") leaf.not_before = now + absl::Hours(24);
  if (how == "untrusted-self-signed") {
    leaf.issuer = leaf.subject;
    leaf.self_signed = true;
  }
  if (how == "untrusted-name") leaf.dns_names = {"other.example"};
  leaf.must_staple = how == "must-staple" || how == "stapled";
  TlsFacts facts;
  facts.stapled = how == "stapled";
  facts.version = "TLSv1.3";
  facts.cipher = "TLS_AES_256_GCM_SHA384";
  if (how == "diagnostic TLSv1") facts.version = "TLSv1";
  facts.chain = {leaf};
  facts.verified = true;
  facts.name_matches = how != "untrusted-name";
  for (const Distrust& distrust : kDistrusts) {
    if (distrust.name != how) continue;
    facts.verified = false;
    facts.verify_error = distrust.verify_error;
    facts.verify_text = X509_verify_cert_error_string(distrust.verify_error);
    if (how == "untrusted-root") facts.verify_depth = 1;
  }
  return facts;
}

}  // namespace

ScriptedStream::ScriptedStream(Script script, FakeClock* clock, Transcript* transcript)
    : script_(std::move(script)),
      clock_(clock),
      transcript_(transcript != nullptr ? transcript : &own_transcript_) {}

ScriptedStream::ScriptedStream(std::string_view script, FakeClock* clock, Transcript* transcript)
    : ScriptedStream(ParseScript(script), clock, transcript) {}

ScriptedStream::~ScriptedStream() { Close(); }

const ScriptLine* ScriptedStream::Next() const {
  return at_ < script_.lines.size() ? &script_.lines[at_] : nullptr;
}

absl::Status ScriptedStream::Mismatch(std::string_view did) {
  ADD_FAILURE() << script_.name << ": expected " << Describe(Next()) << ", but " << did;
  return Break(NetError::kOther, Concat("script mismatch: ", did));
}

absl::Status ScriptedStream::Break(NetError error, std::string_view what) {
  broken_ = NetStatus(error, what);
  return broken_;
}

bool ScriptedStream::HasBuffered() const {
  const ScriptLine* next = Next();
  return !buffer_.empty() || (broken_.ok() && next != nullptr && next->kind == Kind::kSend);
}

void ScriptedStream::Close() {
  if (closed_) return;
  closed_ = true;
  if (!broken_.ok()) return;
  broken_ = NetStatus(NetError::kClosed, "the stream was closed by its owner");
  if (Next() != nullptr && Next()->kind == Kind::kClientClose) ++at_;
  if (Next() != nullptr) {
    ADD_FAILURE() << script_.name << ": the client closed, but the script goes on with "
                  << Describe(Next());
  }
}

// The operation ends as the script says: close, reset, silence or hang. All but silence end the
// connection with it.
Task<absl::Status> ScriptedStream::End(std::string how) {
  if (how == "close") co_return Break(NetError::kClosed, "the peer closed the connection");
  if (how == "reset") co_return Break(NetError::kReset, "the peer reset the connection");
  if (how == "silence") {
    if (clock_ != nullptr) clock_->Advance(timeout_);
    co_return NetStatus(NetError::kTimeout,
                        Concat("the peer was silent for ", absl::FormatDuration(timeout_)));
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  boost::asio::steady_timer never(executor, boost::asio::steady_timer::time_point::max());
  co_await never.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return Break(NetError::kCancelled, "the operation was cancelled");
}

// Plays the next server line into the buffer, or ends the connection.
Task<absl::Status> ScriptedStream::More(std::string_view want) {
  if (!broken_.ok()) co_return broken_;
  const ScriptLine* last = Next();
  if (last != nullptr && last->kind == Kind::kExpectBytes && pending_ == last->text) {
    transcript_->sent.push_back(std::exchange(pending_, ""));
    ++at_;
  }
  if (!pending_.empty()) {
    co_return Mismatch(Concat("the client reads after '", pending_, "' without a line end"));
  }
  const ScriptLine* next = Next();
  if (next == nullptr) co_return Mismatch(Concat("the client waits for ", want));
  switch (next->kind) {
    case Kind::kSend:
      buffer_ += next->text;
      ++at_;
      co_return absl::OkStatus();
    case Kind::kDelay: {
      absl::Duration delay;
      absl::ParseDuration(next->text, &delay);
      ++at_;
      if (clock_ != nullptr) clock_->Advance(delay);
      co_return absl::OkStatus();
    }
    case Kind::kEnd: {
      ++at_;
      const std::string how = next->text;
      co_return co_await End(how);
    }
    default:
      co_return Mismatch(Concat("the client waits for ", want));
  }
}

Task<absl::StatusOr<std::string>> ScriptedStream::ReadLine(size_t max_bytes) {
  for (;;) {
    const size_t end = buffer_.find('\n');
    if ((end == buffer_.npos ? buffer_.size() : end) > max_bytes + 1) {
      co_return Break(NetError::kTooLong, Concat("no line end within ", max_bytes));
    }
    if (end != buffer_.npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      co_return line;
    }
    absl::Status more = co_await More("a line");
    if (!more.ok()) co_return more;
  }
}

Task<absl::StatusOr<std::string>> ScriptedStream::ReadExactly(size_t count) {
  while (buffer_.size() < count) {
    absl::Status more = co_await More("bytes");
    if (!more.ok()) {
      broken_ = more;
      co_return more;
    }
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  co_return bytes;
}

Task<absl::StatusOr<std::string>> ScriptedStream::ReadSome(size_t max_bytes) {
  while (buffer_.empty()) {
    absl::Status more = co_await More("bytes");
    if (!more.ok()) co_return more;
  }
  std::string bytes = buffer_.substr(0, max_bytes);
  buffer_.erase(0, max_bytes);
  co_return bytes;
}

absl::Status ScriptedStream::TakeClientLine(const std::string& line) {
  transcript_->sent.push_back(line);
  if (in_message_) {
    if (line == ".") {
      in_message_ = false;
    } else {
      Append(transcript_->message, line, "\r\n");
    }
    return absl::OkStatus();
  }
  const ScriptLine* next = Next();
  if (next != nullptr && next->kind == Kind::kMessage) {
    ++at_;
    transcript_->message.clear();
    in_message_ = line != ".";
    if (in_message_) transcript_->message = Concat(line, "\r\n");
    return absl::OkStatus();
  }
  if (next == nullptr || next->kind != Kind::kExpect || !LineMatches(*next, line)) {
    return Mismatch(Concat("the client sent '", line, "'"));
  }
  ++at_;
  return absl::OkStatus();
}

Task<absl::Status> ScriptedStream::Write(std::string bytes) {
  if (!broken_.ok()) co_return broken_;
  const ScriptLine* next = Next();
  if (buffer_.empty() && next != nullptr && next->kind == Kind::kEnd) {
    ++at_;
    const std::string how = next->text;
    broken_ = co_await End(how);
    co_return broken_;
  }
  pending_ += bytes;
  for (size_t end = pending_.find('\n'); end != pending_.npos; end = pending_.find('\n')) {
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    if (line.empty() || line.back() != '\r') {
      co_return Mismatch(Concat("the client sent '", line, "' with a bare LF"));
    }
    line.pop_back();
    absl::Status taken = TakeClientLine(line);
    if (!taken.ok()) co_return taken;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> ScriptedStream::StartTls(TlsSettings settings) {
  if (!broken_.ok()) co_return broken_;
  if (HasBuffered()) {
    co_return Break(NetError::kPlaintextInjection, "the peer sent text before the TLS handshake");
  }
  const ScriptLine* next = Next();
  if (next != nullptr && next->kind == Kind::kEnd) {
    ++at_;
    const std::string how = next->text;
    broken_ = co_await End(how);
    co_return broken_;
  }
  if (next == nullptr || next->kind != Kind::kStartTls) {
    co_return Mismatch("the client starts TLS");
  }
  ++at_;
  const std::string how = next->text;
  if (how == "handshake") {
    co_return Break(NetError::kTlsHandshake, "TLS handshake: sslv3 alert handshake failure");
  }
  if (how == "version") {
    co_return Break(NetError::kTlsVersion, "TLS handshake: unsupported protocol");
  }
  if (how == "reset" || how == "close" || how == "silence" || how == "hang") {
    broken_ = co_await End(how);
    co_return broken_;
  }
  if (how.starts_with("diagnostic") != settings.diagnostic) {
    co_return Mismatch(settings.diagnostic ? "the client starts TLS with anything it gets"
                                           : "the client starts TLS as usual");
  }
  const absl::Time now = clock_ != nullptr ? clock_->Now() : FakeClock().Now();
  facts_ = std::make_unique<TlsFacts>(MakeFacts(settings, now, how));
  const bool known = how.empty() || how.starts_with("lasts ") || how.starts_with("diagnostic") ||
                     how == "must-staple" || how == "stapled";
  if (!known && facts_->verified) {
    co_return Mismatch(Concat("there is no way '", how, "' to start TLS"));
  }
  if (facts_->verified || !settings.require_verified) co_return absl::OkStatus();
  co_return Break(NetError::kTlsUntrusted,
                  Concat("the certificate of ", settings.server_name, " is not trusted"));
}

Task<absl::StatusOr<std::unique_ptr<Stream>>> ScriptedDialer::Dial(Address address,
                                                                   absl::Duration timeout) {
  const std::string text = AddressText(address);
  dialed_.push_back(text);
  std::deque<Answer>* queue = &queues_[text];
  if (queue->empty()) queue = &queues_[""];
  if (queue->empty()) {
    ADD_FAILURE() << "nothing is scripted for " << text;
    co_return NetStatus(NetError::kUnreachable, Concat("connect to ", text));
  }
  Answer answer = std::move(queue->front());
  queue->pop_front();
  if (answer.error.has_value()) {
    if (*answer.error == NetError::kTimeout && clock_ != nullptr) clock_->Advance(timeout);
    co_return NetStatus(*answer.error, Concat("connect to ", text, " failed as scripted"));
  }
  std::unique_ptr<Stream> stream =
      std::make_unique<ScriptedStream>(std::move(answer.script), clock_, &transcript_);
  co_return stream;
}

}  // namespace postwatch
