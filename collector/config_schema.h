// Config schema: of the collector's configuration, from the readers themselves.
#pragma once

#include <string>

namespace postwatch::collector {

// A JSON Schema document (docs/schema/collector.schema.json).
std::string CollectorSchema();

// Every key there is, with what it takes, as docs/configuration.md has them: tables in Markdown.
std::string CollectorKeys();

}  // namespace postwatch::collector
