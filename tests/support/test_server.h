// TestServer: a real TCP server on loopback that does to one client whatever a test wants.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/net/dialer.h"
#include "tests/support/test_ca.h"

struct ssl_st;  // OpenSSL's SSL

namespace postwatch {

enum class ServerTls { kModern, kOnlyTls10 };

// Presented to a client that asks for `name` (SNI).
struct NamedCertificate {
  std::string name;
  TestCertificate certificate;
};

// The server's end of one connection. Blocking; every wait ends when the client closes or after
// ten seconds. Sending to a client that has gone is no error: it returns false.
class TestPeer {
 public:
  explicit TestPeer(int fd) : fd_(fd) {}
  ~TestPeer();
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;

  bool Send(std::string_view bytes);
  // Without the line end; what came so far when the client closes.
  std::string ReceiveLine();
  // The server's handshake; false when it fails. The name the client asked for is in sni().
  // With `named`, `certificate` is for those who ask for any other name or none.
  bool StartTls(const TestCertificate& certificate, ServerTls mode = ServerTls::kModern,
                const NamedCertificate* named = nullptr);
  const std::string& sni() const { return sni_; }
  // Returns when the client has closed its end.
  void WaitForClose();
  // Sends FIN but goes on listening.
  void StopSending();
  // Ends the connection with RST rather than FIN.
  void Reset();
  // Ends it with FIN; under TLS without close_notify.
  void Close();

 private:
  int Receive(char* bytes, int size);

  int fd_;
  ssl_st* ssl_ = nullptr;
  std::string sni_;
};

class TestServer {
 public:
  // Serves one connection on a thread of its own.
  explicit TestServer(std::function<void(TestPeer&)> serve);
  // Waits for the thread to end.
  ~TestServer();

  const Address& address() const { return address_; }

 private:
  Address address_;
  int listener_;
  std::thread thread_;
};

// A loopback port that nobody listens on.
Address RefusingAddress();

// A listening socket that takes no more connections: a dial to it waits for ever.
class FullListener {
 public:
  FullListener();
  ~FullListener();
  const Address& address() const { return address_; }

 private:
  Address address_;
  int listener_;
  std::vector<int> clients_;
};

}  // namespace postwatch
