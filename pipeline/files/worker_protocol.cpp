#include "pipeline/files/worker_protocol.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

namespace recto::files {
namespace {

constexpr std::uint32_t kMaxHead = 128U << 20; ///< 65,000 images with their findings.
constexpr std::uint32_t kMaxBlob = 17U << 20;  ///< The largest profile that icc_space() takes, and a margin.

using Deadline = std::chrono::steady_clock::time_point;

/// Milliseconds left for poll(): -1 for no limit, 0 when over.
int time_left(Deadline deadline) {
    if (deadline == Deadline::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

Received wait_readable(int socket, Deadline deadline) {
    while (true) {
        pollfd p{socket, POLLIN, 0};
        const int left = time_left(deadline);
        const int n = ::poll(&p, 1, left);
        if (n > 0) return Received::Ok;
        if (n == 0 && time_left(deadline) == 0) return Received::TimedOut;
        if (n < 0 && errno != EINTR) return Received::Closed;
    }
}

/// Reads exactly `n` bytes; a descriptor that comes along is kept in `fd`.
Received read_exactly(int socket, char* to, std::size_t n, int& fd, Deadline deadline) {
    while (n > 0) {
        if (const Received r = wait_readable(socket, deadline); r != Received::Ok) return r;
        iovec part{to, n};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 4)> control{};
        msghdr m{};
        m.msg_iov = &part;
        m.msg_iovlen = 1;
        m.msg_control = control.data();
        m.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got < 0) return Received::Closed;
        for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
            const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int received = -1;
                std::memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                if (fd < 0) fd = received;
                else ::close(received); // One a message is agreed; more are not kept.
            }
        }
        if (got == 0) return Received::Closed;
        to += got;
        n -= static_cast<std::size_t>(got);
    }
    return Received::Ok;
}

} // namespace

bool send_message(int socket, const nlohmann::json& head, std::string_view blob, int fd) {
    const std::string text = head.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const std::array<std::uint32_t, 2> sizes{static_cast<std::uint32_t>(text.size()),
                                             static_cast<std::uint32_t>(blob.size())};
    std::string bytes(reinterpret_cast<const char*>(sizes.data()), sizeof sizes);
    bytes += text;
    bytes += blob;
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        iovec part{bytes.data() + sent, bytes.size() - sent};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr m{};
        m.msg_iov = &part;
        m.msg_iovlen = 1;
        if (fd >= 0 && sent == 0) {
            m.msg_control = control.data();
            m.msg_controllen = control.size();
            cmsghdr* c = CMSG_FIRSTHDR(&m);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(c), &fd, sizeof(int));
        }
        const ssize_t n = ::sendmsg(socket, &m, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        sent += static_cast<std::size_t>(n);
    }
    return true;
}

Received receive_message(int socket, Message& out, std::chrono::steady_clock::time_point deadline) {
    out = Message{};
    const auto drop = [&](Received why) {
        if (out.fd >= 0) ::close(out.fd);
        out.fd = -1;
        return why;
    };
    std::array<std::uint32_t, 2> sizes{};
    Received r = read_exactly(socket, reinterpret_cast<char*>(sizes.data()), sizeof sizes, out.fd, deadline);
    if (r != Received::Ok) return drop(r);
    if (sizes[0] > kMaxHead || sizes[1] > kMaxBlob) return drop(Received::Malformed);
    std::string text(sizes[0], '\0');
    out.blob.resize(sizes[1]);
    r = read_exactly(socket, text.data(), text.size(), out.fd, deadline);
    if (r == Received::Ok) r = read_exactly(socket, out.blob.data(), out.blob.size(), out.fd, deadline);
    if (r != Received::Ok) return drop(r);
    out.head = nlohmann::json::parse(text, nullptr, false);
    if (!out.head.is_object()) return drop(Received::Malformed);
    return Received::Ok;
}

} // namespace recto::files
