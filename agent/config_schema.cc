#include "agent/config_schema.h"

#include "agent/config.h"
#include "common/config/json_schema.h"
#include "common/config/key_table.h"
#include "common/config/known_keys.h"

namespace postwatch::agent {
namespace {

KeyNotes RootKeys() {
  return KnownKeys(
      [](const Settings& settings, Mistakes& mistakes) { ReadAgentConfig(settings, mistakes); });
}

}  // namespace

std::string AgentSchema() {
  return SchemaDocument({"https://postwatch.invalid/schema/agent.schema.json",
                         "Postwatch: configuration of postwatch-agent"},
                        ObjectSchema(RootKeys(), {{"include", IncludeSchema()}}, true), {});
}

std::string AgentKeys() { return KeyTable("postwatch-agent", RootKeys()); }

}  // namespace postwatch::agent
