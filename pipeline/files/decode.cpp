// The parent's side of decoding: a pool of children, and nothing believed that they say without a check.

#include "pipeline/files/decode.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "pipeline/core/cpu_time.h"
#include "pipeline/files/decode_internal.h"
#include "pipeline/files/worker_protocol.h"

extern char** environ;

namespace recto {
namespace {

using files::Message;
using files::Received;

constexpr int kRequestsOfAChild = 500; ///< Then a new one: what a library leaked goes with the old.

/// Releases a mapping when the last cv::Mat that shows it goes.
class MappingAllocator final : public cv::MatAllocator {
  public:
    cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step, cv::AccessFlag flags,
                           cv::UMatUsageFlags usage) const override {
        return cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
    }
    bool allocate(cv::UMatData* data, cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
        return cv::Mat::getStdAllocator()->allocate(data, flags, usage);
    }
    void deallocate(cv::UMatData* u) const override {
        if (u == nullptr) return;
        ::munmap(u->origdata, u->size);
        delete u;
    }
};

/// Shows `fd`'s memory as a matrix, which owns it from then on. Private: a stage that writes by mistake writes to its
/// own copy of the page. Empty when the memory cannot be mapped.
cv::Mat map_pixels(int fd, int rows, int cols, int type) {
    static const auto* allocator = new MappingAllocator; // Rasters may outlive every static object.
    const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * CV_ELEM_SIZE(type);
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (at == MAP_FAILED) return {};
    cv::Mat pixels(rows, cols, type, at);
    auto* u = new cv::UMatData(allocator);
    u->data = u->origdata = static_cast<uchar*>(at);
    u->size = size;
    u->refcount = 1;
    pixels.u = u;
    return pixels;
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const char* name = sigabbrev_np(WTERMSIG(status));
        return fmt::format("the decoder died of SIG{}", name == nullptr ? "?" : name);
    }
    return fmt::format("the decoder ended with status {}", WEXITSTATUS(status));
}

} // namespace

struct Decoder::Pool {
    struct Child {
        pid_t pid = -1;
        int socket = -1;
        int served = 0;
    };

    Pool(std::string program_, int max, DecodeLimits limits_)
        : program(std::move(program_)), max_children(std::max(1, max)), limits(limits_) {}

    const std::string program;
    const int max_children;
    const DecodeLimits limits;

    std::mutex mutex;
    std::condition_variable freed;
    std::vector<Child> idle;
    std::set<pid_t> busy;
    int live = 0; ///< Idle, busy and being started.
    bool stopped = false;

