// Pages that are no single scan: poppler's pdftoppm as a child of the decoding child.

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "pipeline/files/child_process.h"
#include "pipeline/files/pdf_page.h"

namespace recto::files {
namespace {

using Clock = ChildProcess::Clock;

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
    ChildProcess renderer;
    const bool started = renderer.start({"pdftoppm", "-cropbox", "-f", number, "-l", number, "-r",
                                         fmt::format("{:.9f}", resolution), "-singlefile", path_argument(in.path)});
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
        const std::string reason = tag_text(renderer.errors().substr(0, renderer.errors().find('\n')));
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
