#include "cli/classify_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/reply_tally.h"
#include "collector/scenario/padded_lines.h"
#include "common/base/flags.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

using collector::PaddedLines;

constexpr size_t kMaxMessage = 1024 * 1024;  // more of a bounce is not looked at
constexpr std::string_view kVerb = "classify";

constexpr std::array kFlags = {
    FlagSpec{"format", "text|json", "default text"},
    FlagSpec{"unknown", "", "list the texts that no rule was written for"},
    FlagSpec{"stage", "STAGE",
             "where bare replies were said: connect, ehlo, starttls, auth, mail, rcpt (default), "
             "data, final"},
    FlagSpec{"help", "", "this text"},
};
constexpr std::string_view kUsageText =
    "usage: postwatch classify [FILE|-] [flags]\n\n"
    "Reads a mail log (Postfix, Exim), SMTP replies one after the other, or one bounce message,\n"
    "and counts what they say by failure class. Without FILE, and for -, the standard input.\n"
    "Addresses, numbers and identifiers are left out of the examples.\n\n";

struct StageName {
  std::string_view name;
  SmtpStage stage;
};
constexpr auto kStages = std::to_array<StageName>({
    {"connect", SmtpStage::kConnect},
    {"ehlo", SmtpStage::kEhlo},
    {"starttls", SmtpStage::kStartTls},
    {"auth", SmtpStage::kAuth},
    {"mail", SmtpStage::kMail},
    {"rcpt", SmtpStage::kRcpt},
    {"data", SmtpStage::kData},
    {"final", SmtpStage::kFinal},
});

std::optional<SmtpStage> StageOf(std::string_view name) {
  for (const StageName& entry : kStages) {
    if (entry.name == name) return entry.stage;
  }
  return std::nullopt;
}

// Header fields that a message may begin with.
bool BeginsMessage(std::string_view line) {
  for (const std::string_view name :
       {"From ", "Return-Path:", "Received:", "Delivered-To:", "X-",
        "MIME-Version:", "Content-Type:", "Date:", "From:", "To:", "Subject:", "Message-ID:",
        "Auto-Submitted:", "Authentication-Results:", "ARC-", "DKIM-Signature:"}) {
    if (EqualsIgnoreCase(line.substr(0, name.size()), name)) return true;
  }
  return false;
}

int64_t ReadSome(int file, char* into, size_t size) {
  ssize_t got = 0;
  do {
    got = ::read(file, into, size);
  } while (got < 0 && errno == EINTR);
  return got;
}

// Why it could not be read to its end; "" when it could.
std::string Feed(int file, ReplyTally& tally) {
  PaddedLines lines([file](char* into, size_t size) { return ReadSome(file, into, size); },
                    kMaxLogLine);
  std::string message;
  bool first = true, in_message = false;
  std::string_view line;
  PaddedLines::Next next = lines.Take(line);
  for (; next == PaddedLines::Next::kLine || next == PaddedLines::Next::kTooLong;
       next = lines.Take(line)) {
    const bool whole = next == PaddedLines::Next::kLine;
    if (first && whole && !line.empty()) {
      in_message = BeginsMessage(line);
      first = false;
    }
    if (in_message) {
      if (whole && message.size() + line.size() < kMaxMessage) Append(message, line, "\n");
    } else if (whole) {
      tally.Take(line);
    } else {
      tally.TakeTooLong();
    }
  }
  if (next == PaddedLines::Next::kBroken) return std::strerror(errno);
  if (!in_message) return "";
  const std::optional<Dsn> dsn = ReadDsn(message);
  if (dsn.has_value()) tally.Take(*dsn);
  return "";
}

int Answer(const Flags& flags, const ReplyTally& tally) {
  const bool json = flags.Get("format", "text") == "json";
  const std::string text = json ? tally.Json() + "\n" : tally.Text(flags.Has("unknown"));
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (tally.understood() > 0) return kOk;
  return Complain(kVerb,
                  "nothing of this is a line of a Postfix or Exim log, an SMTP reply or a bounce",
                  kDataError);
}

int Usage(std::string_view what) { return Complain(kVerb, Concat(what, "; see --help"), kUsage); }

}  // namespace

int RunClassify(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    std::printf(
        "%s%s\nExit: 0 ok, 64 usage, 65 nothing was understood, 66 cannot read, "
        "74 cannot write.\n",
        std::string(kUsageText).c_str(), FlagHelp(kFlags).c_str());
    return kOk;
  }
  const std::string format = flags->Get("format", "text");
  if (format != "text" && format != "json") return Usage("--format is text or json");
  const std::optional<SmtpStage> stage = StageOf(flags->Get("stage", "rcpt"));
  if (!stage.has_value()) return Usage("--stage is none of the stages");
  if (flags->words().size() > 1) return Usage("takes one FILE, or - for the standard input");
  const std::string path = flags->words().empty() ? "-" : flags->words()[0];
  const int file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return Complain(kVerb, Concat("cannot read ", path, ": ", std::strerror(errno)), kNoInput);
  }
  ReplyTally tally(*stage);
  const std::string broken = Feed(file, tally);
  if (file != STDIN_FILENO) ::close(file);
  if (!broken.empty()) {
    return Complain(kVerb, Concat("cannot read ", path, ": ", broken), kNoInput);
  }
  return Answer(*flags, tally);
}

}  // namespace postwatch::cli
