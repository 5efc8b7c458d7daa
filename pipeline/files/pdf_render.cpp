// Pages that are no single scan: poppler's pdftoppm as a child of the decoding child.

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "pipeline/files/pdf_page.h"

namespace recto::files {
namespace {

using Clock = std::chrono::steady_clock;

/// pdftoppm running; killed when this object goes before it ends.
class Renderer {
  public:
    Renderer() = default;
    ~Renderer() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            wait();
        }
    }
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    bool start(const std::vector<std::string>& args) {
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

    /// Next bytes of the picture, 0 at its end, -1 past the deadline. What goes to stderr is kept for the reason.
    ssize_t read(std::uint8_t* to, std::size_t n, Clock::time_point deadline) {
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
                if (got > 0 && reason_.size() < 2000) reason_.append(text, static_cast<std::size_t>(got));
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

    /// Exit status. What is left of the picture is not read: a renderer that still writes ends by SIGPIPE.
    int wait() {
        int status = 0;
        if (out_ >= 0) ::close(std::exchange(out_, -1));
        if (err_ >= 0) ::close(std::exchange(err_, -1));
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }
    [[nodiscard]] std::string reason() const {
        const std::string first = reason_.substr(0, reason_.find('\n'));
        return tag_text(first);
    }

  private:
    pid_t pid_ = -1;
    int out_ = -1, err_ = -1;
    std::string reason_;
};

/// "P6 width height maximum" and one blank; returns its length, 0 when it is not complete, -1 when it is wrong.
int read_header(std::string_view s, int& channels, int& width, int& height) {
    int values[3] = {}, found = 0;
    if (s.size() < 2) return 0;
    if (s[0] != 'P' || (s[1] != '5' && s[1] != '6')) return -1;
    channels = s[1] == '6' ? 3 : 1;
    std::size_t i = 2;
    while (found < 3) {
        while (i < s.size() && (s[i] == ' ' || s[i] == '\n')) ++i;
        std::int64_t v = 0;
        const std::size_t start = i;
        while (i < s.size() && s[i] >= '0' && s[i] <= '9' && i - start < 9) v = v * 10 + (s[i++] - '0');
        if (i >= s.size()) return s.size() > 64 ? -1 : 0;
        if (i == start) return -1;
        values[found++] = static_cast<int>(v);
    }
    width = values[0];
    height = values[1];
    return values[2] == 255 ? static_cast<int>(i + 1) : -1;
}

} // namespace

Result<Raster> render_pdf_page(const Input& in, int page, double resolution, int width, int height) {
    RECTO_TRY(check_size(in, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), page));
    const auto deadline = Clock::now() + in.limits.time;
    const std::string number = std::to_string(page);
    Renderer renderer;
    const bool started =
        renderer.start({"pdftoppm", "-cropbox", "-f", number, "-l", number, "-r", fmt::format("{:.9f}", resolution),
                        "-singlefile", in.path.starts_with('-') ? "./" + in.path : in.path});
    if (!started) return fail_retry("decode.render_failed", std::strerror(errno), in.path, page);

    const auto fill = [&](std::uint8_t* to, std::size_t n) -> std::size_t {
        std::size_t done = 0;
        while (done < n) {
            const ssize_t got = renderer.read(to + done, n - done, deadline);
            if (got <= 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    };
    const auto failed = [&]() -> tl::unexpected<Error> {
        if (Clock::now() >= deadline)
            return fail_retry("decode.time_limit", "the page was not rendered in time", in.path, page);
        if (renderer.wait() == 127) return fail("decode.no_renderer", "pdftoppm is not installed", in.path, page);
        const std::string reason = renderer.reason();
        return fail("decode.render_failed", reason.empty() ? "pdftoppm gave no picture" : reason, in.path, page);
    };

    std::string head;
    int channels = 0, w = 0, h = 0, length = 0;
    while (length == 0) {
        std::uint8_t byte = 0;
        if (fill(&byte, 1) != 1) return failed();
        head += static_cast<char>(byte);
        length = read_header(head, channels, w, h);
    }
    // Rounding may differ by a pixel from ours; the size that was announced holds.
    if (length < 0 || std::abs(w - width) > 2 || std::abs(h - height) > 2)
        return fail("decode.render_failed",
                    fmt::format("a picture of {} x {} instead of {} x {} pixels", w, h, width, height), in.path, page);
    Raster r;
    r.mode = channels == 3 ? ColourMode::Colour : ColourMode::Grey;
    r.pixels = in.make(height, width, channels == 3 ? CV_8UC3 : CV_8UC1);
    const std::size_t row = static_cast<std::size_t>(w) * static_cast<std::size_t>(channels);
    const std::size_t kept = static_cast<std::size_t>(std::min(w, width)) * static_cast<std::size_t>(channels);
    if (w == width && h == height) {
        for (int y = 0; y < h; ++y)
            if (fill(r.pixels.ptr<std::uint8_t>(y), row) != row) return failed();
        return r;
    }
    r.pixels.setTo(cv::Scalar::all(255));
    std::vector<std::uint8_t> buffer(row);
    for (int y = 0; y < h; ++y) {
        if (fill(buffer.data(), row) != row) return failed();
        if (y < height) std::memcpy(r.pixels.ptr<std::uint8_t>(y), buffer.data(), kept);
    }
    return r;
}

} // namespace recto::files
