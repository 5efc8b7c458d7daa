// Decoding through real children: what a bad file or a broken child does to the parent (nothing).

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <opencv2/imgproc.hpp>

#include "image_support.h"
#include "pipeline/core/cpu_time.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"

namespace recto {
namespace {

using test::TempFolder;

/// Sets how the test worker goes wrong, for the children started meanwhile.
class Fault {
  public:
    explicit Fault(const std::string& value) { ::setenv("RECTO_TEST_FAULT", value.c_str(), 1); }
    ~Fault() { ::unsetenv("RECTO_TEST_FAULT"); }
};

std::vector<pid_t> children() {
    std::vector<pid_t> pids;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream in(task.path() / "children");
        for (pid_t pid = 0; in >> pid;) pids.push_back(pid);
    }
    return pids;
}

class Pool : public ::testing::Test {
  protected:
    std::string tiff(int width = 600, int height = 800) {
        return folder_.write("p.tif", *write_tiff(test::colour_picture(width, height), TiffCompression::Lzw, "", ""));
    }
    TempFolder folder_;
};

TEST_F(Pool, WhatAChildSpendsIsOnTheCallersAccount) {
    const std::string path = tiff(3000, 3000);
    Decoder decoder(RECTO_TEST_WORKER, 1);
    ASSERT_TRUE(decoder.decode(path, 0));
    const auto own = [] {
        timespec t{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    };
    const double own_before = own(), before = cpu_seconds();
    ASSERT_TRUE(decoder.decode(path, 0));
    const double childs = (cpu_seconds() - before) - (own() - own_before);
    EXPECT_GT(childs, 0.002) << "27 MB of pixels cannot be unpacked in no time";
    EXPECT_LT(childs, 30);
    EXPECT_EQ(cpu_seconds_of(-1), 0) << "no such process";
}

TEST_F(Pool, APdfIsReadWholeInAChild) {
    Decoder decoder(RECTO_TEST_WORKER, 1);
    const std::string whole = RECTO_SOURCE_DIR "/samples/batch/0025-WS·2012-D30-BGS-0003.pdf";
    const auto pages = decoder.check_pdf(whole);
    ASSERT_TRUE(pages) << pages.error().to_string();
    EXPECT_EQ(*pages, *check_pdf_here(whole));
    EXPECT_GE(*pages, 1);
    std::string bytes = *posix_file_system()->read(whole);
    bytes.resize(bytes.size() / 2);
    const auto torn = decoder.check_pdf(folder_.write("torn.pdf", bytes));
    ASSERT_FALSE(torn);
    EXPECT_EQ(torn.error().code, "pdf.damaged");
    {
        const Fault fault("hang");
        Decoder hanging(RECTO_TEST_WORKER, 1, {.time = std::chrono::milliseconds(300)});
        const auto late = hanging.check_pdf(whole);
        ASSERT_FALSE(late);
        EXPECT_EQ(late.error().code, "pdf.time_limit");
    }
}

TEST_F(Pool, GivesTheSamePixelsAsDecodingHere) {
    const std::string path = tiff();
    Decoder decoder(RECTO_TEST_WORKER, 2);
    const auto source = decoder.probe(path);
    ASSERT_TRUE(source) << source.error().to_string();
    EXPECT_EQ(source->images.at(0).width, 600);
    cv::Mat kept;
    {
        const auto r = decoder.decode(path, 0);
        ASSERT_TRUE(r) << r.error().to_string();
        EXPECT_EQ(r->dpi.x, 300);
        EXPECT_EQ(test::largest_difference(r->pixels, decode_here(path, 0)->pixels), 0);
        kept = r->pixels(cv::Rect(10, 20, 30, 40)); // A view outlives the raster.
    }
    cv::Mat other = kept;
    kept.release();
    EXPECT_EQ(test::largest_difference(other, test::colour_picture(600, 800).pixels(cv::Rect(10, 20, 30, 40))), 0);
    other.setTo(cv::Scalar::all(1)); // A write stays with the writer.
    EXPECT_EQ(test::largest_difference(decoder.decode(path, 0)->pixels, test::colour_picture(600, 800).pixels), 0);
    cv::Mat resized = decoder.decode(path, 0)->pixels;
    resized.create(5, 5, CV_8UC1); // Takes memory of OpenCV's own.
    resized.setTo(7);
    EXPECT_EQ(resized.at<std::uint8_t>(4, 4), 7);
}

TEST_F(Pool, MappingsAreGivenBack) {
    const std::string path = tiff(1000, 1000);
    Decoder decoder(RECTO_TEST_WORKER, 1);
    const auto maps = [] { return test::read_bytes("/proc/self/maps"); };
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(decoder.decode(path, 0));
    EXPECT_EQ(maps().find("recto-raster"), std::string::npos);
    const auto r = decoder.decode(path, 0);
    EXPECT_NE(maps().find("recto-raster"), std::string::npos);
}

TEST_F(Pool, ManyThreadsFewChildren) {
    const std::string path = tiff();
    Decoder decoder(RECTO_TEST_WORKER, 2);
    std::atomic<int> good = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i)
                if (const auto r = decoder.decode(path, 0); r && r->width() == 600) ++good;
        });
    threads.clear();
    EXPECT_EQ(good, 120);
    EXPECT_LE(children().size(), 2u);
}

