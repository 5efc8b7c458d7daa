#include "stages/preview/preview.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"

namespace recto {
namespace {

const Setting<std::int64_t> kSide{"preview.side",
                                  480,
                                  {64, 2000},
                                  "Longer side of preview pictures in reports, pixels.",
                                  "报告中预览图的长边(像素)。"};

class PreviewWorker final : public PageWorker {
  public:
    explicit PreviewWorker(double side) : side_(side) {}
    Result<nlohmann::json> run(const PageInput& in) override {
        const double factor = std::min(1.0, side_ / std::max(in.raster.width(), in.raster.height()));
        Raster small = in.raster;
        small.mode = in.raster.mode == ColourMode::Colour ? ColourMode::Colour : ColourMode::Grey;
        small.icc.clear();
        cv::resize(in.raster.pixels, small.pixels, {}, factor, factor, cv::INTER_AREA);
        RECTO_ASSIGN(const std::string jpeg, write_jpeg(small, 70, true));
        const std::string path = join_path(in.work_folder, "preview.jpg");
        RECTO_TRY(posix_file_system()->write(path, jpeg));
        StagedFile file;
        file.staged_path = path;
        file.media_type = "image/jpeg";
        file.sha512 = digest_hex(DigestAlgorithm::Sha512, jpeg);
        file.size = jpeg.size();
        file.role = "preview";
        return nlohmann::json{{"work_only", true}, {"file", path}, {"files", std::vector{file}}};
    }

  private:
    double side_;
};

class PreviewStage final : public PageStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo info{
            "preview", 1, {&kSide}, {}, 0.1, std::size_t{1} << 20, "small picture for reports", "报告用小图"};
        return info;
    }
    std::unique_ptr<PageWorker> make_worker() const override {
        return std::make_unique<PreviewWorker>(static_cast<double>(context_.settings->get(kSide)));
    }
};

} // namespace

std::unique_ptr<PageStage> make_preview_stage() { return std::make_unique<PreviewStage>(); }

} // namespace recto
