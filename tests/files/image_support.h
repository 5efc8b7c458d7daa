#pragma once

// Pictures with known content and the programs that read what was written.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipeline/core/raster.h"

namespace recto::test {

/// A folder of its own, gone at the end.
class TempFolder {
  public:
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "recto-files-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(file(name), std::ios::binary) << bytes;
        return file(name);
    }

  private:
    std::string path_;
};

inline std::string read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Smooth colour with an edge or two, so that compression and interpolation have something to do.
inline Raster colour_picture(int width, int height) {
    Raster r;
    r.mode = ColourMode::Colour;
    r.dpi = {300, 300, DpiSource::File};
    r.pixels.create(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            auto* p = r.pixels.ptr<std::uint8_t>(y) + 3 * x;
            p[0] = static_cast<std::uint8_t>(x * 255 / std::max(1, width - 1));
            p[1] = static_cast<std::uint8_t>(y * 255 / std::max(1, height - 1));
            p[2] = (x / 16 + y / 16) % 2 != 0 ? 220 : 40;
        }
    return r;
}

inline Raster grey_picture(int width, int height) {
    Raster r;
    r.mode = ColourMode::Grey;
    r.dpi = {300, 300, DpiSource::File};
    r.pixels.create(height, width, CV_8UC1);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            r.pixels.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>((x * 3 + y * 5) & 255);
    return r;
}

inline Raster bilevel_picture(int width, int height, unsigned seed = 7) {
    Raster r;
    r.mode = ColourMode::Bilevel;
    r.dpi = {300, 300, DpiSource::File};
    r.pixels.create(height, width, CV_8UC1);
    std::mt19937 random(seed);
    for (int y = 0; y < height; ++y) {
        bool ink = false;
        for (int x = 0; x < width; ++x) {
            if (random() % 9 == 0) ink = !ink;
            r.pixels.at<std::uint8_t>(y, x) = ink ? 0 : 255;
        }
    }
    return r;
}

inline double largest_difference(const cv::Mat& a, const cv::Mat& b) {
    if (a.size() != b.size() || a.type() != b.type()) return 1e9;
    return cv::norm(a, b, cv::NORM_INF);
}

/// Binary PGM or PPM as another program wrote it.
inline cv::Mat read_pnm(const std::string& path) {
    std::FILE* f = std::fopen(path.c_str(), "rb");
    if (f == nullptr) return {};
    int kind = 0, width = 0, height = 0, most = 0;
    cv::Mat m;
    if (std::fscanf(f, "P%d %d %d %d", &kind, &width, &height, &most) == 4 && most == 255 && std::fgetc(f) != EOF) {
        m.create(height, width, kind == 6 ? CV_8UC3 : CV_8UC1);
        if (std::fread(m.data, m.elemSize(), m.total(), f) != m.total()) m.release();
    }
    std::fclose(f);
    return m;
}

inline bool run(const std::string& command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }

inline std::string shared_data(const std::string& name) { return std::string(RECTO_SHARED_DIR) + "/data/" + name; }

} // namespace recto::test

#define RECTO_NEEDS_SHARED(folder)                                                                                     \
    if (!std::filesystem::exists(recto::test::shared_data(folder))) GTEST_SKIP() << "shared data absent: " << (folder)