TEST_F(Pool, ErrorsOfFilesKeepTheChild) {
    Decoder decoder(RECTO_TEST_WORKER, 1);
    const auto none = decoder.probe(folder_.file("absent.tif"));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "io.not_found");
    EXPECT_EQ(none.error().file, folder_.file("absent.tif"));
    const auto before = children();
    EXPECT_EQ(decoder.probe(folder_.write("empty", "")).error().code, "decode.empty");
    EXPECT_EQ(decoder.probe(folder_.write("text", "not a picture")).error().code, "decode.unknown_format");
    const std::string odd = folder_.file("odd\xff name\n.tif");
    std::filesystem::copy_file(tiff(), odd);
    EXPECT_TRUE(decoder.decode(odd, 0));
    EXPECT_EQ(children(), before);
}

TEST_F(Pool, ACrashIsRetriedOnceThenReported) {
    const std::string path = tiff();
    {
        const Fault fault("crash");
        Decoder decoder(RECTO_TEST_WORKER, 1);
        const auto r = decoder.decode(path, 0);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, "decode.crashed");
        EXPECT_NE(r.error().reason.find("SIGABRT"), std::string::npos) << r.error().reason;
        EXPECT_EQ(r.error().page, 1);
        EXPECT_EQ(decoder.decode(path, 0).error().code, "decode.crashed"); // The pool still works.
    }
    const Fault fault("crash_once:" + folder_.file("marker"));
    Decoder decoder(RECTO_TEST_WORKER, 1);
    EXPECT_TRUE(decoder.decode(path, 0));
}

TEST_F(Pool, AChildKilledBetweenAndDuringRequestsIsReplaced) {
    const std::string path = tiff(4000, 4000);
    Decoder decoder(RECTO_TEST_WORKER, 1);
    ASSERT_TRUE(decoder.probe(path));
    ASSERT_EQ(children().size(), 1u);
    ::kill(children().front(), SIGKILL);
    EXPECT_TRUE(decoder.decode(path, 0));
    std::atomic<bool> done = false;
    std::jthread killer([&] {
        for (int i = 0; i < 3; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(40));
            if (const auto now = children(); !now.empty() && !done) ::kill(now.front(), SIGSEGV);
        }
    });
    for (int i = 0; i < 8; ++i) {
        const auto r = decoder.decode(path, 0);
        if (!r) { EXPECT_EQ(r.error().code, "decode.crashed"); }
    }
    done = true;
    killer.join();
    EXPECT_TRUE(decoder.decode(path, 0));
}

TEST_F(Pool, AHungChildIsKilledAtTheTimeLimit) {
    const Fault fault("hang");
    DecodeLimits limits;
    limits.time = std::chrono::milliseconds(300);
    Decoder decoder(RECTO_TEST_WORKER, 1, limits);
    const auto start = std::chrono::steady_clock::now();
    const auto r = decoder.decode(tiff(), 0);
    const auto took = std::chrono::steady_clock::now() - start;
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, "decode.time_limit");
    EXPECT_TRUE(r.error().retry);
    EXPECT_LT(took, std::chrono::seconds(2));
    EXPECT_TRUE(children().empty());
}

TEST_F(Pool, LiesAreNotBelieved) {
    const std::string path = tiff();
    for (const char* fault : {"garbage", "lie_size", "lie_unsealed", "exit"}) {
        SCOPED_TRACE(fault);
        const Fault set(fault);
        DecodeLimits limits;
        limits.time = std::chrono::seconds(5);
        Decoder decoder(RECTO_TEST_WORKER, 1, limits);
        const auto r = decoder.decode(path, 0);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, "decode.crashed");
    }
}

