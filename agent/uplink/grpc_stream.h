// GrpcStream: calls to the collector over gRPC with mutual TLS.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "agent/uplink/message_stream.h"

namespace postwatch::agent {

struct GrpcTarget {
  std::string address;      // "collector.example.net:7443"
  std::string server_name;  // the name its certificate must cover; empty: the host of `address`
  std::string ca_file;      // PEM: who signs collectors
  std::string cert_file;    // PEM: the agent's certificate with its chain
  std::string key_file;     // PEM: its key
  // Where another collector of the same store may act instead; same form, same server_name.
  std::vector<std::string> fallbacks = {};
};

// Where to try for the `turn`th time, from 0: one address after the other, for ever.
const std::string& AddressOfTurn(const GrpcTarget& target, size_t turn);

// Each call goes to the next address. One channel to each is kept as long as the three files stay
// as they are; they are read again for each new call, so that a renewed certificate needs no
// restart. Unreadable files close the call with FailedPrecondition, naming the file. Events are
// posted to `executor`.
OpenMessageStream MakeGrpcOpener(GrpcTarget target, boost::asio::any_io_executor executor);

}  // namespace postwatch::agent
