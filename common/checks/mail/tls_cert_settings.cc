#include "common/checks/mail/tls_cert_settings.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/checks/host_settings.h"

namespace postwatch {
namespace {

constexpr size_t kMaxEndpoints = 16;
constexpr std::array<std::string_view, 3> kProtocols = {"smtp", "imap", "pop3"};
constexpr std::array<uint16_t, 3> kTlsPorts = {465, 993, 995};
constexpr std::array<uint16_t, 3> kStartTlsPorts = {587, 143, 110};

bool IsStartTlsPort(int64_t port) {
  return port == 25 || std::ranges::find(kStartTlsPorts, port) != kStartTlsPorts.end();
}

TlsEndpoint ReadEndpoint(SettingsReader& in) {
  TlsEndpoint endpoint;
  endpoint.host = ReadHost(in, "host");
  if (endpoint.host.empty()) in.Complain("host", "is missing");
  const int64_t port = in.Integer("port", 0, 1, 65535);
  const std::string usual = IsStartTlsPort(port) ? "starttls" : "tls";
  endpoint.starttls = in.Choice("security", usual, {"tls", "starttls"}) == "starttls";
  const std::string protocol = in.Choice("protocol", "", {kProtocols.begin(), kProtocols.end()});
  if (!in.Has("protocol")) in.Complain("protocol", "is missing");
  const auto found = std::ranges::find(kProtocols, protocol);
  const size_t index = found == kProtocols.end() ? 0 : found - kProtocols.begin();
  endpoint.protocol = static_cast<TlsProtocol>(index);
  endpoint.port = static_cast<uint16_t>(port);
  if (port == 0) endpoint.port = (endpoint.starttls ? kStartTlsPorts : kTlsPorts)[index];
  in.Finish();
  return endpoint;
}

}  // namespace

std::string_view TlsProtocolName(TlsProtocol protocol) {
  return kProtocols[static_cast<size_t>(protocol)];
}

TlsCertSettings ReadTlsCertSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  TlsCertSettings settings;
  settings.mx = in.Bool("mx", true);
  settings.allow_private = in.Choice("private", "report", {"report", "allow"}) == "allow";
  const std::vector<Settings>& items = in.Items("endpoints");
  if (items.size() > kMaxEndpoints) {
    in.Complain("endpoints", Concat("are more than ", kMaxEndpoints));
  }
  for (size_t i = 0; i < std::min(items.size(), kMaxEndpoints); ++i) {
    SettingsReader item(items[i], Concat(in.PathOf("endpoints"), "[", i, "]"), mistakes);
    settings.endpoints.push_back(ReadEndpoint(item));
  }
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch
