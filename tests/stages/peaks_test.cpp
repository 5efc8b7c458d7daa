// The engine admits work by the memory that stages declare: on real pages no stage may take more than it says.

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/reading/reading.h"
#include "stages/registry.h"

namespace recto {
namespace {

namespace fs = std::filesystem;

/// Counts the bytes that cv::Mat holds. Tests use one thread, so plain counters do.
class CountingAllocator final : public cv::MatAllocator {
  public:
    cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step, cv::AccessFlag flags,
                           cv::UMatUsageFlags usage) const override {
        cv::UMatData* u = cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
        if (u == nullptr) return u;
        u->currAllocator = this;
        if (data == nullptr) held += u->size;
        most = std::max(most, held);
        return u;
    }
    bool allocate(cv::UMatData* data, cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
        return cv::Mat::getStdAllocator()->allocate(data, flags, usage);
    }
    void deallocate(cv::UMatData* u) const override {
        if (u != nullptr && (u->flags & cv::UMatData::USER_ALLOCATED) == 0) held -= std::min(held, u->size);
        cv::Mat::getStdAllocator()->deallocate(u);
    }
    void restart() const { most = held; }

    mutable std::size_t held = 0, most = 0;
};

class Peaks : public testing::Test {
  protected:
    void SetUp() override {
        before_ = cv::Mat::getDefaultAllocator();
        cv::Mat::setDefaultAllocator(&counting_);
        folder_ = testing::TempDir() + "peaks-" + testing::UnitTest::GetInstance()->current_test_info()->name();
        fs::create_directories(folder_);
    }
    void TearDown() override {
        cv::Mat::setDefaultAllocator(before_);
        fs::remove_all(folder_);
    }
    /// Runs `work`; what cv::Mat took at its peak beyond what was there before, against what is declared.
    template <class Work> void within_declared(const StageInfo& info, const Raster& in, Work work) {
        counting_.restart();
        const std::size_t before = counting_.held;
        work();
        const auto taken = static_cast<double>(counting_.most - before);
        const double pixels = static_cast<double>(in.width()) * in.height();
        const auto declared = static_cast<double>(info.peak_bytes(pixels));
        EXPECT_LE(taken, declared) << info.name << ": " << taken / pixels << " bytes a pixel";
        std::printf("  %-10s %4d x %4d x %d: %6.1f MiB of %6.1f declared\n", std::string(info.name).c_str(), in.width(),
                    in.height(), in.pixels.channels(), taken / (1 << 20), declared / (1 << 20));
    }

    CountingAllocator counting_;
    cv::MatAllocator* before_ = nullptr;
    std::string folder_;
};

TEST_F(Peaks, NoStageTakesMoreThanItDeclares) {
    const Settings settings;
    StageList stages = make_stages();
    const StageContext context{&settings, 1, RECTO_DEPS_DIR "/models"};
    ASSERT_TRUE(stages.treatment->open(context));
    for (const auto& s : stages.pages) ASSERT_TRUE(s->open(context)) << s->info().name;
    const auto treater = stages.treatment->make_worker();
    const Limits limits;
    // Colour on a dark bed and skewed, a bi-level page, grey, a spread: what the samples have.
    for (const char* name : {"LZ01-WS·2023-D30-0012/001.tif", "LZ01-WS·2023-D30-0012/005.tif", "box7-english/002.png",
                             "stack-20231106/0002.tif", "0025-WS·2012-Y-BGS-0001/007.jpg"}) {
        SCOPED_TRACE(name);
        const std::string path = std::string(RECTO_SOURCE_DIR "/samples/batch/") + name;
        auto source = probe_here(path);
        ASSERT_TRUE(source) << source.error().to_string();
        const auto raster = decode_here(path, 0);
        ASSERT_TRUE(raster) << raster.error().to_string();
        Result<ImageTreatment> treated;
        within_declared(stages.treatment->info(), *raster,
                        [&] { treated = treater->run({*source, 0, *raster, source->images[0], limits}); });
        ASSERT_TRUE(treated) << treated.error().to_string();
        for (const PageTreatment& treatment : treated->pages) {
            const auto image = render(*raster, treatment.transform, 255);
            ASSERT_TRUE(image);
            Item item;
            Page page;
            page.treatment = treatment;
            std::map<std::string, nlohmann::json> results;
            for (const auto& stage : stages.pages) {
                const auto worker = stage->make_worker();
                Result<nlohmann::json> result;
                within_declared(stage->info(), *image,
                                [&] { result = worker->run({item, page, *image, folder_, results, limits}); });
                ASSERT_TRUE(result) << result.error().to_string();
                results[std::string(stage->info().name)] = *result;
            }
        }
    }
}

/// A small page is made four times as large before it is read.
TEST_F(Peaks, NorDoesReadingOfSmallPrint) {
    const Settings settings;
    const auto stage = make_reading_stage();
    ASSERT_TRUE(stage->open({&settings, 1, RECTO_DEPS_DIR "/models"}));
    Raster scan; // A4 at 150 dpi: it fills the room there is.
    scan.pixels = cv::Mat(1754, 1240, CV_8UC3, cv::Scalar(245, 240, 230));
    scan.mode = ColourMode::Colour;
    for (int y = 100; y < 1650; y += 40)
        cv::putText(scan.pixels, "HILL AND DALE 1234 OF THE NINTH OF MARCH", {100, y}, cv::FONT_HERSHEY_SIMPLEX, 0.45,
                    cv::Scalar(40, 40, 60), 1, cv::LINE_AA);
    Page page;
    page.treatment.transform = Transform(scan.width(), scan.height());
    int made = 0;
    const LargerPage larger = [&](double scale) {
        ++made;
        return render_page(scan, page.treatment, scale);
    };
    Item item;
    item.sources.emplace_back();
    page.image = {0, 0};
    const std::map<std::string, nlohmann::json> results;
    const Limits limits;
    const auto worker = stage->make_worker();
    within_declared(stage->info(), scan,
                    [&] { ASSERT_TRUE(worker->run({item, page, scan, folder_, results, limits, larger})); });
    EXPECT_EQ(made, 1) << "its print is not small";
    const StageInfo& info = stage->info();
    EXPECT_EQ(info.peak_bytes(1e6), info.peak_fixed_bytes + info.peak_small_bytes);
    EXPECT_EQ(info.peak_bytes(8.7e6), info.peak_fixed_bytes + 87'000'000U) << "A4 at 300 dpi as before";
}

/// A test that counts nothing proves nothing.
TEST_F(Peaks, TheCountingSeesEveryMat) {
    counting_.restart();
    const std::size_t before = counting_.held;
    {
        const cv::Mat a(1000, 1000, CV_8UC3);
        cv::Mat b;
        cv::GaussianBlur(a, b, {5, 5}, 0);
        EXPECT_GE(counting_.held - before, 6'000'000U);
    }
    EXPECT_EQ(counting_.held, before);
    EXPECT_GE(counting_.most - before, 6'000'000U);
}

} // namespace
} // namespace recto
