// A service whose workers misbehave: `test_service WAY TIMES STORE SOCKET
// FRAMES`. In: the way, and for how many tries of a job. Out: what `ingot serve`
// does, but for that. Every way of sandbox/worker/test_worker.cc works.

#include <string>

#include "chain_integration/service/serve.h"

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  ingot::service::ServiceConfig config;
  config.node.workers.command = {"sandbox/worker/test_worker", argv[1],
                                 argv[2], "worker"};
  config.node.store_folder = argv[3];
  config.grpc.listener.path = argv[4];
  config.frames.listener.path = argv[5];
  config.drain_time = std::chrono::seconds(20);
  return ingot::service::Serve(config);
}
