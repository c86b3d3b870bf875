#include "collector/sinks.h"

#include "common/base/text.h"

namespace postwatch::collector {

std::vector<std::unique_ptr<AlertSink>> MakeSinks(const CollectorConfig& config, const Clock& clock,
                                                  Mistakes& mistakes) {
  std::string url = config.external_url;
  while (url.ends_with('/')) url.pop_back();
  const SinkDeps deps{.clock = clock, .external_url = url, .secrets = ResolveSecret};
  std::vector<std::unique_ptr<AlertSink>> sinks;
  sinks.reserve(config.sinks.size());
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    const SinkConfig& sink = config.sinks[i];
    if (sink.type.empty()) {  // told already
      sinks.push_back(nullptr);
      continue;
    }
    sinks.push_back(MakeBuiltinSink(sink.type, sink.settings, Concat("alerting.sinks[", i, "]"),
                                    deps, mistakes));
  }
  return sinks;
}

}  // namespace postwatch::collector
