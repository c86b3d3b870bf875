#include "agent/probes/step_recorder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxReasonBytes = 512;
constexpr size_t kMaxComponentBytes = 320;
constexpr size_t kMinSecretBytes = 3;
// More than any text a caller hands over; what lies behind is dropped before it is cleaned.
constexpr size_t kMaxRawBytes = 64 * 1024;
constexpr std::string_view kBlot = "[redacted]";

// The characters of base64(prefix + secret + anything) that depend on the secret alone, where the
// prefix has `offset` bytes (modulo 3): a secret inside a SASL message shows up as one of three.
std::string InnerBase64(std::string_view secret, size_t offset) {
  const std::string padded = std::string(offset, '\0') + std::string(secret);
  const std::string encoded = absl::Base64Escape(padded);
  const size_t first = (8 * offset + 5) / 6;
  const size_t last = 8 * padded.size() / 6;
  return encoded.substr(first, last - first);
}

std::string PercentForm(std::string_view secret, const char* digits) {
  std::string out;
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none.
size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

// Control characters (C1 ones too) become spaces, bytes that are no UTF-8 become '?': what a peer
// says ends up in terminals, JSON and protobuf strings.
std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += '?';
    } else if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
    } else if (byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
      out += ' ';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

void ReplaceAll(std::string& text, std::string_view what) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + kBlot.size())) {
    text.replace(at, what.size(), kBlot);
  }
}

}  // namespace

StepRecorder::StepRecorder(const CheckSpec& spec, const Clock& clock)
    : clock_(clock), run_start_(clock.Steady()), step_start_(run_start_) {
  record_.id = RandomId();
  record_.check_id = spec.id;
  record_.kind = spec.kind;
  record_.target = spec.target;
  record_.started = clock.Now();
}

void StepRecorder::EndStep() {
  if (current_.empty() || record_.steps.size() >= kMaxSteps) return;
  record_.steps.push_back({current_, clock_.Steady() - step_start_});
}

void StepRecorder::Begin(std::string_view step) {
  if (decided_) return;
  EndStep();
  current_ = Clean(step, kMaxStepNameBytes);
  step_start_ = clock_.Steady();
}

void StepRecorder::Touch(ComponentRef component) {
  if (decided_ || record_.touched.size() >= kMaxTouched) return;
  component.name = Clean(component.name, kMaxComponentBytes);
  std::vector<ComponentRef>& touched = record_.touched;
  if (std::find(touched.begin(), touched.end(), component) != touched.end()) return;
  touched.push_back(std::move(component));
}

std::vector<ComponentRef> StepRecorder::Recall(size_t mark) {
  std::vector<ComponentRef>& touched = record_.touched;
  if (decided_ || mark >= touched.size()) return {};
  const auto first = touched.begin() + static_cast<ptrdiff_t>(mark);
  std::vector<ComponentRef> recalled(first, touched.end());
  touched.erase(first, touched.end());
  return recalled;
}

void StepRecorder::Note(std::string_view line) {
  if (decided_ || record_.evidence.transcript.size() >= kMaxTranscriptLines) return;
  record_.evidence.transcript.push_back(Clean(line, kMaxTranscriptLineBytes));
}

void StepRecorder::Fact(std::string_view key, std::string_view value) {
  if (decided_) return;
  std::map<std::string, std::string>& facts = record_.evidence.facts;
  std::string name = Clean(key, kMaxFactKeyBytes);
  if (facts.size() >= kMaxFacts && !facts.contains(name)) return;
  facts[std::move(name)] = Clean(value, kMaxFactBytes);
}

void StepRecorder::Redact(std::string_view secret) {
  if (secret.size() < kMinSecretBytes) return;
  std::vector<std::string> forms = {std::string(secret), absl::Base64Escape(ToAbsl(secret)),
                                    absl::WebSafeBase64Escape(ToAbsl(secret)),
                                    PercentForm(secret, "0123456789ABCDEF"),
                                    PercentForm(secret, "0123456789abcdef")};
  for (size_t offset = 0; offset < 3; ++offset) forms.push_back(InnerBase64(secret, offset));
  for (std::string& form : forms) {
    if (form.size() < kMinSecretBytes) continue;
    if (std::find(redacted_.begin(), redacted_.end(), form) != redacted_.end()) continue;
    redacted_.push_back(std::move(form));
  }
  std::stable_sort(redacted_.begin(), redacted_.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

// Blots before it cuts, so that no cut leaves half a secret.
std::string StepRecorder::Clean(std::string_view text, size_t limit) const {
  std::string clean(text.substr(0, kMaxRawBytes));
  for (const std::string& form : redacted_) ReplaceAll(clean, form);
  clean = Printable(clean);
  return std::string(Truncate(clean, limit));
}

Failure StepRecorder::MakeFailure(FailureClass klass, std::string_view detail,
                                  std::optional<Reply> reply) const {
  if (reply.has_value()) {
    reply->text = Clean(reply->text, kMaxReplyBytes);
    reply->enhanced = Clean(reply->enhanced, kMaxEnhancedBytes);
  }
  return {klass, current_, Clean(detail, kMaxDetailBytes), std::move(reply)};
}

void StepRecorder::Decide(Outcome outcome) {
  EndStep();
  record_.outcome = outcome;
  record_.took = clock_.Steady() - run_start_;
  decided_ = true;
}

void StepRecorder::Fail(FailureClass klass, std::string_view detail, std::optional<Reply> reply) {
  if (decided_) return;
  record_.failure = MakeFailure(klass, detail, std::move(reply));
  Decide(Outcome::kFail);
}

void StepRecorder::Find(FailureClass klass, std::string_view detail, std::optional<Reply> reply) {
  if (decided_ || record_.findings.size() >= kMaxFindings) return;
  record_.findings.push_back(MakeFailure(klass, detail, std::move(reply)));
}

void StepRecorder::Promote(size_t index) {
  if (decided_ || index >= record_.findings.size()) return;
  const auto finding = record_.findings.begin() + static_cast<ptrdiff_t>(index);
  record_.failure = std::move(*finding);
  record_.findings.erase(finding);
  Decide(Outcome::kFail);
}

void StepRecorder::NotTested(std::string_view reason) {
  if (decided_) return;
  record_.not_tested_reason = Clean(reason, kMaxReasonBytes);
  Decide(Outcome::kNotTested);
}

Observation StepRecorder::Finish() {
  if (!decided_) Decide(Outcome::kPass);
  return std::move(record_);
}

}  // namespace postwatch::agent
