// GrpcPeer: who is at the other end of a call, as gRPC tells.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class AuthContext;
class ServerContextBase;
class Status;
}  // namespace grpc

namespace postwatch::collector {

// The certificate (PEM) it has shown, which TLS has verified; "" when none.
std::string PeerCertificate(const grpc::AuthContext& peer);
std::string PeerCertificate(const grpc::ServerContextBase& context);

// Where a peer ("ipv4:192.0.2.1:4711", "ipv6:%5B2001:db8::1%5D:4711") comes from, for limits: its
// address, or the /64 of it, since whoever has one address of IPv6 has as many. "" when it is none.
std::string PeerNetwork(std::string_view peer);

// What a call ends with; gRPC's codes are those of Abseil.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace postwatch::collector
