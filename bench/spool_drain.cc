// spool_drain: an agent's backlog: from the spool on its disk, over its link, until nothing is
// left.
//   spool_drain --certs DIR --address HOST:PORT --spool FILE --observations N
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/uplink/collector_link.h"
#include "agent/uplink/grpc_stream.h"
#include "bench/report.h"
#include "bench/sample.h"
#include "common/base/ids.h"

namespace postwatch::bench {
namespace {

constexpr size_t kAppend = 64;
constexpr absl::Duration kLook = absl::Milliseconds(2);

class NoOwner : public agent::LinkOwner {
 public:
  void OnAssignment(const v1::Assignment&) override {}
  void OnRunNow(const v1::RunNow&) override {}
  Health TakeHealth() override { return {}; }
};

struct Drained {
  double start = 0;
  double end = 0;
};

Task<void> WatchSpool(const agent::CollectorLink& link, const agent::Spool& spool,
                      EventClock& clock, boost::asio::io_context& loop, Drained& drained) {
  while (spool.count() > 0) {
    const absl::Status slept = co_await clock.SleepFor(kLook);
    if (!slept.ok()) co_return;
    if (drained.start == 0 && link.connected()) drained.start = WallSeconds();
  }
  drained.end = WallSeconds();
  loop.stop();
}

int Run(int argc, char** argv) {
  const std::string certs = Flag(argc, argv, "certs", ".");
  const size_t total = static_cast<size_t>(IntegerFlag(argc, argv, "observations", 20000));
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  auto spool = agent::Spool::Open(Flag(argc, argv, "spool", "spool.db"),
                                  {.machine_boot_id = "bench"}, *clock);
  if (!spool.ok()) Die(spool.status().ToString());
  const double filling = WallSeconds();
  for (size_t done = 0; done < total; done += kAppend) {
    std::vector<Observation> some;
    for (size_t i = 0; i < kAppend; ++i) some.push_back(SampleObservation(done + i));
    if (auto kept = (*spool)->Append(some); !kept.ok()) Die(kept.status().ToString());
  }
  const double filled = WallSeconds();
  const double count = static_cast<double>((*spool)->count());
  const double cpu = CpuSeconds();
  boost::asio::io_context loop;
  NoOwner owner;
  agent::LinkIdentity identity;
  identity.vantage = {certs.substr(certs.rfind('/') + 1), "bench", "", "bench", "192.0.2.53:53"};
  identity.version = "bench";
  identity.boot_id = RandomId();
  agent::CollectorLink link(loop.get_executor(), *clock, **spool,
                            agent::MakeGrpcOpener({.address = Flag(argc, argv, "address", ""),
                                                   .server_name = "",
                                                   .ca_file = certs + "/ca.pem",
                                                   .cert_file = certs + "/cert.pem",
                                                   .key_file = certs + "/key.pem"},
                                                  loop.get_executor()),
                            identity, owner);
  link.Start();
  Drained drained;
  boost::asio::co_spawn(loop, WatchSpool(link, **spool, *clock, loop, drained),
                        boost::asio::detached);
  loop.run();
  Print({{"rate", count / (drained.end - drained.start)},
         {"append_rate", count / (filled - filling)},
         {"observations", count},
         {"cpu_us", (CpuSeconds() - cpu) / count * 1e6}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
