#include "cli/fleet/collector_client.h"

#include <curl/curl.h>

#include <boost/json.hpp>
#include <memory>

#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefaultCollector = "http://127.0.0.1:7480";
constexpr size_t kMaxAnswer = 64 * 1024 * 1024;
constexpr long kTimeoutSeconds = 10;

struct CurlCloser {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

size_t Keep(char* bytes, size_t size, size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + size * count > kMaxAnswer) return 0;
  answer.append(bytes, size * count);
  return size * count;
}

}  // namespace

std::string CollectorUrl(const Flags& flags) {
  std::string url = flags.Get("collector", kDefaultCollector);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

absl::StatusOr<std::string> AskCollector(CollectorMethod method, const std::string& url) {
  const std::unique_ptr<CURL, CurlCloser> curl(curl_easy_init());
  if (!curl) return absl::ResourceExhaustedError("libcurl has no memory for a request");
  std::string answer;
  std::unique_ptr<curl_slist, CurlCloser> headers;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");  // none from the environment
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Keep);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  if (method != CollectorMethod::kGet) {
    headers.reset(curl_slist_append(nullptr, "X-Postwatch-Client: postwatch"));
    if (method == CollectorMethod::kPost) curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, "");
    if (method == CollectorMethod::kDelete) {
      curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, "DELETE");
    }
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  }
  const CURLcode result = curl_easy_perform(curl.get());
  if (result != CURLE_OK) {
    return absl::UnavailableError(Concat("cannot ask ", url, ": ", curl_easy_strerror(result),
                                         "; is the collector running there? (--collector URL)"));
  }
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code == 200) return answer;
  const std::string why = ErrorTextOf(answer);
  const std::string what = Concat(url, " answered ", code, why.empty() ? "" : ": ", Printable(why));
  return code == 404 ? absl::NotFoundError(what) : absl::UnavailableError(what);
}

std::string ErrorTextOf(std::string_view body) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* text = object == nullptr ? nullptr : object->if_contains("error");
  return text == nullptr || !text->is_string() ? "" : std::string(text->as_string());
}

}  // namespace postwatch::cli