    Result<Child> start() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            return fail_retry("decode.no_worker", std::strerror(errno));
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_adddup2(&actions, ends[1], kDecodeWorkerFd); // Also clears close-on-exec.
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0); // Data of ours goes to stdout.
        sigset_t mask, defaults;
        sigemptyset(&mask);
        sigemptyset(&defaults);
        for (const int s : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGCHLD}) sigaddset(&defaults, s);
        posix_spawnattr_setsigmask(&attributes, &mask);
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        posix_spawnattr_setpgroup(&attributes, 0); // Ctrl-C in the moment before the child ignores it.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        std::string name = program, argument = "_worker";
        char* argv[] = {name.data(), argument.data(), nullptr};
        Child child;
        const int error = ::posix_spawn(&child.pid, program.c_str(), &actions, &attributes, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        ::close(ends[1]);
        if (error != 0) {
            ::close(ends[0]);
            return fail_retry("decode.no_worker", fmt::format("{}: {}", program, std::strerror(error)));
        }
        child.socket = ends[0];
        return child;
    }

    /// Kills and waits; returns how the child had ended.
    static int end(Child& child) {
        ::close(child.socket);
        ::kill(child.pid, SIGKILL);
        int status = 0;
        while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {}
        return status;
    }

    /// The same for a child whose socket closed by itself: its own end is told apart from our kill.
    static int end_of_crashed(Child& child) {
        int status = 0;
        for (int i = 0; i < 200; ++i) {
            const pid_t got = ::waitpid(child.pid, &status, WNOHANG);
            if (got == child.pid) {
                ::close(child.socket);
                return status;
            }
            ::usleep(5000);
        }
        return end(child);
    }

    /// A child for one request; `fresh`: none that has served before.
    Result<Child> acquire(bool fresh) {
        std::unique_lock lock(mutex);
        freed.wait(lock, [&] { return stopped || !idle.empty() || live < max_children; });
        if (stopped) return fail_retry("decode.stopped", "decoding was stopped");
        if (!idle.empty()) {
            Child child = idle.back();
            idle.pop_back();
            if (!fresh && child.served < kRequestsOfAChild) {
                busy.insert(child.pid);
                return child;
            }
            lock.unlock();
            end(child);
            lock.lock();
        } else {
            ++live;
        }
        lock.unlock();
        auto child = start();
        lock.lock();
        if (!child) {
            --live;
            freed.notify_one();
            return child;
        }
        busy.insert(child->pid);
        if (stopped) ::kill(child->pid, SIGKILL);
        return child;
    }

    void put_back(Child child) {
        const std::lock_guard lock(mutex);
        busy.erase(child.pid);
        ++child.served;
        idle.push_back(child);
        freed.notify_one();
    }

    /// Before the process is waited for: afterwards its number may be another's.
    void forget(const Child& child) {
        const std::lock_guard lock(mutex);
        busy.erase(child.pid);
        --live;
        freed.notify_one();
    }

    void stop() {
        std::vector<Child> ended;
        {
            const std::lock_guard lock(mutex);
            stopped = true;
            for (const pid_t pid : busy) ::kill(pid, SIGKILL);
            ended.swap(idle);
            live -= static_cast<int>(ended.size());
        }
        freed.notify_all();
        for (auto& child : ended) end(child);
    }

    /// Sends a request and hands an acceptable reply to `accept`, which returns false for a reply that lies.
    template <class T, class Accept>
    Result<T> request(std::string_view op, const std::string& path, int index, Accept accept) {
        const int page = op == "decode" || op == "text" ? index + 1 : 0;
        const nlohmann::json head{{"op", op},
                                  {"index", index},
                                  {"time_ms", limits.time.count()},
                                  {"max_pixels", limits.max_pixels},
                                  {"address_space", limits.address_space}};
        std::string how;
        for (int attempt = 0; attempt < 2; ++attempt) {
            auto got = acquire(attempt > 0);
            if (!got) {
                got.error().file = path;
                got.error().page = page;
                return tl::unexpected(std::move(got.error()));
            }
            Child child = *got;
            Message reply;
            const double spent_before = cpu_seconds_of(child.pid);
            const auto deadline = std::chrono::steady_clock::now() + limits.time;
            const Received received = files::send_message(child.socket, head, path)
                                          ? files::receive_message(child.socket, reply, deadline)
                                          : Received::Closed;
            if (received == Received::TimedOut) {
                forget(child);
                end(child);
                return fail_retry(
                    "decode.time_limit",
                    fmt::format("not done after {:.1f} s", static_cast<double>(limits.time.count()) / 1000), path,
                    page);
            }
            if (received == Received::Ok) {
                std::optional<Result<T>> result;
                try {
                    result = accept(reply);
                } catch (const std::exception&) { // A reply of another shape.
                }
                if (reply.fd >= 0) ::close(reply.fd);
                if (result) {
                    add_cpu_seconds(cpu_seconds_of(child.pid) - spent_before);
                    put_back(child);
                    if (!*result) {
                        result->error().file = path;
                        if (result->error().page == 0) result->error().page = page;
                    }
                    return std::move(*result);
                }
                how = "the decoder gave a senseless reply";
                forget(child);
                end(child);
            } else {
                forget(child);
                const int status = received == Received::Closed ? end_of_crashed(child) : end(child);
                how = received == Received::Closed ? how_it_ended(status) : "the decoder gave a senseless reply";
            }
            const std::lock_guard lock(mutex);
            if (stopped) return fail_retry("decode.stopped", "decoding was stopped", path, page);
        }
        return fail("decode.crashed", how, path, page);
    }
};

