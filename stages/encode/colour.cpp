#include "stages/encode/colour.h"

#include <array>
#include <cstdlib>
#include <memory>

#include <lcms2.h>

namespace recto::encode {
namespace {
struct CloseProfile {
    void operator()(void* p) const { cmsCloseProfile(p); }
};
struct DeleteTransform {
    void operator()(void* t) const { cmsDeleteTransform(t); }
};
struct DeleteContext {
    void operator()(cmsContext c) const { cmsDeleteContext(c); }
};
using Profile = std::unique_ptr<void, CloseProfile>;
using ColourTransform = std::unique_ptr<void, DeleteTransform>;
using Context = std::unique_ptr<std::remove_pointer_t<cmsContext>, DeleteContext>;

/// True when the transform leaves a coarse grid of the cube where it is, within two levels.
bool is_nearly_identity(cmsHTRANSFORM transform) {
    std::array<unsigned char, 3 * 6 * 6 * 6> in{}, out{};
    std::size_t n = 0;
    for (int r = 0; r <= 255; r += 51)
        for (int g = 0; g <= 255; g += 51)
            for (int b = 0; b <= 255; b += 51) {
                in[n++] = static_cast<unsigned char>(r);
                in[n++] = static_cast<unsigned char>(g);
                in[n++] = static_cast<unsigned char>(b);
            }
    cmsDoTransform(transform, in.data(), out.data(), static_cast<cmsUInt32Number>(in.size() / 3));
    for (std::size_t i = 0; i < in.size(); ++i)
        if (std::abs(int{in[i]} - int{out[i]}) > 2) return false;
    return true;
}
} // namespace

Result<Raster> to_srgb(const Raster& raster) {
    Raster out = raster;
    out.icc.clear();
    if (raster.icc.empty() || raster.mode == ColourMode::Bilevel) return out;
    const Context context(cmsCreateContext(nullptr, nullptr)); // lcms2's default context would be shared by threads.
    const Profile from(
        cmsOpenProfileFromMemTHR(context.get(), raster.icc.data(), static_cast<cmsUInt32Number>(raster.icc.size())));
    if (!from) return fail("encode.profile", "the embedded ICC profile cannot be read");
    const bool colour = raster.mode == ColourMode::Colour;
    if (cmsGetColorSpace(from.get()) != (colour ? cmsSigRgbData : cmsSigGrayData))
        return fail("encode.profile", "the embedded ICC profile is of another colour space than the pixels");
    const Profile to(cmsCreate_sRGBProfileTHR(context.get()));
    const ColourTransform transform(cmsCreateTransformTHR(context.get(), from.get(), colour ? TYPE_RGB_8 : TYPE_GRAY_8,
                                                          to.get(), TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                                                          cmsFLAGS_BLACKPOINTCOMPENSATION));
    if (!transform) return fail("encode.profile", "the embedded ICC profile cannot be used");
    if (!colour) {
        std::array<unsigned char, 256> in{};
        std::array<unsigned char, 768> rgb{};
        for (std::size_t i = 0; i < 256; ++i) in[i] = static_cast<unsigned char>(i);
        cmsDoTransform(transform.get(), in.data(), rgb.data(), 256);
        cv::Mat table(1, 256, CV_8UC1);
        for (int i = 0; i < 256; ++i) table.at<unsigned char>(0, i) = rgb[static_cast<std::size_t>(i) * 3 + 1];
        cv::LUT(raster.pixels, table, out.pixels = cv::Mat());
        return out;
    }
    if (is_nearly_identity(transform.get())) return out;
    out.pixels = cv::Mat(raster.pixels.rows, raster.pixels.cols, CV_8UC3);
    for (int y = 0; y < raster.pixels.rows; ++y)
        cmsDoTransform(transform.get(), raster.pixels.ptr(y), out.pixels.ptr(y),
                       static_cast<cmsUInt32Number>(raster.pixels.cols));
    return out;
}

std::string srgb_profile() {
    const Context context(cmsCreateContext(nullptr, nullptr));
    const Profile profile(cmsCreate_sRGBProfileTHR(context.get()));
    cmsSetProfileVersion(profile.get(), 4.2); // ISO 19005-2 knows ICC.1:2004, version 4.2.
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile.get(), nullptr, &size);
    std::string bytes(size, '\0');
    cmsSaveProfileToMem(profile.get(), bytes.data(), &size);
    // Bytes 24 to 35 of the header are the creation date: fixed, or equal input would give other bytes each second.
    static constexpr unsigned char kDate[12] = {0x07, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};
    if (bytes.size() > 36)
        for (std::size_t i = 0; i < 12; ++i) bytes[24 + i] = static_cast<char>(kDate[i]);
    return bytes;
}

} // namespace recto::encode
