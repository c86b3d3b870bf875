// ConfiguredProbe: what every probe has: its check, what it may use, and its settings.
#pragma once

#include <memory>
#include <utility>

#include "agent/probes/probe.h"

namespace postwatch::agent {

template <class Settings>
class ConfiguredProbe : public Probe {
 public:
  ConfiguredProbe(CheckSpec spec, const ProbeDeps& deps, Settings settings)
      : spec_(std::move(spec)), deps_(deps), settings_(std::move(settings)) {}

 protected:
  const CheckSpec spec_;
  const ProbeDeps deps_;
  const Settings settings_;
};

// The MakeProbe of a ConfiguredProbe whose settings `Read` reads (common/checks).
template <class Configured, auto Read>
absl::StatusOr<std::unique_ptr<Probe>> MakeConfigured(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  Mistakes mistakes;
  auto settings = Read(spec, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();
  return std::make_unique<Configured>(spec, deps, std::move(settings));
}

}  // namespace postwatch::agent
