// SocketProxy: stands between a client and a server on Unix sockets, and is the network that fails.
#pragma once

#include <list>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace postwatch {

class SocketProxy {
 public:
  // Listens on `path` and hands on to the server on `server`.
  SocketProxy(const std::string& path, std::string server);
  ~SocketProxy();
  SocketProxy(const SocketProxy&) = delete;
  SocketProxy& operator=(const SocketProxy&) = delete;

  // Nothing comes through, and nobody is told; connections stay. Until Resume.
  void Stall();
  void Resume();
  // Every connection there is ends on both sides.
  void Cut();
  // The next message that has `text` in it reaches the server, its answer not the client: the
  // connection ends instead. `then_stall`: and nothing comes through any more.
  void LoseAnswerTo(std::string text, bool then_stall = false);

 private:
  struct Pair {
    int client;
    int server;
    bool answer_is_lost = false;
  };

  bool IsNotCutting() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !cut_; }
  void Loop();
  void Accept();
  // False: the pair has ended.
  bool Carry(Pair& pair, bool from_client);

  const std::string server_;
  int listener_;
  std::list<Pair> pairs_;  // of the thread
  absl::Mutex mutex_;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool then_stall_ ABSL_GUARDED_BY(mutex_) = false;
  std::string lose_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace postwatch
