#include "cli/show_commands.h"

#include <curl/curl.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "common/base/flags.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace json = boost::json;

constexpr size_t kMaxAnswer = 64 * 1024 * 1024;
constexpr std::string_view kDefaultCollector = "http://127.0.0.1:7480";

constexpr auto kFlags = std::to_array<FlagSpec>({
    {"collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"},
    {"all", "", "resolved incidents too"},
    {"format", "text|json", "json prints the collector's answer as it is (default text)"},
    {"help", "", "this text"},
});

size_t Keep(char* bytes, size_t size, size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + size * count > kMaxAnswer) return 0;
  answer.append(bytes, size * count);
  return size * count;
}

absl::StatusOr<std::string> Get(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Keep);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode result = curl_easy_perform(curl.get());
  if (result != CURLE_OK) {
    return absl::UnavailableError(Concat("cannot read ", url, ": ", curl_easy_strerror(result),
                                         "; is the collector running there? (--collector URL)"));
  }
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code != 200) return absl::UnavailableError(Concat(url, " answered ", code));
  return answer;
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return "";
  if (value->is_string()) return std::string(value->as_string());
  return json::serialize(*value);
}

// Servers' words may be inside: what a terminal would act on is made visible instead.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

void PrintIncident(const json::object& incident) {
  std::printf("%s  %s  %s  %s: %s  (%s, %s)\n", Text(incident, "id").c_str(),
              Text(incident, "state").c_str(), Text(incident, "severity").c_str(),
              Text(incident, "component").c_str(), Text(incident, "class").c_str(),
              Text(incident, "level").c_str(),
              Text(incident, "alerting") == "true" ? "alert sent" : "nobody paged");
  std::printf("    %s\n", Printable(Text(incident, "explanation")).c_str());
  std::printf("    since %s%s%s\n", Text(incident, "started").c_str(),
              Text(incident, "ended") == "null" ? "" : " until ",
              Text(incident, "ended") == "null" ? "" : Text(incident, "ended").c_str());
}

void PrintAgent(const json::object& agent) {
  std::printf("%-16s %-12s %-14s %-10s last heard %s, %s waiting%s%s\n",
              Text(agent, "agent").c_str(), Text(agent, "region").c_str(),
              Text(agent, "network").c_str(),
              Text(agent, "connected") == "true" ? "connected" : "SILENT",
              Text(agent, "last_heard").c_str(), Text(agent, "spooled").c_str(),
              Text(agent, "problems") == "[]" ? "" : ", problems: ",
              Text(agent, "problems") == "[]" ? "" : Printable(Text(agent, "problems")).c_str());
}

int Show(std::span<const std::string_view> arguments, std::string_view verb, std::string_view list,
         const std::string& path, void (*print)(const json::object&)) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok() || !flags->words().empty()) {
    std::fprintf(
        stderr, "postwatch %s: %s\n", std::string(verb).c_str(),
        flags.ok() ? "takes no words, only flags" : std::string(flags.status().message()).c_str());
    return kUsage;
  }
  if (flags->Has("help")) {
    std::printf("usage: postwatch %s [flags]\n%s", std::string(verb).c_str(),
                FlagHelp(kFlags).c_str());
    return kOk;
  }
  std::string url = Concat(flags->Get("collector", kDefaultCollector), path);
  if (verb == "incidents" && !flags->Has("all")) url += "?state=open";
  const absl::StatusOr<std::string> answer = Get(url);
  if (!answer.ok()) {
    std::fprintf(stderr, "postwatch %s: %s\n", std::string(verb).c_str(),
                 std::string(answer.status().message()).c_str());
    return kUnknown;
  }
  if (flags->Get("format", "text") == "json") {
    std::printf("%s\n", answer->c_str());
    return kOk;
  }
  boost::system::error_code error;
  const json::value document = json::parse(*answer, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* items = object == nullptr
                                 ? nullptr
                                 : object->if_contains(json::string_view(list.data(), list.size()));
  if (items == nullptr || !items->is_array()) {
    std::fprintf(stderr, "postwatch %s: %s did not answer as a Postwatch collector does\n",
                 std::string(verb).c_str(), url.c_str());
    return kUnknown;
  }
  for (const json::value& item : items->as_array()) {
    if (item.is_object()) print(item.as_object());
  }
  if (items->as_array().empty()) std::printf("none\n");
  return kOk;
}

}  // namespace

int RunIncidents(std::span<const std::string_view> arguments) {
  return Show(arguments, "incidents", "incidents", "/api/v1/incidents", PrintIncident);
}

int RunAgents(std::span<const std::string_view> arguments) {
  return Show(arguments, "agents", "agents", "/api/v1/agents", PrintAgent);
}

}  // namespace postwatch::cli
