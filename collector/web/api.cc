#include "collector/web/api.h"

#include <memory>

#include "collector/model/incident_json.h"
#include "collector/web/assets.h"
#include "collector/web/board_json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr int kDefaultLimit = 100;
constexpr int kMaxLimit = 1000;
constexpr std::string_view kApi = "/api/v1/";

int LimitOf(const HttpRequest& request) {
  const auto it = request.query.find("limit");
  if (it == request.query.end()) return kDefaultLimit;
  const auto limit = ParseInteger(it->second).value_or(kDefaultLimit);
  return static_cast<int>(std::clamp<int64_t>(limit, 1, kMaxLimit));
}

std::string Parameter(const HttpRequest& request, const std::string& name) {
  const auto it = request.query.find(name);
  return it == request.query.end() ? "" : it->second;
}

HttpResponse FromStatus(const absl::Status& status) {
  const int code = absl::IsNotFound(status) ? 404 : absl::IsInvalidArgument(status) ? 400 : 503;
  return ErrorResponse(code, FromAbsl(status.message()));
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
    if (request.method != "GET" && request.method != "HEAD") {
      reply(ErrorResponse(405, "only GET is understood here"));
      return;
    }
    if (std::string_view(request.path).starts_with(kApi)) {
      HandleApi(request, std::string_view(request.path).substr(kApi.size()), std::move(reply));
      return;
    }
    reply(Plain(request.path));
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
    if (what == "board") {
      reply(JsonResponse(BoardJson(deps_.board->Current())));
    } else if (what == "targets") {
      reply(JsonResponse(TargetsJson(deps_.board->Current())));
    } else if (what == "agents") {
      reply(JsonResponse(AgentsJson(deps_.board->Current())));
    } else if (what == "incidents") {
      Incidents(request, std::move(reply));
    } else if (what.starts_with("incidents/")) {
      OneIncident(std::string(what.substr(std::string_view("incidents/").size())),
                  std::move(reply));
    } else if (what == "observations") {
      Observations(request, std::move(reply));
    } else {
      reply(ErrorResponse(404, Concat("/api/v1/ knows board, targets, agents, incidents and "
                                      "observations, but not '",
                                      what, "'")));
    }
  }

  // Answers 503 when the store has too much to do.
  void Read(HttpReply reply, std::function<HttpResponse(Store&)> work) const {
    const absl::Status accepted =
        deps_.read_store([reply, work = std::move(work)](Store& store) { reply(work(store)); });
    if (!accepted.ok()) reply(FromStatus(accepted));
  }

  void Incidents(const HttpRequest& request, HttpReply reply) const {
    const IncidentQuery query{.open_only = Parameter(request, "state") == "open",
                              .limit = LimitOf(request)};
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
    ObservationQuery query{.agent = Parameter(request, "agent"),
                           .target = Parameter(request, "target"),
                           .check_id = Parameter(request, "check"),
                           .outcome = Parameter(request, "outcome"),
                           .limit = LimitOf(request)};
    if (const auto since = ParseInteger(Parameter(request, "since"))) {
      query.from = absl::FromUnixSeconds(*since);
    }
    Read(std::move(reply), [query = std::move(query)](Store& store) {
      const auto sightings = store.Observations(query);
      return sightings.ok() ? JsonResponse(ObservationsJson(*sightings))
                            : FromStatus(sightings.status());
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
