#include "stages/proof/proof.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/digest.h"
#include "pipeline/core/page_text.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"

namespace recto {
namespace {

const Setting<double> kBelow{"proof.below",
                             0.9,
                             {0.0, 1.0},
                             "A line read with less confidence than this is shown to the operator as doubtful.",
                             "识别置信度低于此值的行将作为存疑行交操作员校对。"};
const Setting<std::int64_t> kLines{"proof.lines",
                                   40,
                                   {1, 1000},
                                   "Doubtful lines of a page that get a picture, worst first.",
                                   "每页存疑行中配图的最多行数,最差者优先。"};

/// A line of good mean confidence still needs a look when one of its characters is a guess.
constexpr double kGuess = 0.5;
constexpr int kLineHeight = 48, kPlaceHeight = 160, kLongest = 1400, kTallest = 900; ///< Pixels in the report.

struct Doubt {
    Box box;
    bool vertical = false;
    std::string id, text;
    double confidence = 0;
};

std::vector<Doubt> doubts_of(const PageText& text, double below) {
    std::vector<Doubt> list;
    int block = 0;
    for (const TextBlock& b : text.blocks) {
        ++block;
        if (b.kind == BlockKind::Unread) // To be written by a person who can read it.
            list.push_back({b.box, false, b.id.empty() ? fmt::format("b{}", block) : b.id, "", 0});
        int number = 0;
        for (const TextLine& l : b.lines) {
            ++number;
            double lowest = 1;
            for (const Word& w : l.words)
                for (const Glyph& g : w.glyphs) lowest = std::min(lowest, g.confidence);
            if (l.text.empty() || (l.confidence >= below && lowest >= kGuess)) continue;
            list.push_back({l.box, l.vertical, l.id.empty() ? fmt::format("b{}l{}", block, number) : l.id, l.text,
                            std::min(l.confidence, (1 + lowest) / 2)});
        }
    }
    std::ranges::stable_sort(list, {}, &Doubt::confidence);
    return list;
}

/// The line or place with a rim of half its height: neighbours help the eye.
cv::Mat picture_of(const Raster& page, const Doubt& line) {
    const bool place = line.text.empty(); // of unknown writing, maybe several lines of it
    const double size = std::max(4.0, line.vertical ? line.box.width : line.box.height), rim = size * 0.35;
    const cv::Rect all(0, 0, page.width(), page.height());
    const cv::Rect box(
        cv::Point(static_cast<int>(std::floor(line.box.x - rim)), static_cast<int>(std::floor(line.box.y - rim))),
        cv::Point(static_cast<int>(std::ceil(line.box.x + line.box.width + rim)),
                  static_cast<int>(std::ceil(line.box.y + line.box.height + rim))));
    const cv::Rect part = box & all;
    if (part.empty()) return {};
    const double letters = (place ? kPlaceHeight : kLineHeight) / (size + 2 * rim);
    const double factor = std::min(
        {1.0, letters, static_cast<double>(kLongest) / part.width, static_cast<double>(kTallest) / part.height});
    cv::Mat small;
    cv::resize(page.pixels(part), small,
               {std::max(1, static_cast<int>(std::lround(part.width * factor))),
                std::max(1, static_cast<int>(std::lround(part.height * factor)))},
               0, 0, cv::INTER_AREA);
    return small;
}

class ProofWorker final : public PageWorker {
  public:
    ProofWorker(double below, std::size_t lines) : below_(below), lines_(lines) {}

    Result<nlohmann::json> run(const PageInput& in) override {
        const auto text = in.results.at("reading").get<PageText>();
        std::vector<Doubt> doubts;
        if (text.state == ReadState::Read) doubts = doubts_of(text, below_);
        nlohmann::json out{{"file", ""}, {"width", 0}, {"height", 0}, {"doubtful", doubts.size()}};
        out["lines"] = nlohmann::json::array();
        if (doubts.size() > lines_) doubts.resize(lines_);
        std::vector<cv::Mat> strips;
        int width = 0, height = 0;
        for (const Doubt& d : doubts) {
            strips.push_back(picture_of(in.raster, d));
            const cv::Mat& strip = strips.back();
            out["lines"].push_back({{"id", d.id},
                                    {"text", d.text},
                                    {"confidence", d.confidence},
                                    {"y", height},
                                    {"width", strip.cols},
                                    {"height", strip.rows}});
            width = std::max(width, strip.cols);
            height += strip.rows;
        }
        if (width == 0) return out;
        Raster sheet;
        sheet.mode = in.raster.mode == ColourMode::Colour ? ColourMode::Colour : ColourMode::Grey;
        sheet.dpi = in.raster.dpi;
        sheet.pixels = cv::Mat(height, width, in.raster.pixels.type(), cv::Scalar::all(255));
        int y = 0;
        for (const cv::Mat& strip : strips) {
            if (strip.empty()) continue;
            strip.copyTo(sheet.pixels(cv::Rect(0, y, strip.cols, strip.rows)));
            y += strip.rows;
        }
        RECTO_ASSIGN(const std::string jpeg, write_jpeg(sheet, 75, true));
        StagedFile file;
        file.staged_path = join_path(in.work_folder, "lines.jpg");
        RECTO_TRY(posix_file_system()->write(file.staged_path, jpeg));
        file.media_type = "image/jpeg";
        file.sha512 = digest_hex(DigestAlgorithm::Sha512, jpeg);
        file.size = jpeg.size();
        file.role = "proof";
        out["file"] = file.staged_path;
        out["width"] = width;
        out["height"] = height;
        out["files"] = std::vector{file};
        return out;
    }

  private:
    double below_;
    std::size_t lines_;
};

class ProofStage final : public PageStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo info{"proof",
                                    3,
                                    {&kBelow, &kLines},
                                    {"reading"},
                                    0.5,
                                    std::size_t{8} << 20,
                                    "pictures of doubtful lines",
                                    "存疑行的图片",
                                    true};
        return info;
    }
    std::unique_ptr<PageWorker> make_worker() const override {
        return std::make_unique<ProofWorker>(context_.settings->get(kBelow),
                                             static_cast<std::size_t>(context_.settings->get(kLines)));
    }
};

} // namespace

std::unique_ptr<PageStage> make_proof_stage() { return std::make_unique<ProofStage>(); }

} // namespace recto
