#pragma once

/// Another program run as a child, without a shell, its output read through a pipe; both streams, bounded in time.

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "pipeline/core/result.h"

namespace recto {

/// A program that writes to us; killed when this object goes before it ends. One thread. The program ends with that thread,
/// too, so it must be the one that started it.
class ChildProcess {
  public:
    using Clock = std::chrono::steady_clock;

    ChildProcess() = default;
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Starts `args[0]`, looked for in PATH, with nothing to read. False when there can be no more processes; a program
    /// that is not there ends with status 127.
    bool start(const std::vector<std::string>& args);

    /// Next bytes of its output, 0 at the end, -1 past the deadline. The first of what goes to its stderr is kept.
    ssize_t read(void* to, std::size_t n, Clock::time_point deadline);

    /// Exit status, 128 when a signal ended it. What is left of its output is not read: a program that still writes ends by
    /// SIGPIPE.
    int wait();

    [[nodiscard]] const std::string& errors() const { return errors_; } ///< First 2000 bytes of its stderr.

  private:
    pid_t pid_ = -1;
    int out_ = -1, err_ = -1;
    std::string errors_;
};

struct ProgramOutput {
    enum class End { Done, TimeLimit, TooMuch, NotStarted };
    End end = End::Done;
    int status = 0; ///< Of Done; 127: the program is not there.
    std::string output, errors;
};
/// Runs a program to its end, at most until `deadline` and `max_bytes` of output; beyond that it is killed.
[[nodiscard]] ProgramOutput run_program(const std::vector<std::string>& args, ChildProcess::Clock::time_point deadline,
                                        std::size_t max_bytes);

/// A path as an argument: one that begins with "-" must not be taken for an option.
[[nodiscard]] std::string path_argument(const std::string& path);

} // namespace recto
