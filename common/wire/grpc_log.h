// GrpcLog: what gRPC has to say goes to our log, in our format.
#pragma once

#include <string>
#include <string_view>

namespace postwatch {

// Once, before any use of gRPC. Its errors become warnings of ours: they are about peers and
// connections, which our own code reports with more sense. The rest is dropped. Anybody who can
// reach the port can cause one, so at most 10 a minute are written; the next one says how many
// were held back.
void SendGrpcLogToOurs();

// The "ip:port" that a text of gRPC names ("ipv4:192.0.2.1:4711", "ipv6:%5B2001:db8::1%5D:4711"),
// decoded; empty when it names none.
std::string PeerNamedIn(std::string_view text);

}  // namespace postwatch
