#pragma once

/// What an OCR engine is to the reading stage: something that opens once, and gives each worker a session that turns
/// the raster of one page into lines with words, glyphs and confidences.
///
/// Threads: an engine is immutable after it was opened and shared by all workers; a session belongs to one thread.
/// Engines catch what their libraries throw; nothing but a Result crosses this border.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/stage.h"

namespace recto::reading {

/// Lines of one page as an engine found them. All boxes are in pixels of the raster it was given, inside the raster.
struct OcrPage {
    /// When `ordered`, blocks in reading order by the engine's own layout analysis; otherwise one block that holds all
    /// lines in no particular order, to be put right by arrange() of layout.h.
    std::vector<TextBlock> blocks;
    bool ordered = false;
    std::vector<Box> unread{}; ///< Ink like writing that is in no line, or only in lines that cannot be trusted.
};

/// How much reads as print once the page was turned clockwise by 0, 90, 180 and 270 degrees: characters that are right
/// beyond those that are wrong, by their confidences. All 0: nothing does.
using TurnScores = std::array<double, 4>;

class OcrSession {
  public:
    virtual ~OcrSession() = default;
    /// Reads one page. Errors: "read.time_limit" (with retry) when `limits` expired, "read.cancelled" on a stop
    /// request, "read.engine" when the library failed. An image without text is a success without lines.
    virtual Result<OcrPage> read(const Raster& raster, const Limits& limits) = 0;
    /// Which way up, by a few of the page's lines. All 0 by engines that cannot say. Errors: as of read().
    virtual Result<TurnScores> try_turns(const Raster& /*raster*/, const Limits& /*limits*/) { return TurnScores{}; }
};

class OcrEngine {
  public:
    virtual ~OcrEngine() = default;
    [[nodiscard]] virtual const std::string& name() const = 0; ///< With version: "tesseract 5.3.0".
    /// Digests of the model files in use, for the cache key.
    [[nodiscard]] virtual const std::string& fingerprint() const = 0;
    /// To be called on the thread that will use the session.
    [[nodiscard]] virtual Result<std::unique_ptr<OcrSession>> make_session() const = 0;
};

struct TesseractOptions {
    std::string languages;   ///< As Tesseract wants them: "chi_sim+eng".
    std::string data_folder; ///< Folder with *.traineddata; empty: where the library was built to look.
    bool clean = true; ///< Stains, shadows, speckle and streaks taken out and small letters enlarged, where found.
};
/// Errors: "missing.language" naming the language and the package that brings it.
[[nodiscard]] Result<std::unique_ptr<OcrEngine>> open_tesseract(const TesseractOptions& options);

/// Reads single lines that another engine has found; a second opinion on Latin print. One thread.
class LineReader {
  public:
    virtual ~LineReader() = default;
    /// `strip`: CV_8UC1, one upright line with a little paper around it, letters some 30 pixels high. Words and glyphs
    /// have boxes in pixels of the strip. An empty line is a success. Errors: as OcrSession::read.
    virtual Result<TextLine> read(const cv::Mat& strip, const Limits& limits) = 0;
};
/// To be called on the thread that will use it. Errors: "missing.language".
[[nodiscard]] Result<std::unique_ptr<LineReader>> make_tesseract_lines(const TesseractOptions& options);

/// False in a build without OpenVINO.
[[nodiscard]] bool has_ppocr();

struct PpocrOptions {
    /// Holds ppocrv6_tiny_det.onnx, ppocrv6_tiny_rec.onnx, ppocrv6_tiny_dict.txt, the same two of small, chinese_words.txt and chinese_pairs.bin.
    std::string model_folder;
    std::string recognizer = "auto";  ///< "tiny", "small", or "auto": small reads again what tiny is not sure of.
    bool chinese = true;              ///< Some of the text is; else "auto" is small alone, and words are not asked for.
    int workers = 1;                  ///< Sessions that will read at the same time.
    bool bf16 = false;                ///< Other output; faster on CPUs with matrix units at best.
    int detector_side = 0;            ///< Long side the detector sees, pixels; 0: by the size of the text.
    double min_line_confidence = 0.3; ///< Lines below it are not text (pictures, seals, dirt).
    bool clean = true;                ///< Salt is taken out of the picture, where found.
    bool keeps_memory =
        true; ///< Between two pages, up to a sheet's worth; an engine that is seldom asked gives all back.
    /// Asked about Latin lines that are still in doubt; no languages: nobody is.
    TesseractOptions second_opinion{};
    std::string second_name{}, second_fingerprint{}; ///< Of that engine; they become part of this one's.
};
/// The model files that open_ppocr() reads for these options, names in the folder; the detector's first.
[[nodiscard]] std::vector<std::string> ppocr_files(const PpocrOptions& options);
/// Errors: "missing.ppocr" when this build has no OpenVINO, "missing.model" naming the file, "read.model" when a model
/// and its dictionary do not belong together.
[[nodiscard]] Result<std::unique_ptr<OcrEngine>> open_ppocr(const PpocrOptions& options);

/// The error for an expired limit: "read.time_limit", or "read.cancelled" when a stop was asked for.
[[nodiscard]] tl::unexpected<Error> expired_error(const Limits& limits, std::string where);

} // namespace recto::reading
