// GrpcLog: what gRPC has to say goes to our log, in our format.
#pragma once

namespace postwatch {

// Once, before any use of gRPC. Its errors become warnings of ours: they are about peers and
// connections, which our own code reports with more sense. The rest is dropped.
void SendGrpcLogToOurs();

}  // namespace postwatch
