#include "agent/probes/roundtrip/probe_inbox.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch::agent {
namespace {

constexpr uint32_t kScanMessages = 200;
// Messages whose headers alone do not settle whether they are ours, read whole in one scan.
constexpr int kMaxBodiesRead = 16;
constexpr std::string_view kHeaderSection =
    "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-PROBE-TOKEN SUBJECT CONTENT-TYPE AUTO-SUBMITTED "
    "X-FAILED-RECIPIENTS)]";
constexpr std::string_view kWholeSection = "BODY.PEEK[]";
constexpr std::string_view kSubjectMark = "[mail-probe]";

// A report quotes our token in its body; a gateway may have stripped it from our headers.
bool MayBeOurs(std::string_view headers) {
  return ContainsIgnoreCase(HeaderField(headers, "Content-Type"), "multipart/report") ||
         !HeaderField(headers, "X-Failed-Recipients").empty() ||
         ContainsIgnoreCase(HeaderField(headers, "Subject"), kSubjectMark);
}

bool IsReportHeader(std::string_view headers) {
  return ContainsIgnoreCase(HeaderField(headers, "Content-Type"), "multipart/report");
}

}  // namespace

Task<std::optional<Fault>> ProbeInbox::Open(std::string name) {
  absl::StatusOr<ImapMailbox> opened = co_await session_.client->Select(name);
  std::optional<Fault> fault =
      ImapFault(context_, ImapStage::kSelect, session_.stream.get(), opened);
  if (fault.has_value()) co_return fault;
  mailbox_ = *std::move(opened);
  watermark_ = mailbox_.uid_next.value_or(1);
  known_exists_ = mailbox_.exists;
  co_return std::nullopt;
}

Task<std::optional<Fault>> ProbeInbox::ScanOld(std::vector<Sighting>& found) {
  if (mailbox_.exists == 0) co_return std::nullopt;
  const uint32_t first = watermark_ > kScanMessages ? watermark_ - kScanMessages : 1;
  if (mailbox_.uid_next.has_value() && watermark_ == 1) co_return std::nullopt;
  uint32_t highest = watermark_ - 1;
  std::optional<Fault> fault = co_await Scan(first, found, highest);
  watermark_ = highest + 1;
  co_return fault;
}

Task<std::optional<Fault>> ProbeInbox::ScanNew(bool always, std::vector<Sighting>& found) {
  const absl::StatusOr<ImapStatus> noop = co_await session_.client->Noop();
  std::optional<Fault> broken = ImapFault(context_, ImapStage::kFetch, session_.stream.get(), noop);
  if (broken.has_value()) co_return broken;
  if (!always && exists() == known_exists_) co_return std::nullopt;
  uint32_t highest = watermark_ - 1;
  std::optional<Fault> fault = co_await Scan(watermark_, found, highest);
  watermark_ = highest + 1;
  co_return fault;
}

Task<std::optional<Fault>> ProbeInbox::Scan(uint32_t first, std::vector<Sighting>& found,
                                            uint32_t& highest) {
  const std::string section(kHeaderSection);
  known_exists_ = exists();
  const absl::StatusOr<ImapFetch> fetch = co_await session_.client->FetchFrom(first, section);
  std::optional<Fault> broken =
      ImapFault(context_, ImapStage::kFetch, session_.stream.get(), fetch);
  if (broken.has_value()) co_return broken;
  // Without UIDNEXT all messages came; only the newest matter.
  const std::vector<ImapMessage>& messages = fetch->messages;
  const size_t skip = messages.size() > kScanMessages ? messages.size() - kScanMessages : 0;
  int bodies = 0;
  for (size_t i = skip; i < messages.size(); ++i) {
    highest = std::max(highest, messages[i].uid);
    const std::optional<ProbeToken> token = FindToken(messages[i].body, key_);
    if (token.has_value()) {
      found.push_back({messages[i].uid, *token, IsReportHeader(messages[i].body)});
    } else if (MayBeOurs(messages[i].body) && bodies < kMaxBodiesRead) {
      ++bodies;
      std::optional<Fault> fault = co_await Recognise(messages[i], found);
      if (fault.has_value()) co_return fault;
    }
  }
  co_return std::nullopt;
}

Task<std::optional<Fault>> ProbeInbox::Recognise(const ImapMessage& message,
                                                 std::vector<Sighting>& found) {
  std::string whole;
  std::optional<ReceivedProbe> probe;
  std::optional<Fault> fault = co_await Read(message.uid, whole, probe);
  if (fault.has_value()) co_return fault;
  if (probe.has_value())
    found.push_back({message.uid, probe->token, probe->kind != ProbeMessageKind::kLetter});
  co_return std::nullopt;
}

Task<std::optional<Fault>> ProbeInbox::Read(uint32_t uid, std::string& message,
                                            std::optional<ReceivedProbe>& probe) {
  const std::string section(kWholeSection);
  absl::StatusOr<ImapFetch> fetch = co_await session_.client->Fetch(uid, section);
  std::optional<Fault> broken =
      ImapFault(context_, ImapStage::kFetch, session_.stream.get(), fetch);
  if (broken.has_value()) co_return broken;
  if (fetch->messages.empty()) co_return std::nullopt;
  message = std::move(fetch->messages[0].body);
  probe = ReadProbeMessage(message, key_);
  co_return std::nullopt;
}

Task<std::optional<Fault>> ProbeInbox::Expunge(uint32_t uid) {
  const absl::StatusOr<ImapStatus> marked = co_await session_.client->MarkDeleted(uid);
  std::optional<Fault> unmarked =
      ImapFault(context_, ImapStage::kExpunge, session_.stream.get(), marked);
  if (unmarked.has_value()) co_return unmarked;
  bool alone = false;
  if (!session_.client->Has("UIDPLUS")) {
    const absl::StatusOr<std::vector<uint32_t>> deleted = co_await session_.client->SearchDeleted();
    if (!deleted.ok() && GetNetError(deleted.status()).has_value()) {
      co_return FaultFromStatus(deleted.status(), context_.run.current_step(),
                                session_.stream.get(), FailureClass::kImapProtocol);
    }
    alone = deleted.ok() && std::all_of(deleted->begin(), deleted->end(),
                                        [uid](uint32_t other) { return other == uid; });
  }
  const absl::StatusOr<ImapStatus> expunged = co_await session_.client->Expunge(uid, alone);
  co_return ImapFault(context_, ImapStage::kExpunge, session_.stream.get(), expunged);
}

Task<std::optional<Fault>> ProbeInbox::Delete(const Sighting& sighting, bool& gone,
                                              std::vector<Sighting>& copies) {
  gone = false;
  std::optional<Fault> fault = co_await Expunge(sighting.uid);
  const bool refused = fault.has_value() && fault->reply.has_value();
  if (fault.has_value() && !refused) co_return fault;
  std::vector<Sighting> left;
  uint32_t ignored = 0;
  std::optional<Fault> broken = co_await Scan(sighting.uid, left, ignored);
  if (broken.has_value()) co_return broken;
  gone = !refused;
  for (Sighting& other : left) {
    if (other.uid == sighting.uid) {
      gone = false;
    } else if (other.token == sighting.token && other.is_report == sighting.is_report) {
      copies.push_back(std::move(other));
    }
  }
  co_return std::nullopt;
}

}  // namespace postwatch::agent
