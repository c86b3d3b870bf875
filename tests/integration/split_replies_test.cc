// Wherever the network cuts what a server says into pieces, the session is the same.
#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/imap_client.h"
#include "common/mail/pop3_client.h"
#include "common/mail/sasl.h"
#include "common/mail/smtp_client.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using Kind = ScriptLine::Kind;

// The script with the `index`th line, which the server sends, cut before its byte `at`.
Script CutAt(Script script, size_t index, size_t at) {
  ScriptLine rest = script.lines[index];
  rest.text = rest.text.substr(at);
  script.lines[index].text.resize(at);
  script.lines.insert(script.lines.begin() + static_cast<ptrdiff_t>(index) + 1, std::move(rest));
  return script;
}

// Every byte on its own.
Script Shredded(const Script& script) {
  Script out{script.name, {}};
  for (const ScriptLine& line : script.lines) {
    if (line.kind != Kind::kSend) {
      out.lines.push_back(line);
      continue;
    }
    for (const char byte : line.text) {
      out.lines.push_back(line);
      out.lines.back().text = std::string(1, byte);
    }
  }
  return out;
}

// Plays the session whole, cut at every place there is, and byte by byte; `play` tells of it in one
// text. Returns how many cuts there were.
template <class Play>
size_t PlayCutEverywhere(const Script& script, Play play) {
  const std::string whole = play(script);
  EXPECT_EQ(play(Shredded(script)), whole) << script.name;
  size_t cuts = 0;
  for (size_t line = 0; line < script.lines.size(); ++line) {
    if (script.lines[line].kind != Kind::kSend) continue;
    for (size_t at = 1; at < script.lines[line].text.size(); ++at) {
      ++cuts;
      EXPECT_EQ(play(CutAt(script, line, at)), whole)
          << script.name << ", line " << script.lines[line].number << " cut at " << at;
    }
  }
  return cuts;
}

std::string Tell(const absl::StatusOr<SmtpReply>& reply) {
  if (!reply.ok()) return reply.status().ToString();
  return Concat(reply->code, " ", reply->enhanced, " ", reply->text, "\n");
}

std::string Tell(const absl::StatusOr<EhloReply>& ehlo) {
  if (!ehlo.ok()) return ehlo.status().ToString();
  return Concat(Tell(ehlo->reply), Join(ehlo->capabilities, ", "), "\n");
}

std::string PlaySmtp(const Script& script) {
  ScriptedStream stream(script);
  SmtpClient client(stream);
  std::string told = Tell(RunTask(client.ReadBanner()));
  Append(told, Tell(RunTask(client.Ehlo("agent.example"))));
  Append(told, Tell(RunTask(client.StartTlsCommand())));
  Append(told, RunTask(stream.StartTls({"mx.a.example", nullptr, true})).ToString());
  Append(told, Tell(RunTask(client.Ehlo("agent.example"))));
  SaslCredential credential;
  credential.username = "probe@a.example";
  credential.secret = Secret("s3cret-Pass/Word");
  const auto exchange = MakeSaslExchange("PLAIN", credential, "nonce").value();
  Append(told, Tell(RunTask(client.Authenticate(*exchange))));
  const std::vector<std::string> parameters = {"SIZE=64", "BODY=8BITMIME"};
  Append(told, Tell(RunTask(client.MailFrom("probe@a.example", parameters))));
  Append(told, Tell(RunTask(client.RcptTo("probe@b.example"))));
  Append(told, Tell(RunTask(client.DataCommand())));
  Append(told, Tell(RunTask(client.SendMessage(
                   "Subject: dots\r\n\n.\r\n..\n.x\rbare LF above, bare CR above\r\nlast line, no "
                   "line end"))));
  Append(told, Tell(RunTask(client.Reset())));
  Append(told, Tell(RunTask(client.Quit())));
  return told;
}

TEST(SplitReplies, AWholeSmtpSubmission) {
  EXPECT_GT(PlayCutEverywhere(LoadScript("smtp-587-starttls-auth-plain.txt"), PlaySmtp), 300u);
}

std::string PlayFetch(const Script& script) {
  ScriptedStream stream(script);
  ImapClient client(stream, absl::Seconds(20));
  const absl::StatusOr<ImapFetch> fetch = RunTask(client.FetchFrom(1, "BODY.PEEK[]"));
  if (!fetch.ok()) return fetch.status().ToString();
  std::string told;
  for (const ImapMessage& message : fetch->messages) {
    Append(told, message.uid, "/", message.size, "/", message.body, "\n");
  }
  return told;
}

TEST(SplitReplies, ImapLiteralsInEveryPlaceTheyCanBe) {
  EXPECT_GT(PlayCutEverywhere(LoadScript("imap-literals-everywhere.txt"), PlayFetch), 300u);
}

std::string PlayPop3(const Script& script) {
  ScriptedStream stream(script);
  Pop3Client client(stream);
  std::string told = RunTask(client.ReadGreeting()).value().text;
  Append(told, RunTask(client.Capa()).value().text, client.capabilities().Has("UIDL"));
  const absl::StatusOr<Pop3Listing> listing = RunTask(client.Uidl());
  for (const Pop3Entry& entry : listing.value().entries) Append(told, entry.uid, "/");
  Append(told, RunTask(client.Retrieve(2)).value().text);
  Append(told, RunTask(client.Quit()).value().text);
  return told;
}

TEST(SplitReplies, APop3MessageWithStuffedDots) {
  const Script script = ParseScript(R"(
    S: +OK ready <1896.697170952@mail.a.example>
    C: CAPA
    S: +OK
    S: UIDL
    S: .
    C: UIDL
    S: +OK
    S: 1 000001
    S: 2 000002
    S: .
    C: RETR 2
    S: +OK 640 octets
    S: Subject: x
    S:
    S: ..
    S: ...x
    S: .. y
    S: .
    C: QUIT
    S: +OK bye
  )");
  EXPECT_GT(PlayCutEverywhere(script, PlayPop3), 100u);
  EXPECT_THAT(PlayPop3(script), testing::HasSubstr("Subject: x\r\n\r\n.\r\n..x\r\n. y\r\n"));
}

}  // namespace
}  // namespace postwatch
