// smtp_probe: CPU of one SMTP STARTTLS probe, by our client alone or as the whole check.
//   smtp_probe client --ip IP --host NAME --ca FILE --probes N      connect to quit, no DNS
//   smtp_probe check  --domain D --resolver IP --ca FILE --probes N smtp.mx with all it looks up
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/probes/dns/zone_operators.h"
#include "agent/probes/probe.h"
#include "agent/probes/sqlite_ledger.h"
#include "bench/report.h"
#include "common/base/text.h"
#include "common/mail/smtp_client.h"

namespace postwatch::bench {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);

class NoLag : public agent::LoopLag {
 public:
  absl::Duration Worst() const override { return absl::ZeroDuration(); }
};

void Demand(const absl::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

Task<void> ProbeOnce(Dialer& dialer, Address address, TlsSettings tls) {
  absl::StatusOr<std::unique_ptr<Stream>> stream = co_await dialer.Dial(address, kTimeout);
  Demand(stream.status());
  SmtpClient client(**stream);
  const absl::StatusOr<SmtpReply> banner = co_await client.ReadBanner();
  Demand(banner.status());
  const absl::StatusOr<EhloReply> ehlo = co_await client.Ehlo("eu.agents.test");
  Demand(ehlo.status());
  const absl::StatusOr<SmtpReply> ready = co_await client.StartTlsCommand();
  Demand(ready.status());
  const absl::Status secured = co_await (*stream)->StartTls(tls);
  Demand(secured);
  const absl::StatusOr<EhloReply> again = co_await client.Ehlo("eu.agents.test");
  Demand(again.status());
  const absl::StatusOr<SmtpReply> bye = co_await client.Quit();
  Demand(bye.status());
}

Task<void> ProbeMany(Dialer& dialer, Address address, TlsSettings tls, long probes) {
  for (long i = 0; i < probes; ++i) {
    co_await ProbeOnce(dialer, address, tls);
  }
}

Task<void> CheckMany(agent::Probe& probe, const CheckSpec& spec, EventClock& clock, long probes) {
  for (long i = 0; i < probes; ++i) {
    const std::vector<Observation> seen = co_await agent::RunOnce(probe, spec, clock);
    if (seen.front().outcome != Outcome::kPass) {
      Die(seen.front().failure.has_value() ? seen.front().failure->detail
                                           : seen.front().not_tested_reason);
    }
  }
}

void RunLoop(boost::asio::io_context& loop, Task<void> task, long probes) {
  const double cpu = CpuSeconds(), start = WallSeconds();
  boost::asio::co_spawn(loop, std::move(task), boost::asio::detached);
  loop.restart();
  loop.run();
  const double count = static_cast<double>(probes);
  Print({{"cpu_us", (CpuSeconds() - cpu) / count * 1e6},
         {"wall_us", (WallSeconds() - start) / count * 1e6}});
}

int RunClient(int argc, char** argv, const std::shared_ptr<const TrustStore>& trust, long probes) {
  boost::asio::io_context loop{1};
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  const Address address{Flag(argc, argv, "ip", ""), 25};
  const TlsSettings tls{.server_name = Flag(argc, argv, "host", ""), .trust = trust};
  RunLoop(loop, ProbeMany(*dialer, address, tls, probes), probes);
  return 0;
}

int RunCheck(int argc, char** argv, const std::shared_ptr<const TrustStore>& trust, long probes) {
  boost::asio::io_context loop{1};
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  const std::unique_ptr<ResolverFactory> factory = MakeCaresResolverFactory();
  auto resolver = factory->Make({.server = {Flag(argc, argv, "resolver", ""), 53}});
  Demand(resolver.status());
  auto ledger = agent::OpenSqliteLedger(":memory:", *clock);
  Demand(ledger.status());
  const NoLag no_lag;
  agent::ZoneOperators operators;
  const agent::ProbeDeps deps{
      .dialer = *dialer,
      .resolver = **resolver,
      .resolvers = *factory,
      .clock = *clock,
      .trust = trust,
      .ledger = **ledger,
      .loop_lag = no_lag,
      .operators = operators,
      .ehlo_name = "eu.agents.test",
      .agent = "bench",
      .secrets = [](const SecretReference& reference) { return ResolveSecret(reference); }};
  const std::string domain = Flag(argc, argv, "domain", "");
  const CheckSpec spec{.id = domain + "/smtp.mx",
                       .kind = "smtp.mx",
                       .target = domain,
                       .provider = "bench",
                       .leg = Leg::kInbound,
                       .settings = Settings::Map()};
  auto probe = agent::MakeBuiltinProbe(spec, deps);
  Demand(probe.status());
  RunLoop(loop, CheckMany(**probe, spec, *clock, probes), probes);
  return 0;
}

int Run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const long probes = IntegerFlag(argc, argv, "probes", 300);
  auto trust = TrustStore::FromFile(Flag(argc, argv, "ca", ""));
  Demand(trust.status());
  if (mode == "client") return RunClient(argc, argv, *trust, probes);
  if (mode == "check") return RunCheck(argc, argv, *trust, probes);
  Die("usage: smtp_probe client|check");
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
