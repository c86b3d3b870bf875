#include "common/domain/rdap_domain.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/dns/message.h"

namespace postwatch {
namespace {

namespace json = simdjson::dom;

constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxBytes = 4 * 1024 * 1024;
constexpr size_t kMaxItems = 32;     // statuses, name servers
constexpr size_t kMaxEntities = 64;  // looked through for the registrar
constexpr size_t kMaxTextBytes = 255;
constexpr size_t kMaxUrls = 4;
constexpr size_t kMaxUrlBytes = 2048;

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// Parses the text into `parser`, which owns the result.
absl::Status Load(std::string_view text, json::parser& parser, json::object& root) {
  if (text.size() > kMaxBytes) return Wrong("it is too long");
  simdjson::error_code error = parser.allocate(std::max<size_t>(text.size(), 1), kMaxDepth);
  json::element element;
  if (error == simdjson::SUCCESS) error = parser.parse(text.data(), text.size()).get(element);
  if (error != simdjson::SUCCESS) {
    return Wrong(Concat("it is no JSON: ", std::string_view(simdjson::error_message(error))));
  }
  if (element.get(root) != simdjson::SUCCESS) return Wrong("it is no JSON object");
  return absl::OkStatus();
}

// The text under `key`, cut; "" when there is none.
std::string TextOf(const json::object& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return "";
  return std::string(Truncate(text, kMaxTextBytes));
}

json::array ArrayOf(const json::object& object, std::string_view key) {
  json::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return {};
  return array;
}

bool HasArray(const json::object& object, std::string_view key) {
  json::array array;
  return object[key].get(array) == simdjson::SUCCESS;
}

// Calls `take` with the first `limit` items of the array under `key` that are of type T.
template <class T, class Take>
void ForEach(const json::object& object, std::string_view key, size_t limit, const Take& take) {
  if (!HasArray(object, key)) return;
  size_t count = 0;
  for (const json::element item : ArrayOf(object, key)) {
    T value;
    if (count++ == limit) return;
    if (item.get(value) == simdjson::SUCCESS) take(value);
  }
}

std::optional<absl::Time> ParseDate(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  return time;
}

void ReadEvent(const json::object& event, RdapDomain& domain) {
  const std::string action = TextOf(event, "eventAction");
  const std::optional<absl::Time> date = ParseDate(TextOf(event, "eventDate"));
  if (!date.has_value()) return;
  if (EqualsIgnoreCase(action, "expiration")) domain.expires = date;
  if (EqualsIgnoreCase(action, "last changed")) domain.changed = date;
}

// "fn" of a jCard: ["vcard", [["fn", {}, "text", "Example Registrar"], ...]] (RFC 7095).
std::string CardName(const json::object& entity) {
  std::string name;
  ForEach<json::array>(entity, "vcardArray", 2, [&](const json::array& properties) {
    size_t count = 0;
    for (const json::element item : properties) {
      if (count++ == kMaxItems) return;
      std::string_view kind, value;
      json::array property;
      if (item.get(property) != simdjson::SUCCESS || property.size() < 4) continue;
      if (property.at(0).get(kind) != simdjson::SUCCESS || kind != "fn") continue;
      if (property.at(3).get(value) != simdjson::SUCCESS) continue;
      name = std::string(Truncate(value, kMaxTextBytes));
    }
  });
  return name;
}

void ReadEntity(const json::object& entity, RdapDomain& domain) {
  bool is_registrar = false;
  ForEach<std::string_view>(entity, "roles", kMaxItems, [&](std::string_view role) {
    is_registrar = is_registrar || EqualsIgnoreCase(role, "registrar");
  });
  if (!is_registrar) return;
  domain.registrar = CardName(entity);
  if (domain.registrar.empty()) domain.registrar = TextOf(entity, "handle");
  ForEach<json::object>(entity, "publicIds", kMaxItems, [&](const json::object& id) {
    if (ContainsIgnoreCase(TextOf(id, "type"), "IANA Registrar ID")) {
      domain.registrar_id = TextOf(id, "identifier");
    }
  });
}

std::string Squeezed(std::string_view status) {
  std::string text = AsciiLower(status);
  std::erase_if(text, [](char c) { return c == ' ' || c == '_' || c == '-'; });
  return text;
}

// Whether the bootstrap entry is for `suffix`; its URLs when it is.
bool ReadService(const json::array& service, std::string_view suffix,
                 std::vector<std::string>& urls) {
  json::array names, addresses;
  if (service.size() < 2 || service.at(0).get(names) != simdjson::SUCCESS ||
      service.at(1).get(addresses) != simdjson::SUCCESS) {
    return false;
  }
  const bool ours = std::ranges::any_of(names, [suffix](const json::element& item) {
    std::string_view name;
    return item.get(name) == simdjson::SUCCESS && EqualsIgnoreCase(name, suffix);
  });
  if (!ours) return false;
  for (const json::element item : addresses) {
    std::string_view url;
    if (item.get(url) != simdjson::SUCCESS || url.size() > kMaxUrlBytes) continue;
    if (urls.size() < kMaxUrls) urls.emplace_back(url);
  }
  return true;
}

}  // namespace

bool RdapDomain::Has(std::string_view wanted) const {
  return std::ranges::any_of(status, [squeezed = Squeezed(wanted)](const std::string& one) {
    return Squeezed(one) == squeezed;
  });
}

absl::StatusOr<RdapDomain> ParseRdapDomain(std::string_view text) {
  json::parser parser;
  json::object root;
  const absl::Status loaded = Load(text, parser, root);
  if (!loaded.ok()) return loaded;
  if (!EqualsIgnoreCase(TextOf(root, "objectClassName"), "domain")) {
    return Wrong("it is no domain object");
  }
  RdapDomain domain;
  const std::string name = TextOf(root, "ldhName");
  if (!name.empty()) domain.name = CanonicalName(name);
  ForEach<std::string_view>(root, "status", kMaxItems, [&](std::string_view status) {
    domain.status.emplace_back(Truncate(status, kMaxTextBytes));
  });
  ForEach<json::object>(root, "events", kMaxEntities,
                        [&](const json::object& event) { ReadEvent(event, domain); });
  ForEach<json::object>(root, "nameservers", kMaxItems, [&](const json::object& server) {
    const std::string host = TextOf(server, "ldhName");
    if (!host.empty()) domain.nameservers.push_back(CanonicalName(host));
  });
  std::ranges::sort(domain.nameservers);
  ForEach<json::object>(root, "entities", kMaxEntities,
                        [&](const json::object& entity) { ReadEntity(entity, domain); });
  bool is_signed = false;
  if (root["secureDNS"]["delegationSigned"].get(is_signed) == simdjson::SUCCESS) {
    domain.signed_delegation = is_signed;
  }
  return domain;
}

absl::StatusOr<std::vector<std::string>> FindRdapServers(std::string_view bootstrap_json,
                                                         std::string_view domain) {
  json::parser parser;
  json::object root;
  const absl::Status loaded = Load(bootstrap_json, parser, root);
  if (!loaded.ok()) return loaded;
  json::array services;
  if (root["services"].get(services) != simdjson::SUCCESS) {
    return Wrong("it has no list of services");
  }
  std::vector<std::string> urls;
  const std::string name = CanonicalName(domain);
  for (size_t at = 0; at != name.npos && at < name.size();) {
    const std::string_view suffix = std::string_view(name).substr(at);
    for (const json::element item : services) {
      json::array service;
      if (item.get(service) != simdjson::SUCCESS) continue;
      if (ReadService(service, suffix, urls)) return urls;
    }
    const size_t dot = name.find('.', at);
    at = dot == name.npos ? dot : dot + 1;
  }
  return urls;
}

}  // namespace postwatch
