#include "agent/probes/mail/oauth_token.h"

#include <utility>

#include "agent/probes/mail/token_cache.h"
#include "agent/probes/web_fetch.h"
#include "common/base/text.h"
#include "common/mail/oauth_token_answer.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

Fault NotReadable(std::string_view what, const absl::Status& status) {
  Fault fault;
  fault.detail = Concat("the ", what, " could not be read: ", FromAbsl(status.message()));
  return fault;
}

// The body of the request; both secrets are read now.
std::optional<Fault> ComposeForm(const RunContext& context, const OauthSettings& oauth,
                                 std::string& form) {
  AppendFormField(form, "grant_type", "refresh_token");
  AppendFormField(form, "client_id", oauth.client_id);
  const absl::StatusOr<Secret> refresh = context.deps.secrets(oauth.refresh_token);
  if (!refresh.ok()) return NotReadable("refresh token", refresh.status());
  context.run.Redact(refresh->Reveal());
  AppendFormField(form, "refresh_token", refresh->Reveal());
  if (!oauth.client_secret.file.empty() || !oauth.client_secret.env.empty()) {
    const absl::StatusOr<Secret> client = context.deps.secrets(oauth.client_secret);
    if (!client.ok()) return NotReadable("client secret", client.status());
    context.run.Redact(client->Reveal());
    AppendFormField(form, "client_secret", client->Reveal());
  }
  if (!oauth.scope.empty()) AppendFormField(form, "scope", oauth.scope);
  return std::nullopt;
}

// What the endpoint said instead of giving a token.
Fault Refusal(const Url& url, int status, const std::optional<OauthTokenAnswer>& answer,
              FailureClass refused) {
  std::string detail = Concat("the token endpoint ", url.Authority(), " said ", status);
  const bool clients_fault = status >= 400 && status < 500 && status != 429;
  if (!answer.has_value() || answer->error.empty()) {
    if (status == 200) detail += " without a bearer token";
    return {FailureClass::kOauthTokenEndpoint, std::move(detail), std::nullopt};
  }
  Append(detail, " ", answer->error);
  if (!answer->description.empty()) Append(detail, ": ", answer->description);
  FailureClass klass = clients_fault ? refused : FailureClass::kOauthTokenEndpoint;
  if (clients_fault && ContainsIgnoreCase(answer->description, "expired")) {
    klass = FailureClass::kSmtpTokenExpired;
  }
  if (answer->error == "temporarily_unavailable" || answer->error == "server_error") {
    klass = FailureClass::kOauthTokenEndpoint;
  }
  return {klass, std::move(detail), std::nullopt};
}

Task<std::optional<Fault>> Refresh(const RunContext& context, const OauthSettings& oauth,
                                   FailureClass refused, Secret& token) {
  const std::optional<Url> url = ParseUrl(oauth.token_url);
  if (!url.has_value() || !url->secure) {
    Fault fault;
    fault.detail = Concat("the token_url '", oauth.token_url, "' is no https URL");
    co_return fault;
  }
  WebRequest request;
  request.url = *url;
  request.question.method = "POST";
  request.question.headers = {{"Content-Type", std::string(kForm)}, {"Accept", "application/json"}};
  request.protocol_class = FailureClass::kOauthTokenEndpoint;
  std::optional<Fault> unreadable = ComposeForm(context, oauth, request.question.body);
  if (unreadable.has_value()) co_return unreadable;
  WebAnswer web;
  std::optional<Fault> unreachable = co_await FetchWeb(context, request, web);
  WipeBytes(request.question.body);
  if (unreachable.has_value()) {
    if (unreachable->klass == FailureClass::kUnspecified) co_return unreachable;
    unreachable->detail = Concat("the token endpoint ", url->Authority(),
                                 " could not be asked: ", FailureClassName(unreachable->klass),
                                 ": ", unreachable->detail);
    unreachable->klass = FailureClass::kOauthTokenEndpoint;
    co_return unreachable;
  }
  std::optional<OauthTokenAnswer> answer = ParseOauthTokenAnswer(web.http.body);
  WipeBytes(web.http.body);
  const bool given = web.http.status == 200 && answer.has_value() && answer->error.empty();
  if (!given) co_return Refusal(*url, web.http.status, answer, refused);
  token = std::move(answer->access_token);
  context.deps.tokens->Keep(TokenKey(oauth), token.Clone(),
                            context.deps.clock.Now() + answer->lasts);
  co_return std::nullopt;
}

}  // namespace

std::string TokenKey(const OauthSettings& oauth) {
  const SecretReference& refresh = oauth.refresh_token;
  return Concat(oauth.token_url, "\n", oauth.client_id, "\n", oauth.scope, "\n", refresh.file, "\n",
                refresh.env);
}

Task<std::optional<Fault>> TakeAccessToken(const RunContext& context, const OauthSettings& oauth,
                                           FailureClass refused, Secret& token, bool& kept) {
  const Secret* found = context.deps.tokens->Find(TokenKey(oauth), context.deps.clock.Now());
  kept = found != nullptr;
  if (kept) {
    token = found->Clone();
    context.run.Redact(token.Reveal());
    co_return std::nullopt;
  }
  const std::string step = context.run.current_step();
  const size_t mark = context.run.touched_count();
  std::optional<Fault> fault = co_await Refresh(context, oauth, refused, token);
  if (fault.has_value()) co_return fault;
  context.run.Redact(token.Reveal());
  // It did its part; what comes now is not its fault.
  context.run.Recall(mark);
  context.run.Begin(step);
  co_return std::nullopt;
}

}  // namespace postwatch::agent
