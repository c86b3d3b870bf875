#include "collector/web/api.h"

#include <memory>

#include "collector/model/incident_json.h"
#include "collector/web/assets.h"
#include "collector/web/board_json.h"
#include "collector/web/export.h"
#include "collector/web/findings_json.h"
#include "collector/web/history_json.h"
#include "collector/web/query_reader.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kDefaultLimit = 100;
constexpr int kMaxLimit = 1000;
constexpr int64_t kMaxSince = 253402300799;  // the last second of the year 9999
constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kAgents = "agents/";
// A page of another site cannot make a browser send it, unless we say that it may; we never do.
constexpr char kClientHeader[] = "x-postwatch-client";

HttpResponse FromStatus(const absl::Status& status) {
  const int code = absl::IsNotFound(status)             ? 404
                   : absl::IsInvalidArgument(status)    ? 400
                   : absl::IsFailedPrecondition(status) ? 409
                                                        : 503;
  return ErrorResponse(code, FromAbsl(status.message()));
}

int Limit(QueryReader& in) {
  return static_cast<int>(in.Number("limit", 1, kMaxLimit, kDefaultLimit));
}

class Api {
 public:
  explicit Api(ApiDeps deps) : deps_(std::move(deps)) {}

  void Handle(const HttpRequest& request, HttpReply reply) const {
    if (request.path == "/-/reload") {
      if (request.method != "POST") {
        reply(ErrorResponse(405, "use POST to reload"));
        return;
      }
      const absl::Status status = deps_.reload();
      reply(status.ok() ? HttpResponse{.body = "reloaded\n"}
                        : ErrorResponse(400, FromAbsl(status.message())));
      return;
    }
    std::string_view path = request.path;
    const bool of_api = path.starts_with(kApi);
    if (of_api) path.remove_prefix(kApi.size());
    if (of_api && path.starts_with(kAgents)) {
      OneAgent(request, std::string(path.substr(kAgents.size())), std::move(reply));
    } else if (request.method != "GET" && request.method != "HEAD") {
      reply(ErrorResponse(405, "only GET is understood here"));
    } else if (of_api) {
      HandleApi(request, path, std::move(reply));
    } else {
      reply(Plain(request.path));
    }
  }

