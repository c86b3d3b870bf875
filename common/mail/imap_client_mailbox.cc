// ImapClient's commands on a selected mailbox: FETCH, IDLE, STORE, EXPUNGE, SEARCH; and
// LIST, QUOTA, APPEND and LOGOUT, which need none selected.
#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/imap_client.h"
#include "common/mail/imap_syntax.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

constexpr absl::Duration kShortestWait = absl::Milliseconds(1);
constexpr size_t kMaxLimits = 100;
constexpr size_t kMaxResourceName = 64;
constexpr size_t kMaxFolders = 50;
constexpr size_t kMaxFolderName = 255;
constexpr auto kUses = std::to_array<std::string_view>(
    {"\\ALL", "\\ARCHIVE", "\\DRAFTS", "\\FLAGGED", "\\JUNK", "\\SENT", "\\TRASH"});

absl::Status ProtocolError(std::string_view what) {
  return absl::InvalidArgumentError(Concat("imap protocol: ", what));
}

absl::Status CheckName(std::string_view mailbox) {
  if (mailbox.find_first_of(std::string_view("\r\n\0", 3)) == mailbox.npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the mailbox name holds CR, LF or NUL; nothing was sent, correct it");
}

}  // namespace

Task<absl::StatusOr<ImapFetch>> ImapClient::RunFetch(std::string set, uint32_t first_uid,
                                                     std::string items) {
  if (items.find_first_of(std::string_view("\r\n\0", 3)) != items.npos) {
    co_return absl::InvalidArgumentError(
        "the FETCH section holds CR, LF or NUL; nothing was sent, correct it");
  }
  Gathered gathered;
  std::string command = Concat("UID FETCH ", set, " (UID RFC822.SIZE ", items, ")");
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  if (!status.ok()) co_return status.status();
  ImapFetch fetch;
  fetch.status = *std::move(status);
  for (ImapMessage& message : gathered.messages) {
    // "n:*" always means the last message too, even when its UID is below n.
    if (message.uid >= first_uid) fetch.messages.push_back(std::move(message));
  }
  co_return fetch;
}

Task<absl::StatusOr<ImapFetch>> ImapClient::FetchFrom(uint32_t first_uid, std::string section) {
  grown_ = false;
  std::string set = Concat(std::max<uint32_t>(first_uid, 1), ":*");
  std::string items = Concat("INTERNALDATE ", section);
  absl::StatusOr<ImapFetch> fetch = co_await RunFetch(std::move(set), first_uid, std::move(items));
  co_return fetch;
}

