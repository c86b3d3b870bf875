// Streams on real sockets against peers that misbehave: every wait and every buffer must end.
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <future>

#include "common/net/dialer.h"
#include "common/net/event_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/test_ca.h"
#include "tests/support/test_server.h"

namespace postwatch {
namespace {

constexpr absl::Duration kLong = absl::Seconds(5);
constexpr absl::Duration kShort = absl::Milliseconds(20);

TlsSettings Untrusting() {
  TlsSettings settings;
  settings.server_name = "mx.example";
  settings.require_verified = false;
  return settings;
}

struct ReadResult {
  absl::Status status;
  std::string line;
};

// Connects, optionally starts TLS, and reads one line.
Task<ReadResult> ReadOneLine(Address address, size_t max_bytes, absl::Duration timeout, bool tls) {
  ReadResult result;
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  result.status = stream.status();
  if (!stream.ok()) co_return result;
  (*stream)->SetTimeout(timeout);
  if (tls) {
    const TlsSettings settings = Untrusting();
    result.status = co_await (*stream)->StartTls(settings);
    if (!result.status.ok()) co_return result;
  }
  auto line = co_await (*stream)->ReadLine(max_bytes);
  result.status = line.status();
  if (line.ok()) result.line = *line;
  co_return result;
}

ReadResult ReadFrom(std::function<void(TestPeer&)> serve, size_t max_bytes, absl::Duration timeout,
                    bool tls = false) {
  TestServer server(std::move(serve));
  return RunTask(ReadOneLine(server.address(), max_bytes, timeout, tls));
}

TEST(HostilePeer, EndlessLine) {
  const auto endless = [](TestPeer& peer) {
    const std::string chunk(16384, 'a');
    while (peer.Send(chunk)) {
    }
  };
  EXPECT_EQ(GetNetError(ReadFrom(endless, 4096, kLong).status), NetError::kTooLong);
  EXPECT_EQ(GetNetError(ReadFrom(endless, 64 * 1024, kLong).status), NetError::kTooLong);
}

TEST(HostilePeer, LongestLineAllowed) {
  const std::string line(64 * 1024, 'a');
  const ReadResult read = ReadFrom(
      [&](TestPeer& peer) {
        peer.Send(line + "\r\n");
        peer.WaitForClose();
      },
      64 * 1024, kLong);
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.line.size(), line.size());
}

TEST(HostilePeer, OneByteAtATime) {
  const ReadResult read = ReadFrom(
      [](TestPeer& peer) {
        for (const char c : std::string("220 slow but sound\r\n")) peer.Send({&c, 1});
        peer.WaitForClose();
      },
      512, kLong);
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.line, "220 slow but sound");
}

