#include "cli/fleet/show_commands.h"

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/fleet/collector_client.h"
#include "cli/printable.h"
#include "common/base/flags.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace json = boost::json;

constexpr FlagSpec kCollectorFlag = {
    "collector", "URL", "the collector's HTTP address (default http://127.0.0.1:7480)"};
constexpr FlagSpec kFormatFlag = {"format", "text|json",
                                  "json prints the collector's answer as it is (default text)"};
constexpr FlagSpec kHelpFlag = {"help", "", "this text"};

constexpr std::array kIncidentsFlags = {
    kCollectorFlag, FlagSpec{"all", "", "resolved incidents too"}, kFormatFlag, kHelpFlag};
constexpr std::array kAgentsFlags = {kCollectorFlag, kFormatFlag, kHelpFlag};
constexpr std::array kForgetFlags = {kCollectorFlag, kHelpFlag};

// A list that a collector shows.
struct Listing {
  std::string_view verb;  // also the path, and the key of the answer
  std::string_view usage;
  std::span<const FlagSpec> flags;
  void (*print)(const json::object&);
};

int Help(std::string_view usage, std::span<const FlagSpec> flags) {
  std::printf("%s\n%s", std::string(usage).c_str(), FlagHelp(flags).c_str());
  return kOk;
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return "";
  return Printable(value->is_string() ? std::string_view(value->as_string())
                                      : std::string_view(json::serialize(*value)));
}

// A list of texts; empty when there is none, as of an older collector.
std::string Words(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  std::vector<std::string> words;
  if (value == nullptr || !value->is_array()) return "";
  for (const json::value& item : value->as_array()) {
    if (item.is_string()) words.push_back(Printable(std::string_view(item.as_string())));
  }
  return Join(words, " ");
}

void PrintIncident(const json::object& incident) {
  std::printf("%s  %s  %s  %s: %s  (%s, %s)\n", Text(incident, "id").c_str(),
              Text(incident, "state").c_str(), Text(incident, "severity").c_str(),
              Text(incident, "component").c_str(), Text(incident, "class").c_str(),
              Text(incident, "level").c_str(),
              Text(incident, "alerting") == "true" ? "alert sent" : "nobody paged");
  std::printf("    %s\n", Text(incident, "explanation").c_str());
  std::printf("    since %s%s%s\n", Text(incident, "started").c_str(),
              Text(incident, "ended") == "null" ? "" : " until ",
              Text(incident, "ended") == "null" ? "" : Text(incident, "ended").c_str());
}

void PrintAgent(const json::object& agent) {
  const std::string lacks = Words(agent, "cannot_run");
  std::printf("%-16s %-12s %-14s %-10s last heard %s, %s waiting%s%s%s%s\n",
              Text(agent, "agent").c_str(), Text(agent, "region").c_str(),
              Text(agent, "network").c_str(),
              Text(agent, "connected") == "true" ? "connected" : "SILENT",
              Text(agent, "last_heard").c_str(), Text(agent, "spooled").c_str(),
              Text(agent, "problems") == "[]" ? "" : ", problems: ",
              Text(agent, "problems") == "[]" ? "" : Text(agent, "problems").c_str(),
              lacks.empty() ? "" : ", too old for: ", lacks.c_str());
}

int PrintItems(const Listing& listing, const std::string& url, const std::string& answer) {
  boost::system::error_code error;
  const json::value document = json::parse(answer, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* items =
      object == nullptr
          ? nullptr
          : object->if_contains(json::string_view(listing.verb.data(), listing.verb.size()));
  if (items == nullptr || !items->is_array()) {
    return Complain(listing.verb, Concat(url, " did not answer as a Postwatch collector does"),
                    kUnknown);
  }
  for (const json::value& item : items->as_array()) {
    if (item.is_object()) listing.print(item.as_object());
  }
  if (items->as_array().empty()) std::printf("none\n");
  return kOk;
}

int Show(const Listing& listing, std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, listing.flags);
  if (!flags.ok()) return Complain(listing.verb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) return Help(listing.usage, listing.flags);
  if (!flags->words().empty()) {
    return Complain(listing.verb,
                    Concat("does not know what to do with '", flags->words()[0], "'; see --help"),
                    kUsage);
  }
  const std::string format = flags->Get("format", "text");
  if (format != "text" && format != "json") {
    return Complain(listing.verb, Concat("--format '", format, "' is none of text, json"), kUsage);
  }
  std::string url = Concat(CollectorUrl(*flags), "/api/v1/", listing.verb);
  if (listing.verb == "incidents" && !flags->Has("all")) url += "?state=open";
  const absl::StatusOr<std::string> answer = AskCollector(CollectorMethod::kGet, url);
  if (!answer.ok()) return Complain(listing.verb, FromAbsl(answer.status().message()), kUnknown);
  if (format == "text") return PrintItems(listing, url, *answer);
  std::printf("%s\n", answer->c_str());
  return kOk;
}

int Forget(std::span<const std::string_view> arguments) {
  constexpr std::string_view kVerb = "agents forget";
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kForgetFlags);
  if (!flags.ok()) return Complain(kVerb, FromAbsl(flags.status().message()), kUsage);
  if (flags->Has("help")) {
    return Help(
        "usage: postwatch agents forget NAME [flags]\n\n"
        "Takes an agent that is retired out of the fleet: its silence is no trouble any more. "
        "What\n"
        "it saw stays in the store. Refused while it is connected.\n",
        kForgetFlags);
  }
  if (flags->words().size() != 1) return Complain(kVerb, "takes one NAME; see --help", kUsage);
  const std::string& name = flags->words()[0];
  if (!IsName(name) || name == "." || name == "..") {
    return Complain(kVerb, Concat("'", Printable(name), "' is no agent's name"), kUsage);
  }
  const absl::StatusOr<std::string> answer =
      AskCollector(CollectorMethod::kDelete, Concat(CollectorUrl(*flags), "/api/v1/agents/", name));
  if (!answer.ok()) return Complain(kVerb, FromAbsl(answer.status().message()), kUnknown);
  std::printf("forgot %s\n", name.c_str());
  return kOk;
}

}  // namespace

int RunIncidents(std::span<const std::string_view> arguments) {
  return Show({.verb = "incidents",
               .usage = "usage: postwatch incidents [flags]\n",
               .flags = kIncidentsFlags,
               .print = PrintIncident},
              arguments);
}

int RunAgents(std::span<const std::string_view> arguments) {
  if (!arguments.empty() && arguments[0] == "forget") return Forget(arguments.subspan(1));
  return Show({.verb = "agents",
               .usage = "usage: postwatch agents [flags]\n"
                        "       postwatch agents forget NAME [--collector URL]\n",
               .flags = kAgentsFlags,
               .print = PrintAgent},
              arguments);
}

}  // namespace postwatch::cli
