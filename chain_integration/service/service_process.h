#ifndef CHAIN_INTEGRATION_SERVICE_SERVICE_PROCESS_H_
#define CHAIN_INTEGRATION_SERVICE_SERVICE_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingot/v1/frames.pb.h"

// A service in a process of its own, and its frames. For tests. In: a program's
// words, or a configuration. Out: sockets that answer, an exit code, the log.

namespace ingot::service {

class ServiceProcess {
 public:
  // Waits until the socket takes connections.
  ServiceProcess(const std::vector<std::string>& words,
                 const std::string& socket);
  // Kills what still runs.
  ~ServiceProcess();
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  bool ready() const { return ready_; }
  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // The exit code; 128 + N after signal N.
  int Wait();
  std::string Log() const;

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
  std::string log_path_;
};

// A fresh folder for a service's store and sockets. Sockets have short paths.
std::string ServiceFolder();
// `ingot serve` with `config` behind the lines that name its folder's store and
// sockets, FOLDER/grpc and FOLDER/frames.
std::vector<std::string> ServeWords(const std::string& folder,
                                    const std::string& config = "");

// A connection to a unix socket; bytes as they are.
class RawConnection {
 public:
  explicit RawConnection(const std::string& path);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool Send(std::string_view bytes) const;
  // Exactly so many; fewer at the end of the connection or after 30 s.
  std::string Receive(size_t size) const;
  // Nothing comes any more.
  bool AtEnd() const { return Receive(1).empty(); }

  bool SendFrame(std::string_view message) const;
  std::optional<v1::FrameResponse> ReceiveFrame() const;
  std::optional<v1::FrameResponse> Ask(const v1::FrameRequest& request) const;

 private:
  int fd_ = -1;
};

std::string LittleEndian(uint32_t number);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_SERVICE_PROCESS_H_
