// Task: a coroutine on the event loop. See CONTRIBUTING.md for the rules that GCC 12 forces on us.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace postwatch {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace postwatch
