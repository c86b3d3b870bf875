#include "tests/support/fake_mail_server.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr uint16_t kSmtpPorts[] = {25, 465, 587};

std::string HeadersOf(const std::string& text) { return text.substr(0, text.find("\r\n\r\n") + 4); }

}  // namespace

// Lines in, lines out; the sides of both protocols derive from it.
class FakeServerStream : public Stream {
 public:
  explicit FakeServerStream(FakeClock& clock) : clock_(clock) {}

  void SetTimeout(absl::Duration per_operation) override { timeout_ = per_operation; }

  Task<absl::StatusOr<std::string>> ReadLine(size_t) override {
    if (out_.find('\n') == out_.npos && !closed_) WaitForMore(timeout_);
    const size_t end = out_.find('\n');
    if (end == out_.npos && closed_) co_return NetStatus(NetError::kClosed, "the peer closed");
    if (end == out_.npos) co_return NetStatus(NetError::kTimeout, "the peer was silent");
    std::string line = out_.substr(0, end);
    out_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
  }

  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override {
    if (out_.size() < count) co_return NetStatus(NetError::kClosed, "the peer closed");
    std::string bytes = out_.substr(0, count);
    out_.erase(0, count);
    co_return bytes;
  }

  Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) override {
    if (out_.empty()) co_return NetStatus(NetError::kClosed, "the peer closed");
    std::string bytes = out_.substr(0, max_bytes);
    out_.erase(0, bytes.size());
    co_return bytes;
  }

  Task<absl::Status> Write(std::string bytes) override {
    if (closed_) co_return NetStatus(NetError::kClosed, "the peer closed");
    in_ += bytes;
    for (size_t end = in_.find("\r\n"); end != in_.npos; end = in_.find("\r\n")) {
      const std::string line = in_.substr(0, end);
      in_.erase(0, end + 2);
      Take(line);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> StartTls(TlsSettings) override {
    facts_.version = "TLSv1.3";
    facts_.cipher = "TLS_AES_256_GCM_SHA384";
    facts_.verified = facts_.name_matches = true;
    tls_ = true;
    co_return absl::OkStatus();
  }

  const TlsFacts* tls() const override { return tls_ ? &facts_ : nullptr; }
  bool HasBuffered() const override { return !out_.empty(); }
  void Close() override { closed_ = true; }

 protected:
  virtual void Take(const std::string& line) = 0;
  // Nothing to read: lets time pass, at most `limit`.
  virtual void WaitForMore(absl::Duration limit) { clock_.Advance(limit); }
  void Say(std::string_view line) { Append(out_, line, "\r\n"); }

  FakeClock& clock_;
  std::string out_;
  bool closed_ = false;

 private:
  std::string in_;
  absl::Duration timeout_ = absl::Seconds(30);
  TlsFacts facts_;
  bool tls_ = false;
};

class FakeSmtpStream : public FakeServerStream {
 public:
  FakeSmtpStream(FakeMailServer& server, FakeClock& clock)
      : FakeServerStream(clock), server_(server) {
    Say("220 mail.alpha.test ESMTP");
  }

 private:
  void Take(const std::string& line) override {
    if (in_data_) return TakeLetter(line);
    server_.smtp_commands.push_back(line);
    if (line.starts_with("EHLO")) {
      Say("250-mail.alpha.test");
      if (tls() == nullptr) Say("250-STARTTLS");
      Say("250-AUTH PLAIN LOGIN");
      Say("250-8BITMIME");
      Say("250 SIZE 1000000");
    } else if (line == "STARTTLS") {
      Say("220 go on");
    } else if (line.starts_with("AUTH")) {
      Say("235 2.7.0 in");
    } else if (line.starts_with("MAIL")) {
      Say(server_.mail_reply);
    } else if (line.starts_with("RCPT")) {
      Say(server_.rcpt_reply);
    } else if (line == "DATA") {
      Say(server_.data_reply);
      in_data_ = server_.data_reply.starts_with("354");
    } else {
      Say(line == "QUIT" ? "221 2.0.0 bye" : "250 2.0.0 Ok");
    }
  }

  void TakeLetter(const std::string& line) {
    if (line != ".") {
      Append(letter_, line.starts_with(".") ? line.substr(1) : line, "\r\n");
      return;
    }
    in_data_ = false;
    if (server_.final_reply.starts_with("2")) server_.Deliver(letter_);
    if (server_.drop_after_dot) {
      closed_ = true;
    } else if (!server_.silent_after_dot) {
      Say(server_.final_reply);
    }
  }

  FakeMailServer& server_;
  bool in_data_ = false;
  std::string letter_;
};

class FakeImapStream : public FakeServerStream {
 public:
  FakeImapStream(FakeMailServer& server, FakeClock& clock)
      : FakeServerStream(clock), server_(server) {
    Say("* OK ready");
  }

 private:
  using Message = FakeMailServer::Message;

  std::vector<Message*> Visible() {
    std::vector<Message*> messages;
    for (Message& message : server_.Folder(folder_)) {
      if (message.visible <= clock_.Steady()) messages.push_back(&message);
    }
    std::stable_sort(messages.begin(), messages.end(),
                     [](const Message* a, const Message* b) { return a->visible < b->visible; });
    for (Message* message : messages) {
      if (message->uid == 0) message->uid = server_.next_uid_++;
    }
    return messages;
  }

  void Announce() {
    const size_t now = Visible().size();
    if (now != told_) Say(Concat("* ", now, " EXISTS"));
    told_ = now;
  }

  void WaitForMore(absl::Duration limit) override {
    absl::Duration wait = limit;
    for (const Message& message : server_.Folder(folder_)) {
      const absl::Duration until = message.visible - clock_.Steady();
      if (!idle_tag_.empty() && until > absl::ZeroDuration()) wait = std::min(wait, until);
    }
    clock_.Advance(wait);
    if (!idle_tag_.empty()) Announce();
  }

  void Take(const std::string& line) override {
    server_.imap_commands.push_back(line);
    if (line == "DONE") {
      Say(Concat(idle_tag_, " OK idle is over"));
      idle_tag_.clear();
      return;
    }
    const size_t space = line.find(' ');
    tag_ = line.substr(0, space);
    TakeCommand(line.substr(space + 1));
  }

  void TakeCommand(const std::string& command) {
    if (command == "CAPABILITY") {
      Say(Concat("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", server_.has_uidplus ? " UIDPLUS" : "",
                 server_.has_idle ? " IDLE" : ""));
    } else if (command.starts_with("AUTHENTICATE")) {
      std::string plain;
      absl::Base64Unescape(command.substr(command.rfind(' ') + 1), &plain);
      is_second_ = !server_.second_user.empty() && ContainsIgnoreCase(plain, server_.second_user);
      return Say(Concat(tag_, " ", server_.login_reply));
    } else if (command.starts_with("SELECT")) {
      return Open(command.substr(7));
    } else if (command == "NOOP") {
      Announce();
    } else if (command == "IDLE") {
      return StartIdle();
    } else if (command == "UID SEARCH DELETED") {
      Search();
    } else if (command.starts_with("UID FETCH ")) {
      Fetch(command.substr(10));
    } else if (command.starts_with("UID STORE ")) {
      for (Message* message : Visible()) {
        if (message->uid == Number(command.substr(10))) message->deleted = true;
      }
    } else if (command.starts_with("UID EXPUNGE ")) {
      Expunge(Number(command.substr(12)));
    } else if (command == "EXPUNGE") {
      Expunge(0);
    } else if (command == "LOGOUT") {
      Say("* BYE bye");
    }
    Say(Concat(tag_, " OK done"));
  }

  static uint32_t Number(const std::string& text) {
    return static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
  }

  void Open(std::string name) {
    std::erase(name, '"');
    const bool exists = name == "INBOX" || (name == "Junk" && !server_.Folder("Junk").empty());
    if (!exists) return Say(Concat(tag_, " NO [NONEXISTENT] no such mailbox"));
    if (!server_.select_reply.empty()) return Say(Concat(tag_, " ", server_.select_reply));
    folder_ = is_second_ && name == "INBOX" ? "second" : name;
    told_ = Visible().size();
    uint32_t next = 1;
    for (const Message* message : Visible()) next = message->uid + 1;
    Say(Concat("* ", told_, " EXISTS"));
    Say(Concat("* OK [UIDVALIDITY ", server_.uid_validity, "] ids"));
    Say(Concat("* OK [UIDNEXT ", next, "] next"));
    Say(Concat(tag_, " OK [READ-WRITE] done"));
  }

  void StartIdle() {
    if (server_.drop_imap_after_idles == 0) {
      server_.drop_imap_after_idles = -1;
      closed_ = true;
      return;
    }
    if (server_.drop_imap_after_idles > 0) --server_.drop_imap_after_idles;
    idle_tag_ = tag_;
    Say("+ idling");
    Announce();
  }

  void Fetch(const std::string& arguments) {
    const uint32_t first = Number(arguments);
    const bool to_end = arguments.find(":*") != arguments.npos;
    const bool headers_only = arguments.find("HEADER") != arguments.npos;
    const std::vector<Message*> messages = Visible();
    for (size_t i = 0; i < messages.size(); ++i) {
      const bool is_last = i + 1 == messages.size();
      const uint32_t uid = messages[i]->uid;
      if (to_end ? uid < first && !is_last : uid != first) continue;
      const std::string& text = messages[i]->text;
      const std::string body = headers_only ? HeadersOf(text) : text;
      Append(out_, "* ", i + 1, " FETCH (UID ", uid, " RFC822.SIZE ", text.size(), " BODY[] {",
             body.size(), "}\r\n", body, ")\r\n");
    }
  }

  void Search() {
    std::string line = "* SEARCH";
    for (const Message* message : Visible()) {
      if (message->deleted) Append(line, " ", message->uid);
    }
    Say(line);
  }

  void Expunge(uint32_t uid) {
    if (server_.keeps_deleted) return;
    std::erase_if(server_.Folder(folder_), [uid](const Message& message) {
      return message.deleted && (uid == 0 || message.uid == uid);
    });
  }

  FakeMailServer& server_;
  std::string folder_ = "INBOX";
  std::string tag_, idle_tag_;
  size_t told_ = 0;
  bool is_second_ = false;
};

Task<absl::StatusOr<std::unique_ptr<Stream>>> FakeMailServer::Dial(Address address,
                                                                   absl::Duration) {
  const bool smtp = std::count(std::begin(kSmtpPorts), std::end(kSmtpPorts), address.port) > 0;
  if (!smtp && refuse_connections) {
    co_return NetStatus(NetError::kRefused, Concat("connect to ", AddressText(address)));
  }
  std::unique_ptr<Stream> stream;
  if (smtp) {
    stream = std::make_unique<FakeSmtpStream>(*this, clock_);
  } else {
    ++imap_sessions;
    stream = std::make_unique<FakeImapStream>(*this, clock_);
  }
  co_return stream;
}

void FakeMailServer::Put(const std::string& folder, std::string text, absl::Duration delay) {
  folders_[folder].push_back({0, std::move(text), clock_.Steady() + delay, false});
}

void FakeMailServer::Deliver(std::string letter) {
  letters.push_back(letter);
  if (!delivery.has_value()) return;
  if (on_delivery) letter = on_delivery(std::move(letter));
  for (int i = 0; i < copies; ++i) Put(deliver_to, letter, *delivery);
}

}  // namespace postwatch
