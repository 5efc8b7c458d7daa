// Colour spaces that scans come in beside grey and RGB.

#include <lcms2.h>

#include <array>
#include <cstring>

#include "pipeline/files/decode_internal.h"

namespace recto::files {

IccSpace icc_space(Bytes p) {
    // ICC.1:2010 7.2: size at 0, colour space at 16, signature at 36.
    if (p.size() < 132 || p.size() > (std::size_t{16} << 20) || std::memcmp(p.data() + 36, "acsp", 4) != 0)
        return IccSpace::None;
    const std::size_t declared = std::size_t{p[0]} << 24 | std::size_t{p[1]} << 16 | std::size_t{p[2]} << 8 | p[3];
    if (declared > p.size() || declared < 132) return IccSpace::None;
    const std::string_view space(reinterpret_cast<const char*>(p.data()) + 16, 4);
    if (space == "GRAY") return IccSpace::Grey;
    if (space == "RGB ") return IccSpace::Rgb;
    if (space == "CMYK") return IccSpace::Cmyk;
    if (space == "Lab ") return IccSpace::Lab;
    return IccSpace::Other;
}

std::vector<std::uint8_t> icc_for(ColourMode mode, Bytes profile) {
    const IccSpace space = icc_space(profile);
    const bool fits =
        (mode == ColourMode::Colour && space == IccSpace::Rgb) || (mode == ColourMode::Grey && space == IccSpace::Grey);
    return fits ? std::vector<std::uint8_t>(profile.begin(), profile.end()) : std::vector<std::uint8_t>();
}

ToRgb::ToRgb(From from, Bytes profile) : from_(from) {
    if (from == From::Cmyk && icc_space(profile) != IccSpace::Cmyk) return;
    cmsSetLogErrorHandler([](cmsContext, cmsUInt32Number, const char*) {});
    cmsHPROFILE in = from == From::Lab
                         ? cmsCreateLab2Profile(nullptr) // D50, 8-bit ICC encoding.
                         : cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size()));
    cmsHPROFILE out = cmsCreate_sRGBProfile();
    if (in != nullptr && out != nullptr)
        transform_ = cmsCreateTransform(in, from == From::Lab ? TYPE_Lab_8 : TYPE_CMYK_8, out, TYPE_RGB_8,
                                        INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION);
    if (in != nullptr) cmsCloseProfile(in);
    if (out != nullptr) cmsCloseProfile(out);
}

ToRgb::~ToRgb() {
    if (transform_ != nullptr) cmsDeleteTransform(transform_);
}

void ToRgb::row(const std::uint8_t* in, std::uint8_t* out, std::size_t pixels) const {
    if (transform_ != nullptr) {
        // lcms reads CMYK as ink in percent of 255, which is the sense here.
        cmsDoTransform(transform_, in, out, static_cast<cmsUInt32Number>(pixels));
        return;
    }
    if (from_ == From::Lab) { // Without lcms (no memory): lightness only.
        for (std::size_t i = 0; i < pixels; ++i) out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = in[3 * i];
        return;
    }
    for (std::size_t i = 0; i < pixels; ++i, in += 4, out += 3) {
        const unsigned white = 255U - in[3];
        for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(((255U - in[c]) * white + 127) / 255);
    }
}

void unpack_bits(const std::uint8_t* in, std::uint8_t* out, std::size_t pixels, bool invert) {
    static const auto table = [] {
        std::array<std::array<std::uint8_t, 8>, 256> t{};
        for (unsigned b = 0; b < 256; ++b)
            for (unsigned i = 0; i < 8; ++i) t[b][i] = (b >> (7 - i) & 1) != 0 ? 255 : 0;
        return t;
    }();
    const std::uint8_t flip = invert ? 0xff : 0;
    std::size_t i = 0;
    for (; i + 8 <= pixels; i += 8) std::memcpy(out + i, table[*in++ ^ flip].data(), 8);
    if (i < pixels) std::memcpy(out + i, table[*in ^ flip].data(), pixels - i);
}

bool is_grey(const cv::Mat& rgb) {
    for (int y = 0; y < rgb.rows; ++y) {
        const auto* p = rgb.ptr<std::uint8_t>(y);
        unsigned differs = 0;
        for (int x = 0; x < rgb.cols; ++x, p += 3)
            differs |= static_cast<unsigned>(p[0] ^ p[1]) | static_cast<unsigned>(p[1] ^ p[2]);
        if (differs != 0) return false;
    }
    return true;
}

bool is_black_and_white(const cv::Mat& grey) {
    for (int y = 0; y < grey.rows; ++y) {
        const auto* p = grey.ptr<std::uint8_t>(y);
        bool other = false;
        for (int x = 0; x < grey.cols; ++x) other |= static_cast<std::uint8_t>(p[x] + 1) > 1;
        if (other) return false;
    }
    return true;
}

} // namespace recto::files
