// LeaseHolder: which process acts on a store, as the text that the store keeps of it: for people,
// and for one that stands by and passes on what it is asked.
#pragma once

#include <string>
#include <string_view>

namespace postwatch::collector {

// This process, by a name that no other one ever has. `http`: "ip:port" where others of the same
// store reach its API; "" when they cannot.
std::string DescribeLeaseHolder(std::string_view http);

// Where the process of such a text is reached; "" when it is not, or the text is another's.
std::string HttpOfLeaseHolder(std::string_view text);

}  // namespace postwatch::collector
