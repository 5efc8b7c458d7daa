#include "pipeline/files/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace recto {

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
}

bool ChildProcess::start(const std::vector<std::string>& args) {
    int out[2], err[2];
    if (::pipe2(out, O_CLOEXEC) != 0) return false;
    if (::pipe2(err, O_CLOEXEC) != 0) {
        ::close(out[0]);
        ::close(out[1]);
        return false;
    }
    std::vector<char*> argv;
    for (const auto& a : args) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) { // Only calls that are safe after a fork.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::signal(SIGPIPE, SIG_DFL);
        const int nothing = ::open("/dev/null", O_RDONLY);
        if (nothing >= 0) ::dup2(nothing, 0);
        ::dup2(out[1], 1);
        ::dup2(err[1], 2);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
    ::fcntl(out_, F_SETPIPE_SZ, 1 << 20); // Fewer switches; a refusal does not matter.
    return pid_ > 0;
}

ssize_t ChildProcess::read(void* to, std::size_t n, Clock::time_point deadline) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return -1;
        pollfd p[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
        const int ready = ::poll(p, 2, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
        if (ready < 0 && errno != EINTR) return 0;
        if (ready <= 0) continue;
        if (p[1].revents != 0) {
            char text[512];
            const ssize_t got = ::read(err_, text, sizeof text);
            if (got > 0 && errors_.size() < 2000) errors_.append(text, static_cast<std::size_t>(got));
            if (got <= 0) {
                ::close(err_);
                err_ = -1;
            }
        }
        if (p[0].revents != 0) {
            const ssize_t got = ::read(out_, to, n);
            if (got < 0 && errno == EINTR) continue;
            return std::max<ssize_t>(got, 0);
        }
    }
}

int ChildProcess::wait() {
    int status = 0;
    if (out_ >= 0) ::close(std::exchange(out_, -1));
    if (err_ >= 0) ::close(std::exchange(err_, -1));
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

ProgramOutput run_program(const std::vector<std::string>& args, ChildProcess::Clock::time_point deadline,
                          std::size_t max_bytes) {
    ProgramOutput out;
    ChildProcess child;
    if (!child.start(args)) {
        out.end = ProgramOutput::End::NotStarted;
        out.errors = std::strerror(errno);
        return out;
    }
    std::array<char, 65536> buffer{};
    while (true) {
        const ssize_t n = child.read(buffer.data(), buffer.size(), deadline);
        if (n < 0) out.end = ProgramOutput::End::TimeLimit;
        if (n <= 0) break;
        out.output.append(buffer.data(), static_cast<std::size_t>(n));
        if (out.output.size() > max_bytes) {
            out.end = ProgramOutput::End::TooMuch;
            break;
        }
    }
    if (out.end == ProgramOutput::End::Done) out.status = child.wait();
    out.errors = child.errors();
    return out;
}

std::string path_argument(const std::string& path) { return path.starts_with('-') ? "./" + path : path; }

} // namespace recto