namespace {

Error error_of(const nlohmann::json& head) {
    Error e;
    e.code = head.at("code").get<std::string>();
    if (!e.code.starts_with("decode.") && !e.code.starts_with("io.") && e.code != "pdf.damaged")
        e.code = "decode.damaged";
    e.reason = files::tag_text(head.at("reason").get<std::string>());
    e.page = head.at("page").get<int>();
    e.retry = head.at("retry").get<bool>();
    return e;
}

/// The raster of a reply, if its numbers agree with the memory that came along.
std::optional<Raster> raster_of(const Message& reply, const DecodeLimits& limits) {
    const auto& h = reply.head;
    const auto width = h.at("width").get<std::int64_t>(), height = h.at("height").get<std::int64_t>();
    const auto channels = h.at("channels").get<int>(), mode = h.at("mode").get<int>();
    const auto source = h.at("dpi_source").get<int>();
    if (width < 1 || height < 1 || width > 1 << 24 || height > 1 << 24 ||
        static_cast<std::uint64_t>(width * height) > limits.max_pixels || mode < 0 || mode > 2 || source < 0 ||
        source > 2)
        return std::nullopt;
    Raster r;
    r.mode = static_cast<ColourMode>(mode);
    if (channels != (r.mode == ColourMode::Colour ? 3 : 1)) return std::nullopt;
    r.dpi = {h.at("dpi_x").get<double>(), h.at("dpi_y").get<double>(), static_cast<DpiSource>(source)};
    if (!(r.dpi.x > 0) || !(r.dpi.y > 0) || !std::isfinite(r.dpi.x) || !std::isfinite(r.dpi.y)) return std::nullopt;
    struct stat st{};
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE; // Or the child could change it afterwards.
    if (reply.fd < 0 || ::fstat(reply.fd, &st) != 0 || st.st_size != width * height * channels ||
        (::fcntl(reply.fd, F_GET_SEALS) & kSeals) != kSeals)
        return std::nullopt;
    r.pixels = map_pixels(reply.fd, static_cast<int>(height), static_cast<int>(width), CV_8UC(channels));
    if (r.pixels.empty()) return std::nullopt;
    r.icc = files::icc_for(r.mode, {reinterpret_cast<const std::uint8_t*>(reply.blob.data()), reply.blob.size()});
    return r;
}

} // namespace

Decoder::Decoder(std::string program, int max_children, DecodeLimits limits)
    : pool_(std::make_unique<Pool>(std::move(program), max_children, limits)) {}

Decoder::~Decoder() { pool_->stop(); }

void Decoder::stop() { pool_->stop(); }

Result<Source> Decoder::probe(const std::string& path) {
    return pool_->request<Source>("probe", path, 0, [](const Message& reply) -> Result<Source> {
        if (!reply.head.at("ok").get<bool>()) return tl::unexpected(error_of(reply.head));
        auto source = reply.head.at("source").get<Source>();
        if (source.images.empty()) throw std::runtime_error("no image");
        for (const auto& image : source.images)
            if (image.width < 0 || image.height < 0) throw std::runtime_error("negative size");
        return source;
    });
}

Result<SourceText> Decoder::text(const std::string& path, int index) {
    return pool_->request<SourceText>("text", path, index, [](const Message& reply) -> Result<SourceText> {
        if (!reply.head.at("ok").get<bool>()) return tl::unexpected(error_of(reply.head));
        auto text = reply.head.at("text").get<SourceText>();
        for (const auto& line : text.lines)
            for (const SourceWord& word : line)
                for (const double v : {word.box.x, word.box.y, word.box.width, word.box.height})
                    if (!(std::abs(v) < 1e9)) throw std::runtime_error("a place that is nowhere");
        return text;
    });
}

Result<int> Decoder::check_pdf(const std::string& path) {
    auto pages = pool_->request<int>("check_pdf", path, 0, [](const Message& reply) -> Result<int> {
        if (!reply.head.at("ok").get<bool>()) return tl::unexpected(error_of(reply.head));
        return reply.head.at("pages").get<int>();
    });
    if (!pages) pages.error().code = pages.error().code == "decode.time_limit" ? "pdf.time_limit" : "pdf.damaged";
    return pages;
}

Result<Raster> Decoder::decode(const std::string& path, int index) {
    return pool_->request<Raster>("decode", path, index, [&](const Message& reply) -> Result<Raster> {
        if (!reply.head.at("ok").get<bool>()) return tl::unexpected(error_of(reply.head));
        auto raster = raster_of(reply, pool_->limits);
        if (!raster) throw std::runtime_error("the numbers do not fit the memory");
        return std::move(*raster);
    });
}

} // namespace recto
