// Relay: passes what a standby is asked over HTTP on to the collector that acts.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "common/http/server.h"
#include "common/net/dialer.h"

namespace postwatch::collector {

// On one event loop, which must not run any more when this ends.
class Relay {
 public:
  explicit Relay(boost::asio::any_io_executor loop);

  // Asks the collector at `to`, "ip:port", as it was asked itself, and gives its answer: within 15
  // s, of at most 64 MiB, 32 at a time; else 502 or 503 with the reason. What was passed on already
  // is not passed on again, so that two standbys never ask each other.
  void Pass(HttpRequest request, const std::string& to, HttpReply reply);

 private:
  const boost::asio::any_io_executor loop_;
  const std::unique_ptr<Dialer> dialer_;
  int under_way_ = 0;
};

}  // namespace postwatch::collector
