// RoundtripFixture: a round trip against a FakeMailServer, in virtual time.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/mail/probe_message.h"
#include "tests/support/fake_mail_server.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {

class RoundtripFixture : public ProbeFixture {
 protected:
  RoundtripFixture() {
    dialer_ = &server_;
    resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"}));
    probe_ = Make(spec_);
  }

  Observation RunTrip() {
    seen_ = RunAll(*probe_, spec_);
    for (const Observation& observation : seen_) ExpectNoSecret(observation, kPassword);
    return seen_.front();
  }
  // As the agent does after a restart: a new probe, the old ledger.
  void Restart() { probe_ = Make(spec_); }
  void Configure(std::initializer_list<std::pair<std::string, Settings>> entries) {
    for (const auto& [key, value] : entries) spec_.settings.Set(key, value);
    Restart();
  }
  // Long enough for the janitor.
  void GiveTime() {
    spec_.timeout = absl::Minutes(2);
    Configure({{"delivery_deadline", Text("25s")}});
  }
  size_t InboxSize() { return server_.Folder("INBOX").size(); }
  // "class: detail" of the finding; "" when there is none of the class.
  static std::string FindingDetail(const Observation& seen, FailureClass klass) {
    for (const Failure& finding : seen.findings) {
      if (finding.klass == klass) return finding.detail;
    }
    return "";
  }
  static std::string Fact(const Observation& seen, const std::string& key) {
    const auto it = seen.evidence.facts.find(key);
    return it == seen.evidence.facts.end() ? "none" : it->second;
  }
  // The mark of a letter that this fleet could have sent `age` ago.
  std::string Signed(absl::Duration age, char digit = 'a') {
    const ProbeToken token{std::string(32, digit), "other", clock_.Now() - age};
    return SignToken(token, Secret(secrets_["fleet"]));
  }
  static std::string TokenOf(const std::string& letter) {
    const size_t at = letter.find("X-Probe-Token: ") + 15;
    return letter.substr(at, letter.find("\r\n", at) - at);
  }

  FakeMailServer server_{clock_};
  CheckSpec spec_ = Spec("roundtrip", Keys({{"mailbox", MailboxKeys()}}));
  std::unique_ptr<Probe> probe_;
  std::vector<Observation> seen_;
};

}  // namespace postwatch::agent
