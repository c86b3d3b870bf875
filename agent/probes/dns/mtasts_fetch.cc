#include "agent/probes/dns/mtasts_fetch.h"

#include <string>
#include <utility>
#include <vector>

#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxPolicyBytes = 64 * 1024;  // what RFC 8461 section 3.3 suggests
constexpr uint16_t kHttpsPort = 443;

}  // namespace

WebRequest MtaStsRequest(std::string_view domain, uint16_t port) {
  WebRequest request;
  request.url.host = Concat("mta-sts.", CanonicalName(domain));
  request.url.port = port;
  request.url.path = "/.well-known/mta-sts.txt";
  request.limits.body_bytes = kMaxPolicyBytes;
  request.protocol_class = FailureClass::kMtastsPolicyUnreachable;
  return request;
}

Task<std::optional<MtaStsPolicy>> FindMtaStsPolicy(const RunContext& context) {
  context.run.Begin("dns");
  TextRecords records;
  std::string name = Concat("_mta-sts.", CanonicalName(context.spec.target));
  const std::optional<Fault> unknown =
      co_await LookUpTexts(context.deps.resolver, std::move(name), records);
  const std::vector<std::string> texts = TextsThat(records.texts, IsMtaStsRecord);
  if (unknown.has_value() || texts.size() != 1) co_return std::nullopt;
  if (!ParseMtaStsRecord(texts.front()).ok()) co_return std::nullopt;
  const size_t mark = context.run.touched_count();
  WebRequest request = MtaStsRequest(context.spec.target, kHttpsPort);
  WebAnswer answer;
  const std::optional<Fault> fault = co_await FetchWeb(context, std::move(request), answer);
  context.run.Recall(mark);
  if (fault.has_value() || answer.http.status != 200) co_return std::nullopt;
  absl::StatusOr<MtaStsPolicy> policy = ParseMtaStsPolicy(answer.http.body);
  if (!policy.ok()) co_return std::nullopt;
  co_return *std::move(policy);
}

}  // namespace postwatch::agent