Task<absl::StatusOr<ImapFetch>> ImapClient::Fetch(uint32_t uid, std::string section) {
  std::string set = Concat(uid);
  absl::StatusOr<ImapFetch> fetch = co_await RunFetch(std::move(set), uid, std::move(section));
  if (fetch.ok()) {
    std::erase_if(fetch->messages,
                  [uid](const ImapMessage& message) { return message.uid != uid; });
  }
  co_return fetch;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::StartIdle() {
  if (bye_.has_value()) co_return *bye_;
  Gathered gathered;
  const std::string tag = NextTag();
  std::string line = Concat(tag, " IDLE\r\n");
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<ImapResponse> answer = co_await NextAnswer(tag, gathered);
  if (!answer.ok()) co_return answer.status();
  if (answer->kind == ImapResponse::Kind::kTagged) {
    if (answer->status.ok()) co_return ProtocolError("IDLE ended before it began");
    co_return answer->status;
  }
  idle_tag_ = tag;
  idle_answer_.reset();
  co_return std::move(answer->status);
}

Task<absl::StatusOr<bool>> ImapClient::WaitIdle(absl::Duration limit) {
  if (bye_.has_value()) co_return NetStatus(NetError::kClosed, Concat("IMAP BYE: ", bye_->text));
  if (idle_tag_.empty() || idle_answer_.has_value())
    co_return ProtocolError("not in IDLE any more");
  if (grown_) {
    grown_ = false;
    co_return true;
  }
  // Only the wait for the first line is ours; what a response has begun it must go on with in time.
  stream_.SetTimeout(std::max(limit, kShortestWait));
  absl::StatusOr<std::string> line = co_await stream_.ReadLine(kMaxImapLine);
  stream_.SetTimeout(command_timeout_);
  if (!line.ok()) {
    if (GetNetError(line.status()) == NetError::kTimeout) co_return false;
    co_return line.status();
  }
  absl::StatusOr<ImapResponse> response = co_await FinishResponse(*std::move(line));
  if (!response.ok()) co_return response.status();
  if (response->kind == ImapResponse::Kind::kContinuation) co_return false;
  if (response->kind == ImapResponse::Kind::kTagged) {
    if (response->tag != idle_tag_) co_return ProtocolError("an answer to a command never sent");
    idle_answer_ = response->status;
    co_return false;
  }
  Gathered gathered;
  absl::Status absorbed = Absorb(*response, gathered);
  if (!absorbed.ok()) co_return absorbed;
  grown_ = false;
  co_return response->name == "EXISTS" || (response->name == "RECENT" && response->number > 0);
}

Task<absl::StatusOr<ImapStatus>> ImapClient::StopIdle() {
  if (bye_.has_value()) co_return *bye_;
  if (idle_tag_.empty()) co_return absl::FailedPreconditionError("StopIdle without StartIdle");
  std::string tag = std::move(idle_tag_);
  idle_tag_.clear();
  if (idle_answer_.has_value()) co_return *idle_answer_;
  std::string line = "DONE\r\n";
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  Gathered gathered;
  absl::StatusOr<ImapStatus> status = co_await ReadTagged(std::move(tag), gathered);
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::MarkDeleted(uint32_t uid) {
  std::string command = Concat("UID STORE ", uid, " +FLAGS.SILENT (\\Deleted)");
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Expunge(uint32_t uid, bool alone) {
  std::string command = Concat("UID EXPUNGE ", uid);
  if (!Has("UIDPLUS")) {
    if (!alone) {
      ImapStatus refused;
      refused.kind = ImapStatus::Kind::kNo;
      refused.code = "NOUIDPLUS";
      refused.text = "EXPUNGE not sent: without UIDPLUS it would remove other messages too";
      co_return refused;
    }
    command = "EXPUNGE";
  }
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Move(uint32_t uid, std::string mailbox) {
  absl::Status fit = CheckName(mailbox);
  if (!fit.ok()) co_return fit;
  std::string command = Concat("UID MOVE ", uid, " ", ImapQuoted(ModifiedUtf7(mailbox)));
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command));
  co_return status;
}

Task<absl::StatusOr<std::vector<uint32_t>>> ImapClient::SearchDeleted() {
  Gathered gathered;
  std::string command = "UID SEARCH DELETED";
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  if (!status.ok()) co_return status.status();
  if (!status->ok()) {
    co_return absl::FailedPreconditionError(Concat("UID SEARCH was refused: ", status->text));
  }
  co_return std::move(gathered.uids);
}

// The root, then triples of a resource, what is used of it and its limit.
void ImapClient::AbsorbQuota(const ImapResponse& response, Gathered& gathered) {
  if (response.items.size() < 2) return;
  const std::vector<ImapValue>& triples = response.items[1].items;
  for (size_t i = 0; i + 2 < triples.size() && gathered.limits.size() < kMaxLimits; i += 3) {
    const std::optional<int64_t> used = ParseInteger(triples[i + 1].text);
    const std::optional<int64_t> limit = ParseInteger(triples[i + 2].text);
    if (!used.has_value() || !limit.has_value() || *used < 0 || *limit < 0) continue;
    ImapQuotaLimit quota;
    quota.root = PeerText(response.items[0].text, kMaxResourceName);
    quota.resource = AsciiUpper(PeerText(triples[i].text, kMaxResourceName));
    quota.used = static_cast<uint64_t>(*used);
    quota.limit = static_cast<uint64_t>(*limit);
    gathered.limits.push_back(std::move(quota));
  }
}

// Attributes, delimiter, name. A name that is not written as it should be could not be opened.
void ImapClient::AbsorbList(const ImapResponse& response, Gathered& gathered) {
  if (response.items.size() < 3 || gathered.folders.size() >= kMaxFolders) return;
  std::string use;
  for (const ImapValue& attribute : response.items[0].items) {
    const std::string name = AsciiUpper(attribute.text);
    if (name == "\\NOSELECT" || name == "\\NONEXISTENT") return;
    if (std::ranges::find(kUses, name) != kUses.end()) use = name;
  }
  const std::string& written = response.items[2].text;
  if (use.empty() || written.empty() || written.size() > kMaxFolderName) return;
  std::optional<std::string> name = FromModifiedUtf7(written);
  if (!name.has_value() || !CheckName(*name).ok()) return;
  gathered.folders.push_back({*std::move(name), std::move(use)});
}

Task<absl::StatusOr<ImapFolders>> ImapClient::ListMarked() {
  Gathered gathered;
  absl::StatusOr<ImapStatus> status = ImapStatus{ImapStatus::Kind::kNo, "", ""};
  if (Has("SPECIAL-USE") && (Has("LIST-EXTENDED") || Has("IMAP4REV2"))) {
    std::string marked = R"(LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE))";
    status = co_await Run(std::move(marked), gathered);
    if (!status.ok()) co_return status.status();
  }
  if (!status->ok() && !bye_.has_value()) {
    std::string all = R"(LIST "" "*")";
    status = co_await Run(std::move(all), gathered);
    if (!status.ok()) co_return status.status();
  }
  ImapFolders folders;
  folders.status = *std::move(status);
  folders.folders = std::move(gathered.folders);
  co_return folders;
}

Task<absl::StatusOr<ImapQuota>> ImapClient::QuotaOf(std::string mailbox) {
  absl::Status fit = CheckName(mailbox);
  if (!fit.ok()) co_return fit;
  Gathered gathered;
  std::string command = Concat("GETQUOTAROOT ", ImapQuoted(ModifiedUtf7(mailbox)));
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  if (!status.ok()) co_return status.status();
  ImapQuota quota;
  quota.status = *std::move(status);
  quota.limits = std::move(gathered.limits);
  co_return quota;
}

Task<absl::StatusOr<ImapAppend>> ImapClient::AppendMessage(std::string mailbox,
                                                           std::string message) {
  absl::Status fit = CheckName(mailbox);
  if (!fit.ok()) co_return fit;
  if (bye_.has_value()) co_return ImapAppend{*bye_};
  Gathered gathered;
  const std::string tag = NextTag();
  const bool at_once = Has("LITERAL+");
  std::string line = Concat(tag, " APPEND ", ImapQuoted(ModifiedUtf7(mailbox)), " (\\Seen) {",
                            message.size(), at_once ? "+}\r\n" : "}\r\n");
  if (!at_once) {
    absl::Status written = co_await stream_.Write(std::move(line));
    if (!written.ok()) co_return written;
    absl::StatusOr<ImapResponse> answer = co_await NextAnswer(tag, gathered);
    if (!answer.ok()) co_return answer.status();
    if (answer->kind == ImapResponse::Kind::kTagged) co_return ImapAppend{answer->status};
    line.clear();
  }
  Append(line, message, "\r\n");
  absl::Status written = co_await stream_.Write(std::move(line));
  if (!written.ok()) co_return written;
  absl::StatusOr<ImapStatus> status = co_await ReadTagged(tag, gathered);
  if (!status.ok()) co_return status.status();
  ImapAppend appended{*std::move(status)};
  const std::vector<std::string_view> words = Split(appended.status.code, ' ');
  if (words.size() == 3 && words[0] == "APPENDUID") {
    const std::optional<int64_t> uid = ParseInteger(words[2]);
    if (uid.has_value() && *uid > 0 && *uid <= UINT32_MAX) {
      appended.uid = static_cast<uint32_t>(*uid);
    }
  }
  co_return appended;
}

Task<absl::StatusOr<ImapStatus>> ImapClient::Logout() {
  Gathered gathered;
  gathered.logout = true;
  std::string command = "LOGOUT";
  absl::StatusOr<ImapStatus> status = co_await Run(std::move(command), gathered);
  co_return status;
}

}  // namespace postwatch
