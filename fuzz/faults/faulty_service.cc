// `ingot serve`, with faults on demand: `faulty_service BOARD STORE SOCKET
// FRAMES WORKER READY`. In: where it keeps and listens, the program of its
// workers. Out: the real service, whose system calls the board can make fail.

#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "chain_integration/service/serve.h"
#include "fuzz/faults/board.h"
#include "fuzz/faults/service_watcher.h"
#include "fuzz/faults/system_calls.h"

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  ingot::faults::Board* const board = ingot::faults::OpenBoard(argv[1]);
  if (board == nullptr) return 2;
  // Its deaths are meant.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  static ingot::faults::ServiceWatcher watcher(*board, argv[2]);
  ingot::faults::WatchCalls(&watcher);

  ingot::service::ServiceConfig config;
  config.node.store_folder = argv[2];
  config.grpc.listener.path = argv[3];
  config.frames.listener.path = argv[4];
  config.node.workers.command = {argv[5], argv[1], "worker"};
  config.node.workers.ready =
      static_cast<uint32_t>(std::strtoul(argv[6], nullptr, 10));
  // The limits that the faults of memory and of files meet.
  config.node.workers.max_data_bytes = uint64_t{1} << 30;
  config.node.workers.max_reply_bytes = uint64_t{64} << 20;
  return ingot::service::Serve(config);
}
