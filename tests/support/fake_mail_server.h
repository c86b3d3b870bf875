// FakeMailServer: one mailbox with SMTP in and IMAP or POP3 out, in memory, for tests in which the
// letter that arrives is the one that was sent.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/dialer.h"
#include "tests/support/fake_clock.h"

namespace postwatch {

// Dials itself: ports 25, 465 and 587 speak SMTP, 995 POP3, the others IMAP. TLS always succeeds,
// verified. Folders exist that hold something, and INBOX.
class FakeMailServer : public Dialer {
 public:
  struct Message {
    uint32_t uid = 0;  // given when it becomes visible
    std::string text;
    absl::Duration visible;  // steady time from which on sessions see it
    bool deleted = false;    // flagged \Deleted
  };

  explicit FakeMailServer(FakeClock& clock) : clock_(clock) {}

  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                     absl::Duration timeout) override;

  // Puts a message into a folder that exists ("INBOX", "Junk"), seen from `delay` on.
  void Put(const std::string& folder, std::string text,
           absl::Duration delay = absl::ZeroDuration());
  std::vector<Message>& Folder(const std::string& folder) { return folders_[folder]; }

  // How the server behaves; set before or between the runs.
  std::optional<absl::Duration> delivery = absl::ZeroDuration();  // nothing: letters vanish
  std::string deliver_to = "INBOX";
  std::string also_deliver_to;  // a copy goes there too
  bool keeps_sent = false;      // the folder "Sent" gets what was handed in
  bool offers_dsn = false;      // RFC 3461
  std::string size = "SIZE 1000000";
  std::string second_user;  // logged in as this, INBOX is the folder "second"
  int copies = 1;
  std::function<std::string(std::string)> on_delivery;  // what the letter becomes on its way
  std::string mail_reply = "250 2.1.0 Ok";
  std::string rcpt_reply = "250 2.1.5 Ok";
  std::string data_reply = "354 go on";
  std::string final_reply = "250 2.0.0 Ok: queued as 4F2";
  bool drop_after_dot = false;        // the letter is taken, the answer is not sent
  bool silent_after_dot = false;      // the same, with the connection left open
  bool refuse_connections = false;    // of IMAP
  std::string login_reply = "OK in";  // tagged answer to the IMAP login
  std::string select_reply;           // instead of SELECT's "OK", tagged
  bool has_uidplus = true;
  bool has_idle = true;
  bool keeps_deleted = false;      // EXPUNGE says OK and does nothing
  int drop_imap_after_idles = -1;  // closes the IMAP connection at this IDLE; -1: never
  uint32_t uid_validity = 7;
  bool is_gmail = false;          // has X-GM-EXT-1 and MOVE
  bool announces_in_idle = true;  // else IDLE says nothing about new messages
  // What happens between the last look and the IDLE; an IDLE that `forgets` says nothing of it.
  std::function<void()> before_idle;
  bool forgets_before_idle = false;
  bool chats_in_idle = false;  // says every second that it is still there
  // A session is shown what was there when it began, and nothing else.
  bool shows_nothing_new = false;
  // Runs before a message is flagged as deleted, once; the connection is closed then.
  std::function<void()> drop_at_next_store;
  absl::Duration imap_session_lasts = absl::InfiniteDuration();  // then the connection is closed
  std::string list_capabilities;                                 // " SPECIAL-USE LIST-EXTENDED"
  std::vector<std::string> list_lines;  // "(\\Junk) \"/\" Werbung", of either LIST
  bool refuses_extended_list = false;
  bool has_top = true;   // of POP3, as is the next
  int login_delay = -1;  // seconds that CAPA tells; -1: nothing

  // What clients said, in order; base64 of logins included.
  std::vector<std::string> imap_commands, smtp_commands;
  std::vector<std::string> letters;  // as handed in
  absl::Duration longest_idle;
  int imap_sessions = 0;
  int pop3_sessions = 0;
  std::vector<std::string> pop3_commands;
  std::vector<std::string> dialed;  // "192.0.2.3:993"

 private:
  friend class FakeSmtpStream;
  friend class FakeImapStream;
  friend class FakePop3Stream;

  void Deliver(std::string letter);

  FakeClock& clock_;
  std::map<std::string, std::vector<Message>> folders_ = {{"INBOX", {}}, {"Junk", {}}};
  uint32_t next_uid_ = 1;
};

}  // namespace postwatch
