// The decoding child: `recto _worker`. Whatever a file does to a library happens here.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <new>
#include <thread>
#include <utility>

#include "pipeline/core/memory.h"
#include "pipeline/files/decode_internal.h"
#include "pipeline/files/worker_protocol.h"

namespace recto::files {
namespace {

/// Shared memory for one raster. The kernel gives it filled with zeros and takes it back with the last reference.
class SharedPixels {
  public:
    SharedPixels() = default;
    SharedPixels(SharedPixels&& o) noexcept
        : fd_(std::exchange(o.fd_, -1)), data_(std::exchange(o.data_, nullptr)), size_(o.size_) {}
    SharedPixels& operator=(SharedPixels&&) = delete;
    ~SharedPixels() {
        unmap();
        if (fd_ >= 0) ::close(fd_);
    }

    static SharedPixels make(std::size_t size) {
        SharedPixels p;
        p.size_ = size;
        p.fd_ = ::memfd_create("recto-raster", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (p.fd_ < 0 || ::ftruncate(p.fd_, static_cast<off_t>(size)) != 0) throw std::bad_alloc();
        void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, p.fd_, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        p.data_ = static_cast<std::uint8_t*>(at);
        return p;
    }

    [[nodiscard]] std::uint8_t* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Ends writing for good: size and content cannot change under the parent's eyes.
    int sealed() {
        unmap();
        ::fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
        return fd_;
    }

  private:
    void unmap() {
        if (data_ != nullptr) ::munmap(std::exchange(data_, nullptr), size_);
    }
    int fd_ = -1;
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

nlohmann::json failed(const Error& e) {
    return {{"ok", false}, {"code", e.code}, {"reason", e.reason}, {"page", e.page}, {"retry", e.retry}};
}

DecodeLimits apply_limits(const nlohmann::json& head) {
    DecodeLimits limits;
    limits.time = std::chrono::milliseconds(head.value("time_ms", limits.time.count()));
    limits.max_pixels = head.value("max_pixels", limits.max_pixels);
    limits.address_space = head.value("address_space", limits.address_space);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // Their shadow memory is larger than any limit.
    static std::size_t now = 0;
    if (now != limits.address_space && limits.address_space > 0) {
        const rlimit limit{limits.address_space, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_AS, &limit) == 0) now = limits.address_space;
    }
#endif
    return limits;
}

void answer_decode(int socket, const std::string& path, int index, const DecodeLimits& limits) {
    std::vector<SharedPixels> made;
    const PixelMaker make = [&](int rows, int cols, int type) {
        const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * CV_ELEM_SIZE(type);
        made.push_back(SharedPixels::make(size));
        return cv::Mat(rows, cols, type, made.back().data());
    };
    const auto raster = decode_file(path, index, limits, make);
    if (!raster) {
        send_message(socket, failed(raster.error()), {});
        return;
    }
    const cv::Mat& pixels = raster->pixels;
    const std::size_t size = pixels.total() * pixels.elemSize();
    if (made.empty() || made.back().data() != pixels.data || made.back().size() != size) {
        cv::Mat copy = make(pixels.rows, pixels.cols, pixels.type()); // Made elsewhere by a conversion.
        pixels.copyTo(copy);
    }
    const nlohmann::json head{{"ok", true},
                              {"width", pixels.cols},
                              {"height", pixels.rows},
                              {"channels", pixels.channels()},
                              {"mode", static_cast<int>(raster->mode)},
                              {"dpi_x", raster->dpi.x},
                              {"dpi_y", raster->dpi.y},
                              {"dpi_source", static_cast<int>(raster->dpi.source)}};
    const std::string icc(raster->icc.begin(), raster->icc.end());
    send_message(socket, head, icc, made.back().sealed());
}

void answer(int socket, const Message& request) {
    const DecodeLimits limits = apply_limits(request.head);
    const std::string op = request.head.value("op", "");
    try {
        if (op == "decode") {
            answer_decode(socket, request.blob, request.head.value("index", 0), limits);
        } else if (op == "probe") {
            auto source = probe_file(request.blob, limits);
            if (!source) send_message(socket, failed(source.error()), {});
            else send_message(socket, {{"ok", true}, {"source", *source}}, {});
        } else if (op == "text") {
            const auto text = text_here(request.blob, request.head.value("index", 0), limits);
            if (!text) send_message(socket, failed(text.error()), {});
            else send_message(socket, {{"ok", true}, {"text", *text}}, {});
        } else if (op == "check_pdf") {
            const auto pages = check_pdf_here(request.blob);
            if (!pages) send_message(socket, failed(pages.error()), {});
            else send_message(socket, {{"ok", true}, {"pages", *pages}}, {});
        } else {
            send_message(socket, failed({"decode.no_worker", "unknown request", {}, 0, {}, false}), {});
        }
    } catch (const std::bad_alloc&) {
        send_message(socket, failed({"decode.no_memory", "no memory for the reply", {}, 0, {}, false}), {});
    } catch (const std::exception& e) {
        send_message(socket, failed({"decode.damaged", e.what(), {}, 0, {}, false}), {});
    }
}

} // namespace
} // namespace recto::files

namespace recto {

int decode_worker_main(int fd) {
    using namespace files;
    // Ctrl-C and a service manager's SIGTERM reach the whole group; the parent decides when its children end.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none); // Never a page's content in a core file.
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    set_up_memory();
    cv::setNumThreads(1);
    // A child ends with its parent, also one that is deep in a library when the parent is killed: the kernel closes the
    // parent's end. (PR_SET_PDEATHSIG would fire when the *thread* that started the child ends.)
    std::thread([fd] {
        pollfd p{fd, POLLRDHUP, 0};
        while (::poll(&p, 1, -1) <= 0 || (p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0) {}
        ::_exit(0);
    }).detach();

    while (true) {
        Message request;
        if (receive_message(fd, request, std::chrono::steady_clock::time_point::max()) != Received::Ok) return 0;
        if (request.fd >= 0) ::close(request.fd);
        answer(fd, request);
    }
}

} // namespace recto
