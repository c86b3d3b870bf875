#include "agent/probes/dns/rdap_client.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kAskedAgainAfter = absl::Hours(6);
constexpr absl::Duration kListKeptFor = absl::Hours(24);
constexpr absl::Duration kUsualWait = absl::Hours(1);  // after a 429 that names no time
constexpr absl::Duration kLongestWait = absl::Hours(7 * 24);
constexpr size_t kMaxListBytes = 2 * 1024 * 1024;
constexpr size_t kMaxAnswerBytes = 256 * 1024;
constexpr int kMaxRedirects = 2;
constexpr int kMaxNames = 4;  // asked for, one below the other

Fault Unavailable(std::string detail) {
  return {FailureClass::kRdapUnavailable, std::move(detail), std::nullopt};
}

// Nothing that can be held against anybody.
Fault NothingToTell(std::string detail) {
  return {FailureClass::kUnspecified, std::move(detail), std::nullopt};
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Seconds or a date (RFC 9110 section 10.2.3).
absl::Duration RetryAfter(std::string_view text, absl::Time now) {
  absl::Duration wait = kUsualWait;
  absl::Time until;
  std::string error;
  if (const std::optional<int64_t> seconds = ParseInteger(Trim(text)); seconds.has_value()) {
    wait = absl::Seconds(*seconds);
  } else if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &until, &error)) {
    wait = until - now;
  }
  return std::clamp(wait, absl::ZeroDuration(), kLongestWait);
}

// The name above, "" when that is a top-level domain.
std::string Above(const std::string& domain) {
  const size_t dot = domain.find('.');
  const std::string above = dot == domain.npos ? "" : domain.substr(dot + 1);
  return above.find('.') == above.npos ? "" : above;
}

}  // namespace

bool RdapClient::MayUse(const Url& url) const {
  return url.secure || settings_.allow_insecure || IsLoopbackHost(url.host);
}

Task<std::optional<Fault>> RdapClient::Ask(const RunContext& context, std::string domain,
                                           RdapDomain& answer) {
  const absl::Duration now = context.deps.clock.Steady();
  if (last_.has_value() && now - last_asked_ < kAskedAgainAfter) {
    context.run.Fact("rdap.age", absl::FormatDuration(now - last_asked_));
    answer = *last_;
    co_return std::nullopt;
  }
  if (now < not_before_) {
    Fault waiting = Unavailable(Concat("the registry wants to be asked again only in ",
                                       absl::FormatDuration(not_before_ - now)));
    co_return waiting;
  }
  std::optional<Fault> unknown = co_await FindServer(context, domain);
  if (unknown.has_value()) co_return unknown;
  std::optional<Fault> silent = co_await AskUpward(context, domain);
  if (silent.has_value()) co_return silent;
  last_asked_ = now;
  answer = *last_;
  co_return std::nullopt;
}

Task<std::optional<Fault>> RdapClient::FindServer(const RunContext& context, std::string domain) {
  const absl::Duration now = context.deps.clock.Steady();
  if (!server_.empty() && now - server_found_ < kListKeptFor) co_return std::nullopt;
  std::vector<std::string> urls = {settings_.server};
  if (settings_.server.empty()) {
    HttpAnswer list;
    std::optional<Fault> silent = co_await Get(context, settings_.bootstrap, kMaxListBytes, list);
    if (silent.has_value()) co_return silent;
    absl::StatusOr<std::vector<std::string>> found = FindRdapServers(list.body, domain);
    if (!found.ok()) {
      Fault broken = Unavailable(Concat("the list at ", settings_.bootstrap,
                                        " cannot be used: ", FromAbsl(found.status().message())));
      co_return broken;
    }
    urls = *std::move(found);
  }
  for (const std::string& text : urls) {
    const std::optional<Url> url = ParseUrl(text);
    if (!url.has_value() || !MayUse(*url)) continue;
    server_ = url->Text();
    if (!server_.ends_with('/')) server_ += '/';
    server_found_ = now;
    co_return std::nullopt;
  }
  const std::string top = domain.substr(domain.rfind('.') + 1);
  Fault none = NothingToTell(Concat("unsupported: the registry of .", top, " offers no RDAP",
                                    urls.empty() ? "" : " over TLS"));
  co_return none;
}

// A registry knows no names below the registered one.
Task<std::optional<Fault>> RdapClient::AskUpward(const RunContext& context, std::string domain) {
  std::vector<std::string> asked;
  for (std::string name = domain; !name.empty() && asked.size() < kMaxNames; name = Above(name)) {
    asked.push_back(name);
    const std::string url = Concat(server_, "domain/", name);
    HttpAnswer answer;
    std::optional<Fault> silent = co_await Get(context, url, kMaxAnswerBytes, answer);
    if (silent.has_value()) co_return silent;
    if (answer.status == 404) continue;
    absl::StatusOr<RdapDomain> parsed = ParseRdapDomain(answer.body);
    if (!parsed.ok()) {
      Fault broken = Unavailable(
          Concat("the answer of ", url, " cannot be used: ", FromAbsl(parsed.status().message())));
      co_return broken;
    }
    last_ = *std::move(parsed);
    if (last_->name.empty()) last_->name = name;
    co_return std::nullopt;
  }
  Fault unknown = NothingToTell(
      Concat("the registry at ", server_, " knows no registration of ", Join(asked, " or ")));
  co_return unknown;
}

// 200 and 404 are answers; redirects are followed (RFC 7480 section 5.2).
Task<std::optional<Fault>> RdapClient::Get(const RunContext& context, std::string url,
                                           size_t max_bytes, HttpAnswer& answer) {
  for (int hops = 0; hops <= kMaxRedirects; ++hops) {
    const std::optional<Url> parsed = ParseUrl(url);
    if (!parsed.has_value() || !MayUse(*parsed)) {
      Fault bad = Unavailable(Concat("'", url, "' is no https URL"));
      co_return bad;
    }
    WebRequest request;
    request.url = *parsed;
    request.question.headers = {{"Accept", "application/rdap+json, application/json"},
                                {"User-Agent", "postwatch"}};
    request.limits.body_bytes = max_bytes;
    request.protocol_class = FailureClass::kRdapUnavailable;
    WebAnswer web;
    std::optional<Fault> silent = co_await FetchWeb(context, request, web);
    if (silent.has_value()) {
      if (silent->klass == FailureClass::kUnspecified) co_return silent;
      Fault gone = Unavailable(
          Concat(url, " cannot be had: ", FailureClassName(silent->klass), ": ", silent->detail));
      co_return gone;
    }
    answer = std::move(web.http);
    if (!IsRedirect(answer.status)) co_return Judge(context, url, answer);
    url = std::string(answer.Header("location"));
  }
  Fault endless = Unavailable("the registry redirects again and again");
  co_return endless;
}

std::optional<Fault> RdapClient::Judge(const RunContext& context, const std::string& url,
                                       const HttpAnswer& answer) {
  if (answer.status == 200 || answer.status == 404) return std::nullopt;
  if (answer.status == 429) {
    const absl::Duration wait = RetryAfter(answer.Header("retry-after"), context.deps.clock.Now());
    not_before_ = context.deps.clock.Steady() + wait;
    return Unavailable(Concat(url, " wants to be asked less often, again in ",
                              absl::FormatDuration(wait), " (status 429)"));
  }
  return Unavailable(Concat(url, " answers with status ", answer.status));
}

}  // namespace postwatch::agent
