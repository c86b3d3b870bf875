#include "collector/alert/http_post.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "common/base/text.h"
#include "common/http/host.h"

namespace postwatch::collector {
namespace {

constexpr long kTimeoutSeconds = 10;
constexpr size_t kMaxAnswer = 4096;
constexpr size_t kShownAnswer = 200;

struct CurlCloser {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Called once per process, before any thread of ours uses libcurl.
void InitCurlOnce() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

// Less than all of it ends the transfer: the receiver has spoken enough.
size_t KeepAnswer(char* bytes, size_t size, size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  const size_t taken = std::min(kMaxAnswer - answer.size(), size * count);
  answer.append(bytes, taken);
  return taken;
}

// Refuses to connect to link-local addresses, whatever name led there.
curl_socket_t OpenSocket(void* refused, curlsocktype, curl_sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* raw = nullptr;
  if (address->family == AF_INET) {
    raw = &reinterpret_cast<const sockaddr_in*>(&address->addr)->sin_addr;
  } else if (address->family == AF_INET6) {
    raw = &reinterpret_cast<const sockaddr_in6*>(&address->addr)->sin6_addr;
  }
  if (raw == nullptr || inet_ntop(address->family, raw, text, sizeof(text)) == nullptr ||
      IsLinkLocal(text)) {
    *static_cast<bool*>(refused) = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

absl::Status Judge(const HttpPost& post, long code, std::string_view answer) {
  if (code >= 200 && code < 300) return absl::OkStatus();
  const std::string text = Concat("POST to ", RedactUrl(post.url), " was answered with ", code,
                                  ": ", Truncate(answer, kShownAnswer));
  return code == 410 ? absl::FailedPreconditionError(text) : absl::UnavailableError(text);
}

}  // namespace

bool IsLinkLocal(std::string_view ip) {
  in_addr four;
  if (inet_pton(AF_INET, std::string(ip).c_str(), &four) == 1) return ip.starts_with("169.254.");
  in6_addr six;
  if (inet_pton(AF_INET6, std::string(ip).c_str(), &six) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&six)) return six.s6_addr[12] == 169 && six.s6_addr[13] == 254;
    return IN6_IS_ADDR_LINKLOCAL(&six);
  }
  return false;
}

std::string UrlMistake(const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return "must start with https:// or http://";
  }
  const bool clean = std::ranges::all_of(
      url, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
  if (!clean) return "must not hold spaces or control characters";
  const std::string host = HostOfUrl(url);
  if (host.empty()) return "names no host, or a port that is none";
  return IsLinkLocal(host) ? "is a link-local address, where no receiver lives" : "";
}

std::string RedactUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return "(not a URL)";
  std::string_view rest = url.substr(scheme + 3);
  // A password may hold a slash where it should be escaped: what is before any @ stays hidden.
  if (const size_t at = rest.rfind('@'); at != rest.npos) rest.remove_prefix(at + 1);
  return Concat(url.substr(0, scheme), "://", rest.substr(0, rest.find_first_of("/?#")));
}

absl::Status SendPost(const HttpPost& post) {
  InitCurlOnce();
  const std::unique_ptr<CURL, CurlCloser> curl(curl_easy_init());
  if (!curl) return absl::ResourceExhaustedError("libcurl has no memory for a request");
  std::unique_ptr<curl_slist, CurlCloser> headers;
  for (const std::string& header : post.headers) {
    curl_slist* shorter = headers.release();
    curl_slist* longer = curl_slist_append(shorter, header.c_str());
    headers.reset(longer == nullptr ? shorter : longer);
    if (longer == nullptr) return absl::ResourceExhaustedError("no memory for request headers");
  }
  std::string answer;
  bool refused = false;
  curl_easy_setopt(curl.get(), CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(post.body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, KeepAnswer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl.get(), CURLOPT_OPENSOCKETDATA, &refused);
  if (!post.ca_file.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_CAINFO, post.ca_file.c_str());
  }
  const CURLcode result = curl_easy_perform(curl.get());
  if (refused) {
    return absl::InvalidArgumentError(
        Concat(RedactUrl(post.url), " leads to a link-local address, where no receiver lives"));
  }
  const bool cut = result == CURLE_WRITE_ERROR && answer.size() == kMaxAnswer;
  if (result != CURLE_OK && !cut) {
    const std::string text =
        Concat("POST to ", RedactUrl(post.url), " failed: ", curl_easy_strerror(result));
    const bool hopeless = result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL;
    return hopeless ? absl::InvalidArgumentError(text) : absl::UnavailableError(text);
  }
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  return Judge(post, code, answer);
}

}  // namespace postwatch::collector
