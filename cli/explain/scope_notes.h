// Scope notes: an incident's notes about who sees it, told by what has changed.
#pragma once

#include <map>
#include <string>

namespace postwatch::cli {

class ScopeNotes {
 public:
  // Takes an incident's notes in order. One that lists how every region sees it, such as
  // "eu failing, us well", comes back as what is new in it since the one before, "us failing (was
  // well)", or sorted by how they see it when it is the first; others come back as they are.
  std::string Shorten(const std::string& note);

 private:
  std::map<std::string, std::string> before_;  // region -> how it sees it
};

}  // namespace postwatch::cli
