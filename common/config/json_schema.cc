#include "common/config/json_schema.h"

#include <algorithm>
#include <vector>

#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr std::string_view kVariable = "variable", kDuration = "duration", kSecret = "secret";

// What is known of one key and of those below it.
struct Node {
  KeyNote note;
  std::map<std::string, Node> keys;
  bool is_list = false;  // `keys` are of what the list holds
};

Node& Below(Node& node, std::string_view path) {
  if (path.starts_with("[]")) {
    node.is_list = true;
    path.remove_prefix(2);
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return node;
  const size_t end = std::min(path.find_first_of(".["), path.size());
  return Below(node.keys[std::string(path.substr(0, end))], path.substr(end));
}

Node TreeOf(const KeyNotes& notes) {
  Node root;
  for (const auto& [path, note] : notes.all()) Below(root, path).note = note;
  return root;
}

// A scalar's schema, or a variable in its place.
void OrVariable(JsonWriter& out, const std::string& schema) {
  out.Key("anyOf");
  out.BeginArray();
  out.Raw(schema);
  out.Raw(SchemaReference(kVariable));
  out.EndArray();
}

std::string IntegerSchema(const KeyNote& note) {
  JsonWriter out;
  out.BeginObject();
  out.Field("type", "integer");
  if (const auto low = ParseInteger(note.low)) out.Field("minimum", *low);
  if (const auto high = ParseInteger(note.high)) out.Field("maximum", *high);
  out.EndObject();
  return out.Take();
}

std::string ChoiceSchema(const KeyNote& note) {
  JsonWriter out;
  out.BeginObject();
  out.Key("enum");
  out.BeginArray();
  for (const std::string& choice : note.choices) out.String(choice);
  // As YAML reads them without quotes in an editor.
  for (const std::string& choice : note.choices) {
    const bool number = !choice.empty() && choice.find_first_not_of("0123456789.") == choice.npos;
    if (number) out.Raw(choice);
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

class SchemaWriter {
 public:
  SchemaWriter(const SchemaOverrides& overrides, bool with_required)
      : overrides_(overrides), with_required_(with_required) {}

  std::string Object(const Node& node, const std::string& path) const {
    JsonWriter out;
    out.BeginObject();
    WriteObject(out, node, path);
    out.EndObject();
    return out.Take();
  }

 private:
  void WriteObject(JsonWriter& out, const Node& node, const std::string& path) const {
    // `key:` with nothing behind it is an empty map.
    out.Key("type");
    out.Raw(R"(["object","null"])");
    out.Key("properties");
    out.BeginObject();
    std::vector<std::string> required;
    std::map<std::string, const Node*> keys;
    for (const auto& [key, below] : node.keys) keys[key] = &below;
    for (const auto& [where, schema] : overrides_) {
      const std::string prefix = path.empty() ? "" : Concat(path, ".");
      if (!where.starts_with(prefix)) continue;
      const std::string key = where.substr(prefix.size());
      if (key.find_first_of(".[") == key.npos) keys.emplace(key, nullptr);
    }
    for (const auto& [key, below] : keys) {
      out.Key(key);
      const std::string here = path.empty() ? key : Concat(path, ".", key);
      const auto replaced = overrides_.find(here);
      out.Raw(replaced != overrides_.end() ? replaced->second : Value(*below, here));
      if (below != nullptr && below->note.required) required.push_back(key);
    }
    out.EndObject();
    if (with_required_ && !required.empty()) {
      out.Key("required");
      out.BeginArray();
      for (const std::string& key : required) out.String(key);
      out.EndArray();
    }
    out.Field("additionalProperties", false);
  }

  std::string Value(const Node& node, const std::string& path) const {
    JsonWriter out;
    out.BeginObject();
    WriteShape(out, node, path);
    const std::string& fallback = node.note.fallback;
    if (!fallback.empty() && node.note.shape >= KeyShape::kText) {
      out.Key("default");
      const bool literal =
          node.note.shape == KeyShape::kInteger || node.note.shape == KeyShape::kBool;
      out.Raw(literal ? fallback : JsonString(fallback));
    }
    out.EndObject();
    return out.Take();
  }

  void WriteShape(JsonWriter& out, const Node& node, const std::string& path) const {
    const KeyNote& note = node.note;
    switch (note.shape) {
      case KeyShape::kAny:
        return;
      case KeyShape::kTree:
        if (!node.keys.empty()) return WriteObject(out, node, path);
        out.Key("type");
        return out.Raw(R"(["object","null"])");
      case KeyShape::kItems:
        out.Field("type", "array");
        return WriteItems(out, node, Concat(path, "[]"));
      case KeyShape::kText:
        out.Key("type");
        return out.Raw(R"(["string","number","boolean"])");
      case KeyShape::kInteger:
        return OrVariable(out, IntegerSchema(note));
      case KeyShape::kBool:
        return OrVariable(out, R"({"type":"boolean"})");
      case KeyShape::kDuration:
        out.Field("description", Concat("from ", note.low, " to ", note.high));
        return OrVariable(out, SchemaReference(kDuration));
      case KeyShape::kChoice:
        return OrVariable(out, ChoiceSchema(note));
      case KeyShape::kTexts:
        out.Field("type", "array");
        out.Key("items");
        return out.Raw(R"({"type":["string","number","boolean"]})");
      case KeyShape::kSecret:
        return out.Field("$ref", Concat("#/$defs/", kSecret));
    }
  }

  void WriteItems(JsonWriter& out, const Node& node, const std::string& path) const {
    const auto replaced = overrides_.find(path);
    if (replaced == overrides_.end() && node.keys.empty()) return;
    out.Key("items");
    if (replaced != overrides_.end()) return out.Raw(replaced->second);
    const std::string maps = Object(node, path);
    out.Raw(node.note.or_texts ? Concat(R"({"anyOf":[{"type":"string"},)", maps, "]}") : maps);
  }

  const SchemaOverrides& overrides_;
  const bool with_required_;
};

// The same JSON, a value a line; lists of scalars stay on theirs.
std::string InLines(std::string_view json) {
  std::string out;
  size_t depth = 0;
  bool in_text = false;
  const auto line = [&] { Append(out, "\n", std::string(2 * depth, ' ')); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text || c == '"') {
      const bool escape = in_text && c == '\\';
      out += c;
      if (escape) out += json[++i];
      if (c == '"') in_text = !in_text;
    } else if (c == '{' || c == '[') {
      const char end = c == '{' ? '}' : ']';
      const size_t close = json.find_first_of("{}[]", i + 1);
      const bool flat = c == '[' && close != json.npos && json[close] == end;
      const bool empty = i + 1 < json.size() && json[i + 1] == end;
      if (flat || empty) {
        out += json.substr(i, close + 1 - i);
        i = close;
        continue;
      }
      out += c;
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out += c;
    } else if (c == ',') {
      out += c;
      line();
    } else {
      out += c;
      if (c == ':') out += ' ';
    }
  }
  return out + "\n";
}

}  // namespace

std::string ObjectSchema(const KeyNotes& notes, const SchemaOverrides& overrides,
                         bool with_required) {
  return SchemaWriter(overrides, with_required).Object(TreeOf(notes), "");
}

std::string SchemaReference(std::string_view definition) {
  return Concat(R"({"$ref":"#/$defs/)", definition, "\"}");
}

std::string IncludeSchema() {
  return R"({"type":["string","array"],"items":{"type":"string"},)"
         R"("description":"more files, relative to this one: patterns such as conf.d/*.yaml"})";
}

std::string SchemaDocument(const SchemaName& name, const std::string& root,
                           const std::map<std::string, std::string>& definitions) {
  std::map<std::string, std::string> all = definitions;
  all[std::string(kVariable)] =
      R"({"type":"string","pattern":"[$][{]","description":"an environment variable, ${NAME}"})";
  all[std::string(kDuration)] =
      R"({"type":["string","integer"],"pattern":"^[+-]?([0-9.]+(ns|us|ms|s|m|h))+$|^0$","maximum":0})";
  all[std::string(kSecret)] =
      R"({"type":"object","properties":{"file":{"type":"string"},"env":{"type":"string"}},)"
      R"("oneOf":[{"required":["file"]},{"required":["env"]}],"additionalProperties":false,)"
      R"("description":"where the secret is, never the secret itself"})";
  JsonWriter out;
  out.BeginObject();
  out.Field("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.Field("$id", name.id);
  out.Field("title", name.title);
  out.Key("allOf");
  out.BeginArray();
  out.Raw(root);
  out.EndArray();
  out.Key("$defs");
  out.BeginObject();
  for (const auto& [key, schema] : all) {
    out.Key(key);
    out.Raw(schema);
  }
  out.EndObject();
  out.EndObject();
  return InLines(out.Take());
}

}  // namespace postwatch
