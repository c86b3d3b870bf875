// HttpFixture: an HttpServer on a loop and thread of its own that remembers what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/text.h"
#include "common/http/server.h"

namespace postwatch {

class HttpFixture {
 public:
  explicit HttpFixture(HttpHandler answer, HttpServerOptions options = {})
      : answer_(std::move(answer)) {
    auto server = StartHttpServer(
        loop_.get_executor(), "127.0.0.1:0",
        [this](HttpRequest request, HttpReply reply) {
          {
            absl::MutexLock lock(&mutex_);
            requests_.push_back(request);
          }
          answer_(std::move(request), std::move(reply));
        },
        std::move(options));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.run(); });
  }
  // Answers each request with this.
  explicit HttpFixture(HttpResponse always)
      : HttpFixture([always](const HttpRequest&, const HttpReply& reply) { reply(always); }) {}
  ~HttpFixture() {
    CloseServer();
    work_.reset();
    thread_.join();
  }

  void CloseServer() {
    absl::Notification closed;
    boost::asio::post(loop_, [this, &closed] {
      server_.reset();
      closed.Notify();
    });
    closed.WaitForNotification();
  }

  const std::string& address() const { return address_; }
  std::string Url(std::string_view path) const { return Concat("http://", address_, path); }
  std::vector<HttpRequest> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  HttpHandler answer_;
  mutable absl::Mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace postwatch
