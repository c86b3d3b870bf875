// Reading: feeds a ScenarioReader from strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/scenario/padded_lines.h"
#include "collector/scenario/scenario_reader.h"
#include "common/base/text.h"

namespace postwatch::collector {

inline constexpr std::string_view kTopology =
    R"({"type":"topology","v":1,"interval_s":120,"agents":[)"
    R"({"id":"a1","region":"eu","isp":"as1","resolver":"r1"},{"id":"a2","region":"us"}],)"
    R"("providers":[{"id":"p","sites":[{"id":"p-eu","dc":"dc1","mx":["mx1.p","mx2.p"]},)"
    R"({"id":"p-us","dc":"dc2","mx":["mx3.p"]}],"dns_hoster":"h1","uses_dnsbl":true},)"
    R"({"id":"q","sites":[{"id":"q-1"}],"dns_hoster":"self:q"}],)"
    R"("domains":[{"id":"d.test","provider":"p","dns_hoster":"h2"}],"anchors":["x"]})";

class Reading {
 public:
  // What is wrong with the line, "" if nothing.
  std::string Take(std::string_view text) {
    std::string padded(text);
    padded.append(kLinePadding, '?');
    return std::string(
        FromAbsl(reader.Read(std::string_view(padded).substr(0, text.size()), line).message()));
  }
  // A result of agent a1 with these fields beside the ones that every result has.
  std::string Result(std::string_view fields) {
    return Take(
        Concat(R"({"type":"result","recv":1000.5,"ts":990.25,"seq":7,"agent":"a1",)", fields, "}"));
  }

  const Sighting& sighting() const { return reader.sighting(); }
  const Observation& seen() const { return reader.sighting().observation; }
  std::vector<std::string> Touched() const {
    std::vector<std::string> names;
    for (const ComponentRef& component : seen().touched) names.push_back(component.Text());
    return names;
  }

  ScenarioReader reader;
  ScenarioReader::Line line{};
};

}  // namespace postwatch::collector
