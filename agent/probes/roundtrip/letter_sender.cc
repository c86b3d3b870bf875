#include "agent/probes/roundtrip/letter_sender.h"

#include <algorithm>
#include <utility>

#include "agent/probes/check_memory.h"
#include "agent/probes/mail/mx_session.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/mail/dsn_request.h"
#include "common/mail/probe_message.h"

namespace postwatch::agent {
namespace {

constexpr uint16_t kSmtpPort = 25;
constexpr absl::Duration kFarewellTimeout = absl::Seconds(2);
constexpr absl::Duration kLargeEvery = absl::Hours(24);
// Under which the time of the last large letter is kept, in seconds since 1970.
constexpr char kLargeNote[] = "large_letter";

// The one server that `via` names, as a sending server would reach it.
Task<std::optional<Fault>> OpenVia(const RunContext& context, std::string host,
                                   SmtpSession& session) {
  context.run.Begin("dns");
  context.run.Touch({std::string(component::kMx), AsciiLower(host)});
  HostAddresses addresses;
  std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kEither, addresses);
  if (unresolved.has_value()) co_return unresolved;
  std::optional<Fault> unreachable =
      co_await Connect(context, "smtp", addresses, kSmtpPort, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetSmtp(context, session);
  if (rude.has_value() || !session.ehlo.Has("STARTTLS")) co_return rude;
  std::optional<Fault> insecure = co_await UpgradeSmtp(context, session, host, false);
  co_return insecure;
}

Task<std::optional<Fault>> OpenWay(const RunContext& context, const RoundtripSettings& settings,
                                   SmtpSession& session) {
  if (!settings.via.empty()) {
    std::optional<Fault> fault = co_await OpenVia(context, settings.via, session);
    co_return fault;
  }
  if (settings.sender.deliver_via_mx) {
    std::string domain = DomainOf(settings.to);
    std::optional<Fault> fault = co_await OpenMx(context, std::move(domain), session);
    co_return fault;
  }
  std::optional<Fault> fault = co_await OpenSubmission(context, settings.sender, session);
  co_return fault;
}

// RFC 1870: the server says beforehand what it does not take.
std::optional<Fault> TooLarge(const EhloReply& ehlo, size_t size) {
  const size_t most = ehlo.MaxMessageSize();
  if (most == 0 || size <= most) return std::nullopt;
  return Fault{FailureClass::kSmtpSize,
               Concat("the server takes letters of up to ", most,
                      " octets (SIZE), and this one has ", size, "; it was not sent"),
               std::nullopt};
}

// Where the server knows notices (RFC 3461), they are to carry the token and no copy of the text,
// and to come for failures and delays only.
Envelope EnvelopeOf(const EhloReply& ehlo, const RoundtripSettings& settings,
                    const std::string& token, size_t size) {
  Envelope envelope{settings.sender.address, settings.to, {}, {}};
  if (ehlo.Has("SIZE")) envelope.mail_parameters.push_back(Concat("SIZE=", size));
  if (ehlo.Has("8BITMIME")) envelope.mail_parameters.emplace_back("BODY=8BITMIME");
  if (ehlo.Has("DSN")) {
    for (std::string& wish : DsnMailParameters(token)) {
      envelope.mail_parameters.push_back(std::move(wish));
    }
    envelope.rcpt_parameters = DsnRcptParameters(settings.to);
  }
  return envelope;
}

Task<std::optional<Fault>> OfferLetter(const RunContext& context, SmtpSession& session,
                                       const RoundtripSettings& settings, std::string token,
                                       size_t size) {
  std::optional<Fault> large = TooLarge(session.ehlo, size);
  if (large.has_value()) {
    context.run.Begin("mail");
    co_return large;
  }
  Envelope envelope = EnvelopeOf(session.ehlo, settings, token, size);
  co_return co_await SendEnvelope(context, session, std::move(envelope));
}

// How many octets the letter is to have; 0: as few as it takes. The time of a large one is kept
// before it is sent, whatever becomes of it.
size_t SizeOfNext(const RunContext& context, const RoundtripSettings& settings) {
  if (settings.large_size == 0) return 0;
  const absl::Time now = context.deps.clock.Now();
  const std::optional<int64_t> last = ParseInteger(RecallNote(context, kLargeNote));
  if (last.has_value() && now < absl::FromUnixSeconds(*last) + kLargeEvery) return 0;
  KeepNote(context, kLargeNote, Concat(absl::ToUnixSeconds(now)));
  context.run.Fact("letter.octets", Concat(settings.large_size));
  return settings.large_size;
}

void Settle(const RunContext& context, SentLetter& letter) {
  letter.recorded = false;
  const absl::Status settled =
      context.deps.ledger.Note(letter.token.probe_id, LetterEvent::kSettled);
  if (!settled.ok()) {
    Log(LogLevel::kWarn, "ledger: cannot settle a letter", {{"error", settled.ToString()}});
  }
}

std::optional<Fault> Record(const RunContext& context, SentLetter& letter) {
  LedgerEntry entry;
  entry.probe_id = letter.token.probe_id;
  entry.observation_id = context.run.observation_id();
  entry.check_id = context.spec.id;
  entry.route = letter.token.route;
  entry.sent = letter.token.sent;
  const absl::Status noted = context.deps.ledger.Sent(std::move(entry));
  letter.recorded = noted.ok();
  if (noted.ok()) return std::nullopt;
  Fault unsent;
  unsent.detail = Concat("nothing was sent, since the ledger failed: ", FromAbsl(noted.message()));
  return unsent;
}

// From the final dot on the letter may be on its way, whatever the connection does (RFC 1047): then
// only the mailbox can tell.
Task<std::optional<Fault>> HandOver(const RunContext& context, SmtpSession& session,
                                    std::string message, absl::Duration patience,
                                    SentLetter& letter) {
  context.run.Begin("data");
  const absl::StatusOr<SmtpReply> data = co_await session.client->DataCommand();
  std::optional<Fault> refused = SmtpFault(context, SmtpStage::kData, session.stream.get(), data);
  if (refused.has_value()) {
    Settle(context, letter);
    co_return refused;
  }
  context.run.Begin("final");
  session.stream->SetTimeout(std::max(patience, absl::Seconds(1)));
  const absl::StatusOr<SmtpReply> final = co_await session.client->SendMessage(std::move(message));
  letter.handed_over = context.deps.clock.Steady();
  letter.handed_over_at = context.deps.clock.Now();
  std::optional<Fault> fault = SmtpFault(context, SmtpStage::kFinal, session.stream.get(), final);
  if (!fault.has_value()) {
    context.run.Fact("queue.id", final->text);
    co_return std::nullopt;
  }
  const bool may_be_on_its_way = !final.ok() && session.client->final_dot_sent();
  if (!may_be_on_its_way) {
    Settle(context, letter);
    co_return fault;
  }
  if (fault->klass == FailureClass::kUnspecified) co_return fault;
  letter.accept_unknown = true;
  context.run.Find(FailureClass::kSmtpAcceptUnknown,
                   Concat("no answer to the letter, which may be on its way: ", fault->detail));
  co_return std::nullopt;
}

}  // namespace

Task<std::optional<Fault>> SendLetter(const RunContext& context, const RoundtripSettings& settings,
                                      const Secret& fleet_key, absl::Duration give_up,
                                      SentLetter& letter) {
  SmtpSession session;
  std::optional<Fault> closed = co_await OpenWay(context, settings, session);
  if (closed.has_value()) co_return closed;
  const absl::Time now = context.deps.clock.Now();
  letter.token = {RandomId(), settings.route, absl::FromUnixSeconds(absl::ToUnixSeconds(now))};
  ProbeLetter text{settings.sender.address, settings.to, letter.token, session.ehlo.Has("8BITMIME"),
                   settings.long_line};
  text.size = SizeOfNext(context, settings);
  std::string message = ComposeProbeMessage(text, fleet_key, DomainOf(settings.sender.address));
  std::string token = SignToken(letter.token, fleet_key);
  std::optional<Fault> refused =
      co_await OfferLetter(context, session, settings, std::move(token), message.size());
  if (refused.has_value()) co_return refused;
  std::optional<Fault> unsent = Record(context, letter);
  if (unsent.has_value()) co_return unsent;
  const absl::Duration patience = (give_up - context.deps.clock.Steady()) / 2;
  std::optional<Fault> fault =
      co_await HandOver(context, session, std::move(message), patience, letter);
  if (fault.has_value() || letter.accept_unknown) co_return fault;
  context.run.Begin("quit");
  session.stream->SetTimeout(kFarewellTimeout);
  co_await session.client->Quit();
  co_return std::nullopt;
}

}  // namespace postwatch::agent
