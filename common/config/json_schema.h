// JSON schema: of what a configuration may say, for editors (draft 2020-12).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/model/key_notes.h"

namespace postwatch {

// Finished schemas by the path of a key ("targets[].mailbox") or of what a list holds ("sinks[]"),
// in place of what the notes say.
using SchemaOverrides = std::map<std::string, std::string>;

// "$id" of a schema that is published, and its "title".
struct SchemaName {
  std::string_view id, title;
};

// The schema of a map with these keys and no others, as one line. A scalar may be ${NAME} too.
// `with_required`: keys that must be there are said to be.
std::string ObjectSchema(const KeyNotes& notes, const SchemaOverrides& overrides,
                         bool with_required);

// A whole schema document: `root` with its name, what ${NAME} and secrets are, and `definitions`,
// by their name. In lines, for people and version controls; ends with a line break.
std::string SchemaDocument(const SchemaName& name, const std::string& root,
                           const std::map<std::string, std::string>& definitions);

// A reference to one of the definitions.
std::string SchemaReference(std::string_view definition);

// What `include` takes, for the overrides of a configuration's root.
std::string IncludeSchema();

}  // namespace postwatch