TEST_F(Pool, AMissingProgramIsAnError) {
    Decoder decoder("/nonexistent/recto", 1);
    EXPECT_EQ(decoder.probe(tiff()).error().code, "decode.no_worker");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(Pool, AMemoryBombEndsInItsOwnChild) {
    Raster big = test::grey_picture(6000, 6000);
    const std::string path = folder_.write("big.tif", *write_tiff(big, TiffCompression::Lzw, "", ""));
    DecodeLimits limits;
    limits.address_space = std::size_t{200} << 20; // The program itself maps about 100 MiB.
    Decoder decoder(RECTO_TEST_WORKER, 1, limits);
    ASSERT_TRUE(decoder.decode(tiff(), 0));
    const std::string huge = folder_.write("huge.png", *write_png(test::grey_picture(14000, 14000), 1));
    const auto r = decoder.decode(huge, 0);
    ASSERT_FALSE(r);
    EXPECT_TRUE(r.error().code == "decode.no_memory" || r.error().code == "decode.crashed") << r.error().to_string();
    EXPECT_TRUE(decoder.decode(tiff(), 0));
}
#endif

TEST_F(Pool, StopEndsWaitingCalls) {
    const Fault fault("hang");
    Decoder decoder(RECTO_TEST_WORKER, 1);
    const std::string path = tiff();
    std::jthread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        decoder.stop();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(decoder.decode(path, 0).error().code, "decode.stopped");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(Pool, ChildrenEndWithAKilledParent) {
    const std::string path = tiff(), list = folder_.file("pids");
    const pid_t parent = ::fork();
    if (parent == 0) {
        auto* decoder = new Decoder(RECTO_TEST_WORKER, 1);
        (void)decoder->probe(path);
        std::ofstream out(list);
        for (const pid_t pid : children()) out << pid << "\n";
        out.close();
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(parent, &status, 0);
    std::ifstream in(list);
    pid_t child = 0;
    ASSERT_TRUE(in >> child);
    bool gone = false;
    for (int i = 0; i < 100 && !gone; ++i) {
        const std::string stat = test::read_bytes("/proc/" + std::to_string(child) + "/stat");
        gone = stat.empty() || stat.find(") Z") != std::string::npos;
        if (!gone) ::usleep(20'000);
    }
    EXPECT_TRUE(gone);
}

/// Every file of a folder of bad files gives rasters or named errors, and the parent goes on.
void sweep(const std::string& folder, int& files, int& images, int& errors) {
    DecodeLimits limits;
    limits.time = std::chrono::seconds(30);
    Decoder decoder(RECTO_TEST_WORKER, 2, limits);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        const std::string path = entry.path();
        SCOPED_TRACE(path);
        ++files;
        const auto check = [&](const Error& e) {
            ++errors;
            EXPECT_TRUE(e.code.starts_with("decode.") && e.code != "decode.crashed" && e.code != "decode.time_limit")
                << e.to_string();
            EXPECT_FALSE(e.reason.empty());
            EXPECT_EQ(e.file, path);
        };
        const auto source = decoder.probe(path);
        if (!source) {
            check(source.error());
            continue;
        }
        for (std::size_t i = 0; i < source->images.size(); ++i) {
            const auto r = decoder.decode(path, static_cast<int>(i));
            if (!r) {
                check(r.error());
                EXPECT_EQ(r.error().page, static_cast<int>(i) + 1);
                continue;
            }
            ++images;
            EXPECT_EQ(r->width(), source->images[i].width);
            EXPECT_EQ(r->height(), source->images[i].height);
            EXPECT_GT(r->dpi.x, 0);
            if (r->mode == ColourMode::Bilevel) {
                EXPECT_EQ(cv::countNonZero((r->pixels != 0) & (r->pixels != 255)), 0);
            }
        }
    }
}

TEST(BadFiles, Pillow) {
    RECTO_NEEDS_SHARED("bad_pillow");
    int files = 0, images = 0, errors = 0;
    sweep(test::shared_data("bad_pillow"), files, images, errors);
    EXPECT_GE(files, 80);
    EXPECT_GE(images, 75); // Strange but whole ones are read.
}

TEST(BadFiles, ImageTiff) {
    RECTO_NEEDS_SHARED("bad_imagetiff");
    int files = 0, images = 0, errors = 0;
    sweep(test::shared_data("bad_imagetiff"), files, images, errors);
    EXPECT_GE(files, 45);
    EXPECT_GE(images, 25);
}

TEST(BadFiles, OddPdfs) {
    RECTO_NEEDS_SHARED("ocrmypdf");
    RECTO_NEEDS_SHARED("sep_paperless");
    int files = 0, images = 0, errors = 0;
    sweep(test::shared_data("ocrmypdf"), files, images, errors);
    sweep(test::shared_data("sep_paperless"), files, images, errors);
    EXPECT_GE(files, 55);
    EXPECT_GE(images, 75);
}

} // namespace
} // namespace recto
