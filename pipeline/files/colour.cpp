// Colour spaces that scans come in beside grey and RGB.

#include <lcms2.h>

#include <array>
#include <cmath>
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

void remark_profile(std::vector<Finding>& findings, Bytes profile, std::string_view photometric) {
    if (profile.empty() || photometric == "bilevel" || photometric == "lab" || photometric == "log" ||
        photometric == "other")
        return;
    const IccSpace space = icc_space(profile);
    const IccSpace wanted = photometric == "grey"   ? IccSpace::Grey
                            : photometric == "cmyk" ? IccSpace::Cmyk
                                                    : IccSpace::Rgb;
    if (space == IccSpace::None) findings.push_back(remark("decode.profile_damaged", Severity::Info));
    else if (space != wanted) {
        std::string name(reinterpret_cast<const char*>(profile.data()) + 16, 4);
        while (!name.empty() && name.back() == ' ') name.pop_back();
        findings.push_back(remark("decode.profile_other", Severity::Info, {tag_text(name), std::string(photometric)}));
    }
}

namespace {
constexpr std::array<double, 8> kSrgbPoints{0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};

std::vector<std::uint8_t> undated(cmsHPROFILE profile) {
    std::vector<std::uint8_t> out;
    if (profile == nullptr) return out;
    cmsUInt32Number size = 0;
    if (cmsSaveProfileToMem(profile, nullptr, &size) != 0) {
        out.resize(size);
        if (cmsSaveProfileToMem(profile, out.data(), &size) == 0) out.clear();
    }
    cmsCloseProfile(profile);
    // Bytes 24 to 35 of the header are the date of creation.
    static constexpr std::array<std::uint8_t, 12> kDate{0x07, 0xd0, 0, 1, 0, 1};
    if (out.size() > 36) std::copy(kDate.begin(), kDate.end(), out.begin() + 24);
    return out;
}

/// A profile that fits the pixels, opened; null otherwise.
cmsHPROFILE open_profile(ColourMode mode, Bytes profile) {
    if (icc_for(mode, profile).empty()) return nullptr;
    cmsSetLogErrorHandler([](cmsContext, cmsUInt32Number, const char*) {});
    return cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size()));
}
} // namespace

std::vector<std::uint8_t> profile_of_gamma(ColourMode mode, double gamma, std::span<const double> points) {
    if (!(gamma >= 0.5 && gamma <= 4)) return {};
    bool srgb = true;
    for (std::size_t i = 0; i < 8 && points.size() == 8; ++i) srgb &= std::abs(points[i] - kSrgbPoints[i]) < 0.005;
    const bool grey = mode != ColourMode::Colour;
    if (std::abs(gamma / 2.2 - 1) < 0.05 && (grey || srgb)) return {};
    cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
    if (curve == nullptr) return {};
    cmsHPROFILE made = nullptr;
    if (grey) {
        made = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    } else {
        const std::span<const double> p = srgb ? std::span<const double>(kSrgbPoints) : points;
        const cmsCIExyY white{p[0], p[1], 1};
        const cmsCIExyYTRIPLE primaries{{p[2], p[3], 1}, {p[4], p[5], 1}, {p[6], p[7], 1}};
        cmsToneCurve* curves[3] = {curve, curve, curve};
        made = cmsCreateRGBProfile(&white, &primaries, curves);
    }
    cmsFreeToneCurve(curve);
    return undated(made);
}

bool needs_depth(ColourMode mode, Bytes profile) {
    cmsHPROFILE from = open_profile(mode, profile);
    if (from == nullptr) return false;
    cmsHPROFILE lab = cmsCreateLab4Profile(nullptr);
    const bool colour = mode == ColourMode::Colour;
    cmsHTRANSFORM t =
        cmsCreateTransform(from, colour ? TYPE_RGB_8 : TYPE_GRAY_8, lab, TYPE_Lab_DBL, INTENT_RELATIVE_COLORIMETRIC, 0);
    double widest = 0;
    if (t != nullptr) {
        double last = -1;
        for (int v = 0; v <= 64; ++v) {
            const std::array<std::uint8_t, 3> in{static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(v),
                                                 static_cast<std::uint8_t>(v)};
            cmsCIELab out;
            cmsDoTransform(t, in.data(), &out, 1);
            if (v > 0) widest = std::max(widest, out.L - last);
            last = out.L;
        }
        cmsDeleteTransform(t);
    }
    cmsCloseProfile(lab);
    cmsCloseProfile(from);
    return widest > 2;
}

DeepToSrgb::DeepToSrgb(ColourMode mode, Bytes profile) {
    cmsHPROFILE from = open_profile(mode, profile);
    if (from == nullptr) return;
    const bool colour = mode == ColourMode::Colour;
    cmsHPROFILE to = nullptr;
    if (colour) {
        to = cmsCreate_sRGBProfile();
    } else { // IEC 61966-2-1: the tone curve of sRGB, of lcms's parametric type 4
        const std::array<double, 5> srgb{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
        cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, 4, srgb.data());
        to = cmsCreateGrayProfile(cmsD50_xyY(), curve);
        cmsFreeToneCurve(curve);
    }
    if (to != nullptr)
        transform_ = cmsCreateTransform(from, colour ? TYPE_RGB_16 : TYPE_GRAY_16, to,
                                        colour ? TYPE_RGB_8 : TYPE_GRAY_8, INTENT_RELATIVE_COLORIMETRIC,
                                        colour ? cmsFLAGS_BLACKPOINTCOMPENSATION : cmsFLAGS_NOOPTIMIZE);
    if (to != nullptr) cmsCloseProfile(to);
    cmsCloseProfile(from);
}

DeepToSrgb::~DeepToSrgb() {
    if (transform_ != nullptr) cmsDeleteTransform(transform_);
}

void DeepToSrgb::row(const std::uint16_t* in, std::uint8_t* out, std::size_t pixels) const {
    cmsDoTransform(transform_, in, out, static_cast<cmsUInt32Number>(pixels));
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