 private:
  HttpResponse Plain(const std::string& path) const {
    if (path == "/-/healthy") return {.body = "healthy\n"};
    if (path == "/-/ready") {
      const absl::Status status = deps_.ready();
      if (status.ok()) return {.body = "ready\n"};
      return {.status = 503, .body = Concat("not ready: ", FromAbsl(status.message()), "\n")};
    }
    if (path == "/metrics") {
      return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = deps_.metrics()};
    }
    if (const Asset* asset = FindAsset(path)) {
      return {.content_type = std::string(asset->content_type), .body = std::string(asset->body)};
    }
    return ErrorResponse(404, "there is nothing here; the page is at /, the API at /api/v1/");
  }

  void HandleApi(const HttpRequest& request, std::string_view what, HttpReply reply) const {
    if (what == "incidents") {
      Incidents(request, std::move(reply));
    } else if (what == "findings") {
      reply(Findings(request));
    } else if (what == "observations") {
      Observations(request, std::move(reply));
    } else if (what == "history") {
      Hours(request, std::move(reply));
    } else if (what == "export") {
      Export(request, std::move(reply));
    } else if (const absl::Status none = QueryReader(request.query).Finish(); !none.ok()) {
      reply(FromStatus(none));
    } else if (what == "board") {
      reply(JsonResponse(BoardJson(deps_.board->Current())));
    } else if (what == "targets") {
      reply(JsonResponse(TargetsJson(deps_.board->Current())));
    } else if (what == "config") {
      reply(JsonResponse(deps_.config()));
    } else if (what == "agents") {
      reply(JsonResponse(AgentsJson(deps_.board->Current())));
    } else if (what.starts_with("incidents/")) {
      OneIncident(std::string(what.substr(std::string_view("incidents/").size())),
                  std::move(reply));
    } else {
      reply(ErrorResponse(404,
                          Concat("/api/v1/ knows board, targets, findings, agents, "
                                 "incidents, observations, history, config and export, but not '",
                                 what, "'")));
    }
  }

  void OneAgent(const HttpRequest& request, std::string name, HttpReply reply) const {
    if (request.method != "DELETE") {
      reply(ErrorResponse(405, "only DELETE is understood here; /api/v1/agents has them all"));
      return;
    }
    if (!request.headers.contains(kClientHeader)) {
      reply(ErrorResponse(
          403,
          "a request that changes something needs the header X-Postwatch-Client, of any value"));
      return;
    }
    if (const absl::Status none = QueryReader(request.query).Finish(); !none.ok()) {
      reply(FromStatus(none));
      return;
    }
    deps_.forget_agent(name, [reply = std::move(reply), name](const absl::Status& status) {
      JsonWriter out;
      out.BeginObject();
      out.Field("forgotten", name);
      out.EndObject();
      reply(status.ok() ? JsonResponse(out.Take()) : FromStatus(status));
    });
  }

  HttpResponse Findings(const HttpRequest& request) const {
    QueryReader in(request.query);
    FindingQuery query{.target = in.Text("target")};
    const std::string klass = in.Text("class");
    query.limit = static_cast<int>(in.Number("limit", 0, kMaxLimit, kDefaultLimit));
    if (const absl::Status status = in.Finish(); !status.ok()) return FromStatus(status);
    if (!klass.empty()) {
      query.klass = ParseFailureClass(klass);
      if (!query.klass) {
        return ErrorResponse(400, Concat("class: there is no failure class '", klass, "'"));
      }
    }
    return JsonResponse(FindingsJson(deps_.board->CurrentFindings(), query));
  }

  // Answers 503 when the store has too much to do.
  void Read(HttpReply reply, std::function<HttpResponse(Store&)> work) const {
    const absl::Status accepted =
        deps_.read_store([reply, work = std::move(work)](Store& store) { reply(work(store)); });
    if (!accepted.ok()) reply(FromStatus(accepted));
  }

  void Incidents(const HttpRequest& request, HttpReply reply) const {
    QueryReader in(request.query);
    const IncidentQuery query{.open_only = in.Choice("state", {"open", "all"}, "all") == "open",
                              .limit = Limit(in)};
    if (const absl::Status status = in.Finish(); !status.ok()) {
      reply(FromStatus(status));
      return;
    }
    Read(std::move(reply), [query](Store& store) {
      const auto incidents = store.Incidents(query);
      return incidents.ok() ? JsonResponse(IncidentsJson(*incidents))
                            : FromStatus(incidents.status());
    });
  }

  void OneIncident(std::string id, HttpReply reply) const {
    Read(std::move(reply), [id = std::move(id)](Store& store) {
      const auto incident = store.FindIncident(id);
      if (!incident.ok()) return FromStatus(incident.status());
      if (!*incident) return ErrorResponse(404, Concat("there is no incident '", id, "'"));
      JsonWriter out;
      WriteIncident(out, **incident);
      return JsonResponse(out.Take());
    });
  }

  void Observations(const HttpRequest& request, HttpReply reply) const {
    QueryReader in(request.query);
    ObservationQuery query{.agent = in.Text("agent"),
                           .target = in.Text("target"),
                           .check_id = in.Text("check"),
                           .outcome = in.Choice("outcome", {"pass", "fail", "not_tested"}, ""),
                           .limit = Limit(in)};
    const int64_t since = in.Number("since", 0, kMaxSince, -1);
    if (since >= 0) query.from = absl::FromUnixSeconds(since);
    if (const absl::Status status = in.Finish(); !status.ok()) {
      reply(FromStatus(status));
      return;
    }
    Read(std::move(reply), [query = std::move(query)](Store& store) {
      const auto sightings = store.Observations(query);
      return sightings.ok() ? JsonResponse(ObservationsJson(*sightings))
                            : FromStatus(sightings.status());
    });
  }

  void Hours(const HttpRequest& request, HttpReply reply) const {
    QueryReader in(request.query);
    HistoryQuery query{
        .target = in.Text("target"), .check_id = in.Text("check"), .agent = in.Text("agent")};
    const int64_t from = in.Number("from", 0, kMaxSince, -1);
    const int64_t to = in.Number("to", 0, kMaxSince, -1);
    absl::Status status = in.Finish();
    if (status.ok() && from < 0) status = absl::InvalidArgumentError("from: is missing");
    if (status.ok() && query.target.empty() && query.check_id.empty()) {
      status = absl::InvalidArgumentError("target or check: one of them is needed");
    }
    if (!status.ok()) {
      reply(FromStatus(status));
      return;
    }
    query.from = absl::FromUnixSeconds(from);
    if (to >= 0) query.to = absl::FromUnixSeconds(to);
    Read(std::move(reply), [query = std::move(query)](Store& store) {
      const auto history = store.Summaries(query);
      return history.ok() ? JsonResponse(HistoryJson(*history)) : FromStatus(history.status());
    });
  }

  void Export(const HttpRequest& request, HttpReply reply) const {
    QueryReader in(request.query);
    const int64_t since = in.Number("since", 0, kMaxSince, -1);
    const int64_t until = in.Number("until", 0, kMaxSince, -1);
    absl::Status status = in.Finish();
    if (status.ok() && since < 0) status = absl::InvalidArgumentError("since: is missing");
    if (!status.ok()) {
      reply(FromStatus(status));
      return;
    }
    ExportRange range{.from = absl::FromUnixSeconds(since), .to = absl::InfiniteFuture()};
    if (until >= 0) range.to = absl::FromUnixSeconds(until);
    Read(std::move(reply),
         [range, plan = deps_.plan(), crossed_by = deps_.crossed_by](Store& store) {
           absl::StatusOr<std::string> lines = ExportScenario(store, range, plan, crossed_by);
           if (!lines.ok()) return FromStatus(lines.status());
           return HttpResponse{.content_type = "application/x-ndjson", .body = *std::move(lines)};
         });
  }

  ApiDeps deps_;
};

}  // namespace

HttpHandler MakeApi(ApiDeps deps) {
  return [api = std::make_shared<const Api>(std::move(deps))](
             HttpRequest request, HttpReply reply) { api->Handle(request, std::move(reply)); };
}

}  // namespace postwatch::collector
