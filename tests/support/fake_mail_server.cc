#include "tests/support/fake_mail_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "tests/support/fake_pop3_stream.h"
#include "tests/support/fake_server_stream.h"

namespace postwatch {
namespace {

constexpr uint16_t kSmtpPorts[] = {25, 465, 587};
constexpr uint16_t kPop3Port = 995;

std::string HeadersOf(const std::string& text) { return text.substr(0, text.find("\r\n\r\n") + 4); }

}  // namespace

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
      if (server_.offers_dsn) Say("250-DSN");
      Say("250-8BITMIME");
      Say(Concat("250 ", server_.size));
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
    const absl::Duration until = server_.shows_nothing_new ? opened_ : clock_.Steady();
    for (Message& message : server_.Folder(folder_)) {
      if (message.visible <= until) messages.push_back(&message);
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
    const absl::Duration left = opened_ + server_.imap_session_lasts - clock_.Steady();
    absl::Duration wait = std::min(limit, std::max(left, absl::ZeroDuration()));
    if (!idle_tag_.empty() && server_.chats_in_idle) wait = std::min(wait, absl::Seconds(1));
    for (const Message& message : server_.Folder(folder_)) {
      const absl::Duration until = message.visible - clock_.Steady();
      const bool told = !idle_tag_.empty() && server_.announces_in_idle;
      if (told && until > absl::ZeroDuration()) wait = std::min(wait, until);
    }
    clock_.Advance(wait);
    closed_ = wait >= left;
    if (closed_ || idle_tag_.empty()) return;
    if (server_.announces_in_idle) Announce();
    if (server_.chats_in_idle && wait < limit) Say("* OK Still here");
  }

  void Take(const std::string& line) override {
    server_.imap_commands.push_back(line);
    if (line == "DONE") {
      server_.longest_idle = std::max(server_.longest_idle, clock_.Steady() - idled_);
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
                 server_.has_idle ? " IDLE" : "", server_.is_gmail ? " X-GM-EXT-1 MOVE" : "",
                 server_.list_capabilities));
    } else if (command.starts_with("LIST ")) {
      return List(command);
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
    } else if (command.starts_with("UID STORE ") && server_.drop_at_next_store) {
      std::exchange(server_.drop_at_next_store, nullptr)();
      closed_ = true;
      return;
    } else if (command.starts_with("UID STORE ")) {
      for (Message* message : Visible()) {
        if (message->uid == Number(command.substr(10))) message->deleted = true;
      }
    } else if (command.starts_with("UID MOVE ")) {
      return Move(Number(command.substr(9)), command.substr(command.find('"') + 1));
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
    const bool exists = name == "INBOX" || !server_.Folder(name).empty();
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

  void List(const std::string& command) {
    if (command.starts_with("LIST (") && server_.refuses_extended_list) {
      return Say(Concat(tag_, " BAD what?"));
    }
    for (const std::string& line : server_.list_lines) Say(Concat("* LIST ", line));
    Say(Concat(tag_, " OK done"));
  }

  void Move(uint32_t uid, std::string name) {
    name.pop_back();
    if (server_.Folder(name).empty()) return Say(Concat(tag_, " NO [TRYCREATE] no such mailbox"));
    for (const Message* message : Visible()) {
      if (message->uid == uid) server_.Put(name, message->text);
    }
    std::erase_if(server_.Folder(folder_),
                  [uid](const Message& message) { return message.uid == uid; });
    Say(Concat(tag_, " OK done"));
  }

  void StartIdle() {
    if (server_.drop_imap_after_idles == 0) {
      server_.drop_imap_after_idles = -1;
      closed_ = true;
      return;
    }
    if (server_.drop_imap_after_idles > 0) --server_.drop_imap_after_idles;
    if (server_.before_idle) server_.before_idle();
    if (server_.forgets_before_idle) told_ = Visible().size();
    idle_tag_ = tag_;
    idled_ = clock_.Steady();
    Say("+ idling");
    if (server_.announces_in_idle) Announce();
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
      const size_t part = arguments.find("<0.");
      const size_t most = part == arguments.npos ? text.npos : Number(arguments.substr(part + 3));
      const std::string body = (headers_only ? HeadersOf(text) : text).substr(0, most);
      const absl::Time arrived = clock_.Now() - (clock_.Steady() - messages[i]->visible);
      Append(out_, "* ", i + 1, " FETCH (UID ", uid, " RFC822.SIZE ", text.size(),
             " INTERNALDATE \"",
             absl::FormatTime("%d-%b-%Y %H:%M:%S %z", arrived, absl::UTCTimeZone()), "\" BODY[] {",
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
  const absl::Duration opened_ = clock_.Steady();
  absl::Duration idled_;
};

Task<absl::StatusOr<std::unique_ptr<Stream>>> FakeMailServer::Dial(Address address,
                                                                   absl::Duration) {
  dialed.push_back(AddressText(address));
  const bool smtp = std::count(std::begin(kSmtpPorts), std::end(kSmtpPorts), address.port) > 0;
  if (!smtp && refuse_connections) {
    co_return NetStatus(NetError::kRefused, Concat("connect to ", AddressText(address)));
  }
  std::unique_ptr<Stream> stream;
  if (smtp) {
    stream = std::make_unique<FakeSmtpStream>(*this, clock_);
  } else if (address.port == kPop3Port) {
    ++pop3_sessions;
    stream = NewFakePop3Stream(*this, clock_);
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
  if (keeps_sent) Put("Sent", letter);
  if (!delivery.has_value()) return;
  if (on_delivery) letter = on_delivery(std::move(letter));
  for (int i = 0; i < copies; ++i) Put(deliver_to, letter, *delivery);
  if (!also_deliver_to.empty()) Put(also_deliver_to, letter, *delivery);
}

}  // namespace postwatch
