#pragma once

/// How PP-OCR's networks read a page: text is looked for, each line is read by as many readers as its doubt asks for, and a page
/// that is worn all over is read from repaired pictures too, and where ink is left over the page is looked at larger. The networks themselves are behind an interface.

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "stages/reading/calibrate.h"
#include "stages/reading/ctc.h"
#include "stages/reading/ocr_engine.h"
#include "stages/reading/page_view.h"
#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/worn_line.h"

namespace recto::reading {

/// Where ink is left over the detector is shown windows of the page of that size, pixels: one size, because a new one costs memory
/// and time.
inline constexpr int kWindowWidth = 640, kWindowHeight = 320;

/// A detector and one recognizer or two, as one thread uses them. What they throw, a session turns into an error.
class Networks {
  public:
    virtual ~Networks() = default;
    /// How likely each pixel of a tile is text: `tile` is CV_8UC3 (R, G, B), continuous, its sides multiples of 32; the map is
    /// CV_32FC1, of its size, and the caller's own.
    virtual cv::Mat text_map(const cv::Mat& tile) = 0;

    struct Strip {
        std::vector<CtcChar> characters;
        int steps = 0; ///< Time steps over the strip's width.
    };
    /// `which`: 0, or 1 where there are two; the last is the better one. `strip`: as cut_strip makes it.
    virtual Strip recognize(std::size_t which, const cv::Mat& strip) = 0;
    /// Whether one of them learnt to read worn lines of Chinese (worn_network.h); the last recognizer's characters are its own.
    [[nodiscard]] virtual bool reads_worn_print() const = 0;
    /// What it says of a line. `strip`: in place of red, green and blue the line as three pictures of the page show it: with evened
    /// contrast, with its print made whole, and as it is.
    virtual LineLikelihoods worn_line(const cv::Mat& strip) = 0;
    /// Around the lines of a page: what the other networks, and then this one, took for theirs is given back. Together it would be too
    /// much for the memory of two workers.
    virtual void begin_worn_page() = 0;
    virtual void end_worn_page() = 0;
    [[nodiscard]] virtual const Language& language() const = 0;
    /// As RestoreTile (restore.h).
    virtual cv::Mat restored(const cv::Mat& tile) = 0;
    [[nodiscard]] virtual std::size_t recognizers() const = 0;
    [[nodiscard]] virtual const Charset& charset(std::size_t which) const = 0;
    [[nodiscard]] virtual Reader reader(std::size_t which) const = 0;
};

/// Reads page after page. One thread.
class PpocrPageReader {
  public:
    /// Both references outlive it.
    PpocrPageReader(Networks& networks, const PpocrOptions& options) : networks_(networks), options_(options) {}

    /// Errors: as OcrSession::read.
    Result<OcrPage> read(const Raster& raster, const Limits& limits);
    /// As OcrSession::try_turns, by the first network. Errors: likewise.
    Result<TurnScores> try_turns(const Raster& raster, const Limits& limits);

  private:
    struct Job;
    /// A line, and what the better network said of it, when it was asked.
    struct Reading {
        ReadLine line;
        std::optional<ReadLine> better;
    };
    using ReadJob = std::function<Result<Reading>(PageView&, const Job&)>;

    static bool is_salted(PageView& view);
    Result<OcrPage> complete(const Raster& raster, PageView view, const Limits& limits);
    /// On the whole picture; `text_height` is filled, pixels, 0: not known.
    Result<std::vector<TextRegion>> detect(Pyramid& pyramid, double& text_height, const Limits& limits);
    Result<std::vector<TextRegion>> detect_in(Pyramid& pyramid, const cv::Rect& area, int side, const Limits& limits);
    Result<void> read_view(PageView& view, const ReadJob& read, const Limits& limits);
    Result<void> read_regions(PageView& view, const ReadJob& read, const Limits& limits);
    Result<Reading> read_line(PageView& view, const Job& job, const Limits& limits);
    ReadLine recognize(std::size_t which, Pyramid& pyramid, const std::vector<StripGeometry>& strips);
    ReadLine recognize_at(std::size_t which, Pyramid& pyramid, const Quad& quad, bool vertical);
    ReadLine recognize_upright(std::size_t which, Pyramid& pyramid, const Quad& quad);
    [[nodiscard]] bool has_rare_characters(const PageView& view) const;
    Result<void> take_better(PageView& view, const Limits& limits);
    Result<void> drop_mirrored(PageView& view, const Limits& limits);
    Result<void> drop_mirrored_ends(PageView& view, std::size_t line, float faint, const Limits& limits);
    Result<std::array<cv::Mat, 2>> draw_again(const Raster& raster, double text_height, const Limits& limits);
    Result<void> look_again(const Raster& raster, PageView& view, const Limits& limits);
    Result<std::vector<Box>> look_closer(const Raster& raster, PageView& view, const Limits& limits);
    [[nodiscard]] std::size_t best() const { return networks_.recognizers() - 1; }

    Networks& networks_;
    const PpocrOptions& options_;
    std::unique_ptr<LineReader> lines_; ///< Made when first needed.
};

} // namespace recto::reading
