#include "stages/preview/preview.h"

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
    explicit PreviewWorker(int side) : side_(side) {}
    Result<nlohmann::json> run(const PageInput& in) override {
        RECTO_ASSIGN(const std::string jpeg, make_thumbnail(in.raster, side_));
        const std::string path = join_path(in.work_folder, "preview.jpg");
        RECTO_TRY(posix_file_system()->write(path, jpeg));
        StagedFile file;
        file.staged_path = path;
        file.media_type = "image/jpeg";
        file.sha512 = digest_hex(DigestAlgorithm::Sha512, jpeg);
        file.size = jpeg.size();
        file.role = "preview";
        return nlohmann::json{{"file", path}, {"files", std::vector{file}}};
    }

  private:
    int side_;
};

class PreviewStage final : public PageStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo info{
            "preview", 3, {&kSide}, {}, 0.1, std::size_t{1} << 20, "small picture for reports", "报告用小图", true};
        return info;
    }
    std::unique_ptr<PageWorker> make_worker() const override {
        return std::make_unique<PreviewWorker>(static_cast<int>(context_.settings->get(kSide)));
    }
};

} // namespace

std::unique_ptr<PageStage> make_preview_stage() { return std::make_unique<PreviewStage>(); }

} // namespace recto
