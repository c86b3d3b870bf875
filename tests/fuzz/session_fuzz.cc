// Fuzzes whole sessions with a server that says any bytes: IMAP behind "*", POP3 behind "+" or "-",
// SMTP behind all else. What is read is bounded, what is written is lines, and no answer to a
// log-in tells the password.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/mail/imap_client.h"
#include "common/mail/peer_text.h"
#include "common/mail/pop3_client.h"
#include "common/mail/smtp_client.h"
#include "tests/fuzz/hostile_stream.h"
#include "tests/support/run_task.h"

namespace {

using postwatch::HostileStream;
using postwatch::Task;

constexpr std::string_view kPassword = "correct-horse-9";
constexpr std::string_view kLetter = "Subject: a\r\n\r\n.one\n..two\rthree";
constexpr uint32_t kFirstUid = 7;

void Require(bool holds) {
  if (!holds) std::abort();
}

postwatch::Secret Password() { return postwatch::Secret(std::string(kPassword)); }

void CheckText(std::string_view text) { Require(postwatch::PeerText(text) == text); }

// Who was not told the password has it from elsewhere.
void CheckSecrecy(const HostileStream& stream, const absl::Status& status, std::string_view text) {
  const std::string& heard = stream.heard();
  const bool told =
      heard.find(kPassword) != heard.npos || heard.find(postwatch::Base64(kPassword)) != heard.npos;
  if (!told) return;
  Require(text.find(kPassword) == text.npos);
  Require(status.ToString().find(kPassword) == std::string::npos);
}

// One command after the other, each with its line end.
void CheckLines(std::string_view heard) {
  Require(heard.find('\0') == heard.npos);
  if (!heard.empty()) Require(heard.ends_with("\r\n"));
}

void CheckQuota(const postwatch::ImapQuota& quota) {
  Require(quota.limits.size() <= 100);
  for (const postwatch::ImapQuotaLimit& limit : quota.limits) {
    Require(limit.resource.size() <= 64 && limit.root.size() <= 64);
    CheckText(limit.resource);
  }
}

void CheckFolders(const postwatch::ImapFolders& marked) {
  Require(marked.folders.size() <= 50);
  for (const postwatch::ImapFolder& folder : marked.folders) {
    Require(!folder.name.empty() && folder.use.starts_with('\\'));
    Require(folder.name.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

Task<bool> LogInToImap(HostileStream& stream, postwatch::ImapClient& client) {
  const auto greeting = co_await client.ReadGreeting();
  if (!greeting.ok()) co_return false;
  CheckText(greeting->text);
  const postwatch::Secret password = Password();
  const std::string username = "probe";
  const auto logged_in = co_await client.Login(username, password);
  CheckSecrecy(stream, logged_in.status(), logged_in.ok() ? logged_in->text : "");
  co_return logged_in.ok();
}

Task<void> Imap(HostileStream& stream) {
  postwatch::ImapClient client(stream);
  const bool logged_in = co_await LogInToImap(stream, client);
  if (!logged_in) co_return;
  const std::string inbox = "INBOX";
  const auto selected = co_await client.Select(inbox);
  if (!selected.ok()) co_return;
  CheckText(selected->status.text);
  const std::string section = "BODY.PEEK[]";
  const auto fetched = co_await client.FetchFrom(kFirstUid, section);
  if (!fetched.ok()) co_return;
  Require(fetched->messages.size() <= 1000);
  for (const postwatch::ImapMessage& message : fetched->messages) Require(message.uid >= kFirstUid);
  const auto quota = co_await client.QuotaOf(inbox);
  if (!quota.ok()) co_return;
  CheckQuota(*quota);
  const auto deleted = co_await client.SearchDeleted();
  if (deleted.ok()) Require(deleted->size() <= 10000);
  const auto idle = co_await client.StartIdle();
  if (!idle.ok()) co_return;
  const auto grown = co_await client.WaitIdle(absl::Seconds(1));
  const auto stopped = co_await client.StopIdle();
  if (!stopped.ok()) co_return;
  const std::string letter = "Subject: a\r\n\r\nb\r\n";
  const auto appended = co_await client.AppendMessage(inbox, letter);
  if (!appended.ok()) co_return;
  const auto marked = co_await client.ListMarked();
  if (!marked.ok()) co_return;
  CheckFolders(*marked);
  const auto bye = co_await client.Logout();
  if (!client.bye().has_value()) co_return;
  // Who has taken leave is asked for nothing more.
  const size_t written = stream.heard().size();
  const auto after = co_await client.Noop();
  Require(after.ok() && !after->ok() && stream.heard().size() == written);
}

void CheckReply(const postwatch::SmtpReply& reply) {
  Require(reply.code >= 200 && reply.code <= 599);
  CheckText(reply.text);
}

Task<bool> GreetSmtp(HostileStream& stream, postwatch::SmtpClient& client) {
  const auto banner = co_await client.ReadBanner();
  if (!banner.ok()) co_return false;
  CheckReply(*banner);
  const std::string name = "agent.test";
  const auto ehlo = co_await client.Ehlo(name);
  if (!ehlo.ok()) co_return false;
  CheckReply(ehlo->reply);
  Require(ehlo->capabilities.size() <= 100);
  for (const std::string& mechanism : ehlo->AuthMechanisms()) {
    Require(!mechanism.empty() && mechanism == postwatch::AsciiUpper(mechanism));
  }
  postwatch::SaslCredential credential;
  credential.username = "probe";
  credential.secret = Password();
  const auto exchange = postwatch::MakeSaslExchange("LOGIN", credential, "abc").value();
  const auto logged_in = co_await client.Authenticate(*exchange);
  CheckSecrecy(stream, logged_in.status(), logged_in.ok() ? logged_in->text : "");
  co_return logged_in.ok();
}

Task<void> Smtp(HostileStream& stream) {
  postwatch::SmtpClient client(stream);
  const bool greeted = co_await GreetSmtp(stream, client);
  if (!greeted) co_return;
  const std::string address = "probe@alpha.test";
  const std::vector<std::string> parameters = {"SIZE=100"};
  const auto mail = co_await client.MailFrom(address, parameters);
  if (!mail.ok()) co_return;
  const auto recipient = co_await client.RcptTo(address);
  if (!recipient.ok()) co_return;
  const auto data = co_await client.DataCommand();
  if (!data.ok()) co_return;
  const size_t begin = stream.heard().size();
  const std::string letter(kLetter);
  const auto sent = co_await client.SendMessage(letter);
  // Whatever was said, the letter goes out as it must, and ends once.
  Require(stream.heard().substr(begin) == "Subject: a\r\n\r\n..one\r\n...two\r\nthree\r\n.\r\n");
  Require(client.final_dot_sent());
  if (sent.ok()) CheckReply(*sent);
}

Task<bool> LogInToPop3(HostileStream& stream, postwatch::Pop3Client& client) {
  const auto greeting = co_await client.ReadGreeting();
  if (!greeting.ok()) co_return false;
  CheckText(greeting->text);
  const auto offered = co_await client.Capa();
  if (!offered.ok()) co_return false;
  const postwatch::Secret password = Password();
  const std::string username = "probe";
  const auto logged_in = co_await client.UserPass(username, password);
  CheckSecrecy(stream, logged_in.status(), logged_in.ok() ? logged_in->text : "");
  co_return logged_in.ok();
}

Task<void> Pop3(HostileStream& stream) {
  postwatch::Pop3Client client(stream);
  const bool logged_in = co_await LogInToPop3(stream, client);
  if (!logged_in) co_return;
  const auto drop = co_await client.Stat();
  if (!drop.ok()) co_return;
  const auto listing = co_await client.Uidl();
  if (!listing.ok()) co_return;
  Require(listing->entries.size() == std::min(listing->total, postwatch::kMaxPop3Listing));
  const auto top = co_await client.Top(1, 0);
  if (!top.ok()) co_return;
  const auto message = co_await client.Retrieve(1);
  if (!message.ok()) co_return;
  Require(message->text.size() <= postwatch::kMaxPop3Message);
  Require(message->text.empty() || message->text.ends_with("\r\n"));
  const auto bye = co_await client.Quit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view said(reinterpret_cast<const char*>(data), size);
  HostileStream stream(said);
  if (said.starts_with('*')) {
    postwatch::RunTask(Imap(stream));
  } else if (said.starts_with('+') || said.starts_with('-')) {
    postwatch::RunTask(Pop3(stream));
  } else {
    postwatch::RunTask(Smtp(stream));
  }
  CheckLines(stream.heard());
  return 0;
}