// Bytes that keep coming must not keep an operation alive: the limit is for the whole line.
TEST(HostilePeer, DripsForEver) {
  const ReadResult read = ReadFrom(
      [](TestPeer& peer) {
        while (peer.Send("a")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      64 * 1024, kShort);
  EXPECT_EQ(GetNetError(read.status), NetError::kTimeout) << read.status;
}

TEST(HostilePeer, BareLineFeedEndsALine) {
  const ReadResult read = ReadFrom(
      [](TestPeer& peer) {
        peer.Send("220 bare\n250 next\n");
        peer.WaitForClose();
      },
      512, kLong);
  EXPECT_EQ(read.line, "220 bare");
}

TEST(HostilePeer, SilenceInTheClear) {
  const ReadResult read = ReadFrom([](TestPeer& peer) { peer.WaitForClose(); }, 512, kShort);
  EXPECT_EQ(GetNetError(read.status), NetError::kTimeout) << read.status;
}

TEST(HostilePeer, SilenceInTheHandshake) {
  const ReadResult read = ReadFrom([](TestPeer& peer) { peer.WaitForClose(); }, 512, kShort, true);
  EXPECT_EQ(GetNetError(read.status), NetError::kTimeout) << read.status;
}

TEST(HostilePeer, ClosesMidLine) {
  const ReadResult read = ReadFrom([](TestPeer& peer) { peer.Send("220 mx.exa"); }, 512, kLong);
  EXPECT_EQ(GetNetError(read.status), NetError::kClosed) << read.status;
}

TEST(HostilePeer, ClosesMidLineUnderTls) {
  const TestCertificate certificate = TestCa("Test Root").Issue({});
  const ReadResult read = ReadFrom(
      [&](TestPeer& peer) {
        if (peer.StartTls(certificate)) peer.Send("220 mx.exa");
      },
      512, kLong, true);
  EXPECT_EQ(GetNetError(read.status), NetError::kClosed) << read.status;
}

TEST(HostilePeer, ClosesInTheHandshake) {
  const ReadResult read = ReadFrom(
      [](TestPeer& peer) {
        peer.StopSending();
        peer.WaitForClose();
      },
      512, kLong, true);
  EXPECT_EQ(GetNetError(read.status), NetError::kClosed) << read.status;
}

TEST(HostilePeer, Resets) {
  const ReadResult read = ReadFrom([](TestPeer& peer) { peer.Reset(); }, 512, kLong);
  EXPECT_EQ(GetNetError(read.status), NetError::kReset) << read.status;
}

TEST(HostilePeer, SpeaksPlaintextOnATlsPort) {
  const ReadResult read = ReadFrom(
      [](TestPeer& peer) {
        peer.Send("220 mx.example ESMTP\r\n");
        peer.WaitForClose();
      },
      512, kLong, true);
  EXPECT_EQ(GetNetError(read.status), NetError::kTlsHandshake) << read.status;
}

Task<absl::Status> UpgradeAfterReply(Address address, std::shared_future<void> go) {
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  if (!stream.ok()) co_return stream.status();
  auto line = co_await (*stream)->ReadLine(512);
  if (!line.ok()) co_return line.status();
  absl::Status status = co_await (*stream)->Write("READ\r\n");
  if (!status.ok()) co_return status;
  if (go.valid()) go.wait();
  const TlsSettings settings = Untrusting();
  co_return co_await (*stream)->StartTls(settings);
}

TEST(HostilePeer, InjectsIntoOurBuffer) {
  TestServer server([](TestPeer& peer) {
    peer.Send("220 go\r\n250 injected\r\n");
    peer.WaitForClose();
  });
  const absl::Status status = RunTask(UpgradeAfterReply(server.address(), {}));
  EXPECT_EQ(GetNetError(status), NetError::kPlaintextInjection) << status;
}

TEST(HostilePeer, InjectsIntoTheKernelsBuffer) {
  std::promise<void> sent;
  TestServer server([&](TestPeer& peer) {
    peer.Send("220 go\r\n");
    peer.ReceiveLine();
    peer.Send("250 injected\r\n");
    sent.set_value();
    peer.WaitForClose();
  });
  const absl::Status status =
      RunTask(UpgradeAfterReply(server.address(), sent.get_future().share()));
  EXPECT_EQ(GetNetError(status), NetError::kPlaintextInjection) << status;
}

struct Retry {
  absl::Status first;
  std::string second;
};

Task<Retry> ReadTwice(Address address, bool tls) {
  Retry retry;
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  if (tls) {
    const TlsSettings settings = Untrusting();
    retry.first = co_await (*stream)->StartTls(settings);
    if (!retry.first.ok()) co_return retry;
  }
  (*stream)->SetTimeout(kShort);
  auto line = co_await (*stream)->ReadLine(512);
  retry.first = line.status();
  (*stream)->SetTimeout(kLong);
  const absl::Status written = co_await (*stream)->Write("DONE\r\n");
  EXPECT_TRUE(written.ok()) << written;
  line = co_await (*stream)->ReadLine(512);
  retry.second = line.ok() ? *line : line.status().ToString();
  co_return retry;
}

// What IMAP IDLE lives on: half a line came before the limit, the rest after it.
TEST(HostilePeer, AReadThatTimedOutMayBeTriedAgain) {
  const TestCertificate certificate = TestCa("Test Root").Issue({});
  for (const bool tls : {false, true}) {
    TestServer server([&](TestPeer& peer) {
      if (tls && !peer.StartTls(certificate)) return;
      peer.Send("* 1 EX");
      peer.ReceiveLine();
      peer.Send("ISTS\r\n");
      peer.WaitForClose();
    });
    const Retry retry = RunTask(ReadTwice(server.address(), tls));
    EXPECT_EQ(GetNetError(retry.first), NetError::kTimeout) << retry.first;
    EXPECT_EQ(retry.second, "* 1 EXISTS");
  }
}

Task<absl::Status> FloodUntilTimeout(Address address) {
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  if (!stream.ok()) co_return stream.status();
  (*stream)->SetTimeout(kShort);
  const std::string much(64 * 1024 * 1024, 'x');
  co_return co_await (*stream)->Write(much);
}

TEST(HostilePeer, NeverReads) {
  std::promise<void> done;
  std::future<void> over = done.get_future();
  TestServer server([&](TestPeer&) { over.wait(); });
  const absl::Status status = RunTask(FloodUntilTimeout(server.address()));
  done.set_value();
  EXPECT_EQ(GetNetError(status), NetError::kTimeout) << status;
}

Task<absl::Status> CancelARead(Address address, bool tls) {
  using boost::asio::experimental::awaitable_operators::operator||;
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  if (!stream.ok()) co_return stream.status();
  if (tls) {
    const TlsSettings settings = Untrusting();
    absl::Status started = co_await (*stream)->StartTls(settings);
    if (!started.ok()) co_return started;
  }
  auto winner = co_await ((*stream)->ReadLine(512) || clock->SleepFor(kShort));
  EXPECT_EQ(winner.index(), 1u);
  // The stream remembers how its last operation ended.
  co_return co_await (*stream)->Write("x");
}

TEST(HostilePeer, WaitingForItCanBeCancelled) {
  const TestCertificate certificate = TestCa("Test Root").Issue({});
  for (const bool tls : {false, true}) {
    TestServer server([&](TestPeer& peer) {
      if (tls && !peer.StartTls(certificate)) return;
      peer.WaitForClose();
    });
    const absl::Status status = RunTask(CancelARead(server.address(), tls));
    EXPECT_EQ(GetNetError(status), NetError::kCancelled) << status;
  }
}

Task<absl::Status> ReadAfterClose(Address address) {
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLong);
  if (!stream.ok()) co_return stream.status();
  (*stream)->Close();
  (*stream)->Close();
  auto line = co_await (*stream)->ReadLine(512);
  co_return line.status();
}

TEST(HostilePeer, AfterOurOwnCloseNothingWaits) {
  TestServer server([](TestPeer& peer) { peer.WaitForClose(); });
  EXPECT_EQ(GetNetError(RunTask(ReadAfterClose(server.address()))), NetError::kClosed);
}

}  // namespace
}  // namespace postwatch
