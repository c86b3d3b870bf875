// Config schema: of the agent's configuration, from the reader itself.
#pragma once

#include <string>

namespace postwatch::agent {

// A JSON Schema document (docs/schema/agent.schema.json).
std::string AgentSchema();

// Every key there is, with what it takes, as docs/configuration.md has them: a table in Markdown.
std::string AgentKeys();

}  // namespace postwatch::agent
