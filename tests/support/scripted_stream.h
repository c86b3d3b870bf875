// ScriptedStream: plays the server's side of a mail session from a script, without a socket.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/dialer.h"
#include "common/net/stream.h"
#include "tests/support/fake_clock.h"

namespace postwatch {

// A script is a list of lines, played in order:
//   # comment, and empty lines   ignored
//   S: text                      the server sends the text and CRLF
//   S! raw a\r\nb\x00            the server sends these bytes (C escapes), no CRLF added
//   S! close | reset             EOF | RST
//   S! silence                   the pending operation times out; a ReadLine may be tried again
//   S! hang                      the pending operation ends only by cancellation
//   S! delay 1500ms              the fake clock advances; needs one
//   C: text                      the client must send exactly this line; a final * is any rest
//   C~ a*b*                      the same, with * for anything anywhere
//   C= text                      the same text without a line end, before the client reads again
//   C! message                   any lines up to and including the "." that ends DATA
//   C! starttls [how]            the client calls StartTls. `how`:
//        (nothing)               trusted, TLSv1.3, 60 days to live
//        lasts 3d                the same with another lifetime (d, h, or any absl duration)
//        must-staple | stapled   the certificate demands an OCSP response, and has none | one
//        untrusted-expired | -not-yet-valid | -self-signed | -root | -chain | -revoked | -name
//        diagnostic [TLSv1]      what a client that takes anything finds (TlsSettings::diagnostic)
//        handshake | version | reset | close | silence | hang     the handshake fails this way
//   C! close                     the client closes (may be left out)
// Whatever else the client does is a GoogleTest failure, as are lines never played, unless the
// connection had broken before them.
struct ScriptLine {
  enum class Kind { kSend, kEnd, kDelay, kExpect, kExpectBytes, kMessage, kStartTls, kClientClose };
  Kind kind;
  std::string text;   // bytes to send, pattern to expect, or the word after S! / C! starttls
  bool glob = false;  // kExpect: * anywhere
  int number = 0;     // line in the script, from 1
};

struct Script {
  std::string name;  // for messages
  std::vector<ScriptLine> lines;
};

// Malformed script text is a GoogleTest failure and gives an empty script.
Script ParseScript(std::string_view text, std::string name = "script");

// tests/testdata/sessions/<name>, with the given replacements made in the text first.
Script LoadScript(const std::string& name,
                  const std::vector<std::pair<std::string, std::string>>& replacements = {});

// What the client did, kept beyond the life of the streams.
struct Transcript {
  std::vector<std::string> sent;  // client lines without CRLF
  std::string message;            // of the last "C! message", as sent, without the final "."
};

class ScriptedStream : public Stream {
 public:
  // The clock may be null; with one, delays and timeouts take their time on it. Both outlive this.
  ScriptedStream(Script script, FakeClock* clock = nullptr, Transcript* transcript = nullptr);
  explicit ScriptedStream(std::string_view script, FakeClock* clock = nullptr,
                          Transcript* transcript = nullptr);
  ~ScriptedStream() override;

  void SetTimeout(absl::Duration per_operation) override { timeout_ = per_operation; }
  Task<absl::StatusOr<std::string>> ReadLine(size_t max_bytes) override;
  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override;
  Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) override;
  Task<absl::Status> Write(std::string bytes) override;
  Task<absl::Status> StartTls(TlsSettings settings) override;
  const TlsFacts* tls() const override { return facts_ ? facts_.get() : nullptr; }
  bool HasBuffered() const override;
  void Close() override;

  bool closed() const { return closed_; }
  absl::Duration timeout() const { return timeout_; }
  const std::vector<std::string>& sent() const { return transcript_->sent; }

 private:
  const ScriptLine* Next() const;
  absl::Status Mismatch(std::string_view did);
  absl::Status Break(NetError error, std::string_view what);
  Task<absl::Status> End(std::string how);
  Task<absl::Status> More(std::string_view want);
  absl::Status TakeClientLine(const std::string& line);

  Script script_;
  FakeClock* clock_;
  Transcript own_transcript_;
  Transcript* transcript_;
  size_t at_ = 0;
  std::string buffer_;   // sent by the server, not read yet
  std::string pending_;  // written by the client, no line end yet
  bool in_message_ = false;
  absl::Status broken_;  // not OK once the connection has ended
  bool closed_ = false;
  absl::Duration timeout_ = absl::Seconds(30);
  std::unique_ptr<TlsFacts> facts_;
};

// Hands out scripted streams and dial errors, first those for the very address, else in order.
class ScriptedDialer : public Dialer {
 public:
  explicit ScriptedDialer(FakeClock* clock = nullptr) : clock_(clock) {}

  void Add(std::string_view script) { Push("", ParseScript(script)); }
  void Add(Script script) { Push("", std::move(script)); }
  void AddFile(const std::string& name) { Push("", LoadScript(name)); }
  void AddFailure(NetError error) { queues_[""].push_back({{}, error}); }

  // `address` as AddressText writes it: "198.18.11.2:25".
  void AddFor(const std::string& address, std::string_view script) {
    Push(address, ParseScript(script));
  }
  void AddFor(const std::string& address, Script script) { Push(address, std::move(script)); }
  void AddFailureFor(const std::string& address, NetError error) {
    queues_[address].push_back({{}, error});
  }

  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                     absl::Duration timeout) override;

  // Addresses in the order of the calls, as AddressText writes them.
  const std::vector<std::string>& dialed() const { return dialed_; }

  // What all the streams were sent, in order.
  const Transcript& transcript() const { return transcript_; }

 private:
  struct Answer {
    Script script;
    std::optional<NetError> error;
  };

  void Push(const std::string& address, Script script) {
    queues_[address].push_back({std::move(script), std::nullopt});
  }

  FakeClock* clock_;
  std::map<std::string, std::deque<Answer>> queues_;  // "" = any address
  std::vector<std::string> dialed_;
  Transcript transcript_;
};

}  // namespace postwatch
