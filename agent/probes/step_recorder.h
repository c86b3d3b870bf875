// StepRecorder: writes the observation while a probe runs; bounded, redacted, frozen by the first
// failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"

namespace postwatch::agent {

// Belongs to RunOnce, so that a run which hits its deadline keeps its finished steps. After the
// first Fail, NotTested or Finish every further call is ignored: what happens later cannot change
// the record.
class StepRecorder {
 public:
  StepRecorder(const CheckSpec& spec, const Clock& clock);

  // Ends the step before, if any, and starts this one.
  void Begin(std::string_view step);
  // Of the observation this run will give.
  const std::string& observation_id() const { return record_.id; }
  // The step that is running, "" before the first.
  const std::string& current_step() const { return current_; }

  // Declares that what follows depends on this component; once each. A failure is blamed on nothing
  // that was not touched before it.
  void Touch(ComponentRef component);
  // Takes back and returns what was touched since the count was `mark`: another of several (an
  // address, an MX host) is tried instead, so that the outcome may say nothing about this one.
  std::vector<ComponentRef> Recall(size_t mark);
  size_t touched_count() const { return record_.touched.size(); }

  // One transcript line; control characters are replaced and the line is cut. Secrets registered
  // with Redact are blotted out.
  void Note(std::string_view line);
  void Fact(std::string_view key, std::string_view value);

  // From now on this text, its base64 and its percent form never reach the record. Texts shorter
  // than 3 bytes are ignored.
  void Redact(std::string_view secret);

  // The target is bad. The running step is the one blamed.
  void Fail(FailureClass klass, std::string_view detail, std::optional<Reply> reply = std::nullopt);
  // A fault beside the main result; does not end the run.
  void Find(FailureClass klass, std::string_view detail, std::optional<Reply> reply = std::nullopt);
  size_t findings_count() const { return record_.findings.size(); }
  // Ends the run with finding number `index` as its failure, with the step it was found at: what
  // seemed one of several turned out to be all there is. Without such a finding nothing happens.
  void Promote(size_t index);
  // Nothing can be said about the target.
  void NotTested(std::string_view reason);

  bool decided() const { return decided_; }

  // The finished record; pass unless something else was decided. Call once.
  Observation Finish();

 private:
  void EndStep();
  void Decide(Outcome outcome);
  std::string Clean(std::string_view text, size_t limit) const;
  Failure MakeFailure(FailureClass klass, std::string_view detail,
                      std::optional<Reply> reply) const;

  const Clock& clock_;
  Observation record_;
  absl::Duration run_start_;
  absl::Duration step_start_;
  std::string current_;
  std::vector<std::string> redacted_;  // longest first
  bool decided_ = false;
};

}  // namespace postwatch::agent
