// FakePop3Stream: a POP3 session with a FakeMailServer's INBOX.
#pragma once

#include <memory>

#include "tests/support/fake_mail_server.h"

namespace postwatch {

// Sees what is visible now; deletes at QUIT.
std::unique_ptr<Stream> NewFakePop3Stream(FakeMailServer& server, FakeClock& clock);

}  // namespace postwatch
