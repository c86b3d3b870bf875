#include "collector/ingest/grpc_peer.h"

#include <arpa/inet.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/wire/grpc_log.h"

namespace postwatch::collector {
namespace {

constexpr size_t kNetworkBytes = 8;  // of an IPv6 address

}  // namespace

std::string PeerCertificate(const grpc::AuthContext& peer) {
  std::string certificate;
  for (const grpc::string_ref& pem : peer.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    certificate.assign(pem.data(), pem.size());
  }
  return certificate;
}

std::string PeerCertificate(const grpc::ServerContextBase& context) {
  return PeerCertificate(*context.auth_context());
}

std::string PeerNetwork(std::string_view peer) {
  std::string host = PeerNamedIn(peer);
  const size_t colon = host.rfind(':');
  if (colon == host.npos) return "";
  host.resize(colon);
  if (!host.starts_with('[')) return host;
  host = host.substr(1, host.find(']') - 1);
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return "";
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), 0);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()) == nullptr) return "";
  return Concat(text.data(), "/64");
}

grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace postwatch::collector
