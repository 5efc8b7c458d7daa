#include "stages/verify/pdf_check.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace recto::verify {

namespace {
constexpr std::size_t kMaxText = std::size_t{256} << 20; ///< Bytes of text a PDF may give.
}

Result<std::string> pdf_text(const std::string& path, const std::string& program, int seconds) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail("pdf.no_pdftotext", std::strerror(errno), path);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    // A name that begins with "-" must not be taken for an option.
    std::string name = path.starts_with('-') ? "./" + path : path;
    std::array<std::string, 7> words{program, "-raw", "-enc", "UTF-8", "-q", name, "-"};
    std::array<char*, 8> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    if (error != 0) {
        ::close(pipe[0]);
        return fail("pdf.no_pdftotext", std::strerror(error), program);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    std::string text, fault;
    std::array<char, 65536> buffer{};
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            fault = "pdf.time_limit";
            break;
        }
        pollfd wait{pipe[0], POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(left.count()));
        if (ready <= 0) continue; // a signal, or the time is up: looked at above
        const ssize_t n = ::read(pipe[0], buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > kMaxText) {
            fault = "pdf.damaged";
            break;
        }
    }
    ::close(pipe[0]);
    if (!fault.empty()) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (!fault.empty()) return fail(fault, "pdftotext was stopped", path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return fail("pdf.no_pdftotext", "cannot be run", program);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail("pdf.damaged", "pdftotext ended with status " + std::to_string(status), path);
    return text;
}

std::string without_white_space(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == ' ' || (c >= 0x09 && c <= 0x0D)) continue;
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("\xC2\xA0")) {
            ++i;
        } else if (rest.starts_with("\xE3\x80\x80") ||
                   (rest.size() > 2 && rest.starts_with("\xE2\x80") && static_cast<unsigned char>(rest[2]) >= 0x80 &&
                    static_cast<unsigned char>(rest[2]) <= 0x8A)) {
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace recto::verify
