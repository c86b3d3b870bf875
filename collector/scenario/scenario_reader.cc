#include "collector/scenario/scenario_reader.h"

#include <simdjson.h>

#include <cmath>

#include "collector/scenario/padded_lines.h"
#include "collector/scenario/result_line.h"
#include "collector/scenario/scenario_topology.h"
#include "common/base/text.h"

namespace postwatch::collector {

namespace json = simdjson::dom;

static_assert(kLinePadding >= simdjson::SIMDJSON_PADDING);

struct ScenarioReader::Parser {
  json::parser parser;
  json::element line;
};

namespace {

constexpr size_t kMaxCells = 1 << 20;  // then they are learned anew
constexpr size_t kMaxCrossed = 64;     // of one result
constexpr size_t kMaxComponentName = 512;

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// As exact as times are stored.
absl::Time TimeOf(double seconds) { return absl::FromUnixMicros(std::llround(seconds * 1e6)); }

// No other sequence of pieces gives the same text.
void AddPiece(std::string_view piece, std::string& text) {
  const auto size = static_cast<uint32_t>(piece.size());
  text.append(reinterpret_cast<const char*>(&size), sizeof size);
  text.append(piece);
}

absl::Status ParseComponent(std::string_view text, ComponentRef& component) {
  const size_t colon = text.find(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() ||
      text.size() > kMaxComponentName) {
    return Wrong("'crossed' holds something that is no 'kind:name'");
  }
  component = {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  return absl::OkStatus();
}

}  // namespace

ScenarioReader::ScenarioReader() : parser_(std::make_unique<Parser>()) {}
ScenarioReader::~ScenarioReader() = default;

absl::Duration ScenarioReader::interval() const { return topology_->interval(); }
const std::optional<FleetPlan>& ScenarioReader::plan() const { return topology_->plan(); }

absl::Status ScenarioReader::Read(std::string_view text, Line& line) {
  line = Line::kNothing;
  if (text.find_first_not_of(" \t\r") == text.npos) return absl::OkStatus();
  const simdjson::error_code error =
      parser_->parser.parse(text.data(), text.size(), false).get(parser_->line);
  if (error != simdjson::SUCCESS) {
    return Wrong(Concat("is no JSON: ", std::string_view(simdjson::error_message(error))));
  }
  std::string_view type;
  if (parser_->line["type"].get(type) != simdjson::SUCCESS || type.empty()) {
    return Wrong("'type' is missing or no text");
  }
  if (type == "result") return ReadResult(line);
  return type == "topology" ? ReadTopology(text, line) : absl::OkStatus();
}

absl::Status ScenarioReader::ReadTopology(std::string_view text, Line& line) {
  if (topology_ != nullptr) {
    return text == topology_text_ ? absl::OkStatus() : Wrong("another topology");
  }
  auto topology = std::make_unique<ScenarioTopology>();
  if (absl::Status read = topology->Read(parser_->line); !read.ok()) return read;
  topology_ = std::move(topology);
  topology_text_ = text;
  line = Line::kTopology;
  return absl::OkStatus();
}

// What one agent sees of one endpoint differs from line to line in times and outcome only.
absl::Status ScenarioReader::ReadResult(Line& line) {
  if (topology_ == nullptr) return Wrong("a result before the topology");
  json::object object;
  if (parser_->line.get(object) != simdjson::SUCCESS) return Wrong("is no JSON object");
  ResultLine result;
  if (absl::Status read = ParseResultLine(object, result); !read.ok()) return read;
  if (absl::Status named = NameCell(result); !named.ok()) return named;
  auto it = cells_.find(cell_);
  if (it == cells_.end()) {
    Sighting sighting;
    if (absl::Status made = MakeCell(result, sighting); !made.ok()) return made;
    if (cells_.size() >= kMaxCells) cells_.clear();
    it = cells_.emplace(cell_, std::move(sighting)).first;
  }
  Sighting& sighting = it->second;
  Observation& seen = sighting.observation;
  sighting.received = TimeOf(result.received);
  sighting.sequence = static_cast<uint64_t>(result.sequence);
  seen.started = TimeOf(result.ended - result.took);
  seen.took = absl::Seconds(result.took);
  seen.outcome = result.failed ? Outcome::kFail : Outcome::kPass;
  seen.run_request = result.confirmation ? "confirm" : "";
  seen.amends = result.amends;
  seen.failure.reset();
  if (result.failed) {
    seen.failure = Failure{.klass = result.klass};
    seen.id =
        result.id.empty() ? Concat(result.agent, "#", result.sequence) : std::string(result.id);
  }
  sighting_ = &sighting;
  line = Line::kResult;
  return absl::OkStatus();
}

absl::Status ScenarioReader::NameCell(const ResultLine& result) {
  cell_.clear();
  const bool by_pop = result.leg == Leg::kDelivery && FetchesByPop(result.target);
  cell_ += by_pop ? 'p' : ' ';
  cell_.append(reinterpret_cast<const char*>(&result.account), sizeof result.account);
  for (const std::string_view piece :
       {result.agent, result.check, result.target, result.endpoint}) {
    AddPiece(piece, cell_);
  }
  if (!result.crossed) return absl::OkStatus();
  cell_ += static_cast<char>(result.leg);
  for (const std::string_view piece :
       {result.check_id, result.kind, result.provider, result.spool}) {
    AddPiece(piece, cell_);
  }
  for (const json::element component : *result.crossed) {
    std::string_view name;
    if (component.get(name) != simdjson::SUCCESS) return Wrong("'crossed' holds no text");
    AddPiece(name, cell_);
  }
  return absl::OkStatus();
}

absl::Status ScenarioReader::MakeCell(const ResultLine& result, Sighting& sighting) {
  const Vantage* agent = topology_->FindAgent(result.agent);
  if (agent == nullptr) return Wrong(Concat("agent '", result.agent, "' is not declared"));
  if (!result.crossed && !topology_->Knows(result)) {
    return Wrong(Concat("target '", result.target, "' is not declared"));
  }
  sighting = {.vantage = *agent,
              .provider = std::string(result.provider.empty() ? result.target : result.provider),
              .leg = result.leg,
              .spool_id = std::string(result.spool),
              .crossing_known = true};
  Observation& seen = sighting.observation;
  seen.check_id = result.check_id.empty() ? Concat(result.check, "/", result.target, "/",
                                                   result.endpoint, "/", result.account)
                                          : std::string(result.check_id);
  seen.kind = result.kind.empty() ? result.check : result.kind;
  seen.target = result.target;
  if (!result.crossed) {
    if (result.check == "pop3") pop_.emplace(result.target);
    if (result.check == "imap") imap_.emplace(result.target);
    seen.touched = topology_->Crossed(result, *agent, FetchesByPop(result.target));
    return absl::OkStatus();
  }
  for (const json::element component : *result.crossed) {
    ComponentRef touched;
    const absl::Status parsed = ParseComponent(component.get_string().value(), touched);
    if (!parsed.ok()) return parsed;
    if (seen.touched.size() == kMaxCrossed) return Wrong("'crossed' holds more than 64 components");
    seen.touched.push_back(std::move(touched));
  }
  return absl::OkStatus();
}

// Letters are fetched as mailboxes are read there otherwise, by IMAP if by both.
bool ScenarioReader::FetchesByPop(std::string_view target) const {
  return pop_.contains(target) && !imap_.contains(target);
}

}  // namespace postwatch::collector
