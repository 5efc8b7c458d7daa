#include "stages/treatment/signature.h"

#include <algorithm>
#include <array>
#include <bit>

#include <opencv2/imgproc.hpp>

namespace recto::treat {

std::uint64_t signature_of(const cv::Mat& page) {
    if (page.empty()) return 0;
    cv::Mat tiny, values, spectrum;
    cv::resize(page, tiny, cv::Size(32, 32), 0, 0, cv::INTER_AREA);
    tiny.convertTo(values, CV_32F);
    cv::dct(values, spectrum);
    std::array<float, 64> low{};
    for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 8; ++x) low[static_cast<std::size_t>(y * 8 + x)] = spectrum.at<float>(y + 1, x + 1);
    std::array<float, 64> sorted = low;
    std::nth_element(sorted.begin(), sorted.begin() + 32, sorted.end());
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 64; ++i)
        if (low[i] > sorted[32]) bits |= std::uint64_t{1} << i;
    return bits;
}

std::string to_hex(std::uint64_t signature) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (int i = 15; i >= 0; --i, signature >>= 4) text[static_cast<std::size_t>(i)] = kDigits[signature & 15];
    return text;
}

int signature_distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

} // namespace recto::treat
