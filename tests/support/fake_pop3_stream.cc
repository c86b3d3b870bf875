#include "tests/support/fake_pop3_stream.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "tests/support/fake_server_stream.h"

namespace postwatch {

class FakePop3Stream : public FakeServerStream {
 public:
  FakePop3Stream(FakeMailServer& server, FakeClock& clock)
      : FakeServerStream(clock), server_(server) {
    for (FakeMailServer::Message& message : server_.Folder("INBOX")) {
      if (message.visible > clock_.Steady()) continue;
      if (message.uid == 0) message.uid = server_.next_uid_++;
      snapshot_.emplace_back(message.uid, message.text);
    }
    Say("+OK ready");
  }

 private:
  void Take(const std::string& line) override {
    server_.pop3_commands.push_back(
        line.starts_with("PASS") || line.starts_with("AUTH") ? line.substr(0, 4) : line);
    if (line == "CAPA") {
      Capabilities();
    } else if (line == "UIDL") {
      Listing();
    } else if (line.starts_with("TOP ")) {
      Message(line, true);
    } else if (line.starts_with("RETR ")) {
      Message(line, false);
    } else if (line.starts_with("DELE ")) {
      marked_.insert(Number(line));
      Say("+OK marked");
    } else if (line == "QUIT") {
      Commit();
      Say("+OK bye");
      closed_ = true;
    } else {
      Say("+OK");
    }
  }

  void Capabilities() {
    Say("+OK");
    Say("USER");
    Say("UIDL");
    Say("SASL PLAIN");
    if (server_.has_top) Say("TOP");
    if (server_.login_delay >= 0) Say(Concat("LOGIN-DELAY ", server_.login_delay));
    Say(".");
  }

  void Listing() {
    Say("+OK");
    for (size_t i = 0; i < snapshot_.size(); ++i) Say(Concat(i + 1, " id", snapshot_[i].first));
    Say(".");
  }

  static size_t Number(const std::string& line) {
    return std::strtoul(line.c_str() + 5 - (line.starts_with("TOP") ? 1 : 0), nullptr, 10);
  }

  void Message(const std::string& line, bool header_only) {
    const size_t number = Number(line);
    if ((header_only && !server_.has_top) || number == 0 || number > snapshot_.size()) {
      return Say("-ERR no");
    }
    const std::string& text = snapshot_[number - 1].second;
    const size_t end = header_only ? text.find("\r\n\r\n") + 2 : text.size();
    Say("+OK");
    for (std::string_view each : Split(std::string_view(text).substr(0, end), '\n')) {
      if (each.empty()) continue;
      if (each.ends_with('\r')) each.remove_suffix(1);
      Say(Concat(each.starts_with('.') ? "." : "", each));
    }
    Say(".");
  }

  void Commit() {
    if (server_.keeps_deleted) return;
    for (const size_t number : marked_) {
      const uint32_t uid = snapshot_[number - 1].first;
      std::erase_if(server_.Folder("INBOX"),
                    [uid](const auto& message) { return message.uid == uid; });
    }
  }

  FakeMailServer& server_;
  std::vector<std::pair<uint32_t, std::string>> snapshot_;  // uid, text
  std::set<size_t> marked_;
};

std::unique_ptr<Stream> NewFakePop3Stream(FakeMailServer& server, FakeClock& clock) {
  return std::make_unique<FakePop3Stream>(server, clock);
}

}  // namespace postwatch
