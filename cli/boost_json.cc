// Boost.JSON is compiled into this one file; it has no library of its own in our build.
#include <boost/json/src.hpp>
