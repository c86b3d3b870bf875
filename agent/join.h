// Join: `postwatch-agent join`: makes a key, gets a certificate for it by a one-time token, and
// writes the agent's first configuration.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::agent {

// `arguments` without the program and the verb. Writes to stdout, complains on stderr. 0; 1 when it
// could not be done, and then nothing that was there has changed; 64 for a wrong command line.
int RunJoin(std::span<const std::string_view> arguments);

}  // namespace postwatch::agent
