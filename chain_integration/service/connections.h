#ifndef CHAIN_INTEGRATION_SERVICE_CONNECTIONS_H_
#define CHAIN_INTEGRATION_SERVICE_CONNECTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

// Unix sockets and who is behind their connections. In: a path. Out: accepted
// descriptors, each with its client: the process at the other end. Holds: a
// client and the whole have a bounded number of connections; a socket that a
// living process listens on is never taken over. Connections whose descriptor
// somebody else closes are noticed by Prune.

namespace ingot::service {

class Connections {
 public:
  // Registers an open descriptor and says who its client is; empty when the
  // client has too many.
  std::string Add(int fd, uint32_t max_of_client);
  // The client of an open descriptor; "unknown" if there is none.
  std::string ClientOf(int fd) const;
  // Forgets closed ones. Out: clients that have no connection any more.
  std::vector<std::string> Prune();
  size_t count() const;

 private:
  struct Connection {
    std::string client;
    uint64_t inode = 0;
  };

  mutable std::mutex mutex_;
  uint64_t next_ = 1;
  absl::btree_map<int, Connection> open_;  // by descriptor
};

struct ListenerOptions {
  std::string path;
  uint32_t mode = 0660;
  uint32_t max_connections = 256;
  uint32_t max_of_client = 64;
};

// Accepts until it ends.
class UnixListener {
 public:
  // Takes the descriptor: non-blocking, closed on exec.
  using OnAccept = std::function<void(int fd, const std::string& client)>;

  static absl::StatusOr<std::unique_ptr<UnixListener>> Create(
      const ListenerOptions& options, Connections& connections,
      OnAccept on_accept);
  // Stops accepting and removes the socket.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

 private:
  UnixListener(const ListenerOptions& options, Connections& connections,
               OnAccept on_accept);
  absl::Status Bind();
  void Accept();

  const ListenerOptions options_;
  Connections& connections_;
  const OnAccept on_accept_;
  int socket_ = -1;
  int stop_ = -1;
  bool bound_ = false;
  std::thread thread_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_CONNECTIONS_H_
