// Api: what people and programs may ask the collector over HTTP. Reads what the engine wrote, and
// passes on the little that may be changed.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "collector/model/board.h"
#include "collector/model/fleet.h"
#include "collector/scenario/scenario_writer.h"
#include "collector/store/store.h"
#include "common/http/server.h"

namespace postwatch::collector {

// Where the API gets its answers. Called on the event loop; callbacks may come on any thread.
struct ApiDeps {
  const BoardSource* board;
  // Runs a read against the store, off the event loop.
  // Not OK when the store has too much to do: the work is never called then.
  std::function<absl::Status(std::function<void(Store&)>)> read_store;
  std::function<std::string()> metrics;  // Prometheus text format
  std::function<absl::Status()> ready;   // why not, when not
  std::function<absl::Status()> reload;  // re-reads the configuration
  // Forgets an agent that is retired: NotFound, FailedPrecondition while it is connected.
  std::function<void(const std::string& agent, std::function<void(const absl::Status&)> done)>
      forget_agent;
  std::function<FleetPlan()> plan;      // what agents run now
  std::function<std::string()> config;  // what is configured, as JSON without secrets
  ScenarioWriter::Crossing crossed_by;  // called by the work that reads the store
};

// GET  /                            the page
// GET  /-/healthy, /-/ready         200 or 503 with the reason
// GET  /metrics
// POST /-/reload
// GET  /api/v1/board                everything the page shows
// GET  /api/v1/targets, /agents, /config
// GET  /api/v1/findings?target=&class=&limit=
// DELETE /api/v1/agents/<name>
// GET  /api/v1/incidents?state=open|all&limit=, /incidents/<id>
// GET  /api/v1/observations?agent=&target=&check=&outcome=&since=<seconds>&limit=
// GET  /api/v1/history?target=&check=&agent=&from=<seconds>&to=<seconds>
// GET  /api/v1/export?since=<seconds>&until=<seconds>
// docs/api.md documents every field. A parameter that is unknown or makes no sense is answered with
// 400.
HttpHandler MakeApi(ApiDeps deps);

}  // namespace postwatch::collector
