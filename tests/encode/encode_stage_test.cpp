// The page stage: what it makes by each setting, read back by our decoder.

#include <lcms2.h>

#include "pipeline/files/decode.h"
#include "stages/encode/colour.h"
#include "tests/encode/support.h"

namespace recto {
namespace {

using namespace testing;

PageText letter() { return make_text(1240, 1754, {make_line("关于公路检查的通知", 200, 300, 60, 62)}); }

EncodedPage encode(ColourMode mode, std::map<std::string, std::string> settings, double dpi = 300,
                   const std::vector<std::uint8_t>& icc = {}, MadeItem** keep = nullptr) {
    auto* made = new MadeItem({{letter(), mode, dpi, PageClass::Body, ""}}, std::move(settings));
    made->rasters[0].icc = icc;
    made->encode_pages();
    const EncodedPage page = made->item.pages[0].encoded;
    for (const StagedFile& f : page.files) {
        EXPECT_EQ(f.sha512, digest_hex(DigestAlgorithm::Sha512, read_file(f.staged_path)));
        EXPECT_EQ(f.size, fs::file_size(f.staged_path));
    }
    EXPECT_EQ(page.pdf_image.sha512, digest_hex(DigestAlgorithm::Sha512, read_file(page.pdf_image.staged_path)));
    if (keep) *keep = made;
    else delete made;
    return page;
}

const StagedFile* role(const EncodedPage& page, std::string_view name) {
    for (const StagedFile& f : page.files)
        if (f.role == name) return &f;
    return nullptr;
}

TEST(EncodeStage, TiffOfAColourPageIsLosslessAndThePdfImageSmaller) {
    MadeItem* made = nullptr;
    const EncodedPage page = encode(ColourMode::Colour, {{"encode.preservation", "tiff"}}, 300, {}, &made);
    const StagedFile* tiff = role(page, "preservation");
    ASSERT_NE(tiff, nullptr);
    EXPECT_EQ(tiff->logical_path, "preservation/0001.tif");
    EXPECT_EQ(tiff->media_type, "image/tiff");
    const auto back = decode_here(tiff->staged_path, 0);
    ASSERT_TRUE(back) << back.error().to_string();
    EXPECT_EQ(cv::norm(back->pixels, made->rasters[0].pixels, cv::NORM_INF), 0);
    EXPECT_DOUBLE_EQ(back->dpi.x, 300);
    EXPECT_EQ(page.pdf_filter, "DCTDecode");
    EXPECT_EQ(page.pdf_components, 3);
    EXPECT_EQ(page.pdf_image.width, 827);
    EXPECT_NEAR(page.pdf_image.dpi, 200, 0.2);
    EXPECT_EQ(role(page, "access-image"), nullptr);
    delete made;
}

TEST(EncodeStage, BilevelPagesAreG4Throughout) {
    MadeItem* made = nullptr;
    const EncodedPage page = encode(
        ColourMode::Bilevel, {{"encode.preservation", "jpeg"}, {"encode.access_images", "true"}}, 600, {}, &made);
    const StagedFile* tiff = role(page, "preservation");
    ASSERT_NE(tiff, nullptr);
    EXPECT_EQ(tiff->media_type, "image/tiff");
    const auto source = probe_here(tiff->staged_path);
    ASSERT_TRUE(source);
    EXPECT_EQ(source->images[0].compression, "g4");
    const auto back = decode_here(tiff->staged_path, 0);
    ASSERT_TRUE(back);
    EXPECT_EQ(cv::norm(back->pixels, made->rasters[0].pixels, cv::NORM_INF), 0);
    EXPECT_EQ(page.pdf_filter, "CCITTFaxDecode");
    EXPECT_EQ(page.pdf_components, 1);
    EXPECT_EQ(page.pdf_image.width, 1240) << "full resolution";
    const StagedFile* access = role(page, "access-image");
    ASSERT_NE(access, nullptr);
    EXPECT_EQ(access->width, 413);
    EXPECT_TRUE(decode_here(access->staged_path, 0));
    delete made;
}

TEST(EncodeStage, OneCompressionServesPreservationAccessAndPdf) {
    const EncodedPage page =
        encode(ColourMode::Colour,
               {{"encode.preservation", "jpeg"}, {"encode.access_dpi", "0"}, {"encode.access_images", "true"}});
    ASSERT_EQ(page.files.size(), 2U);
    EXPECT_EQ(page.files[0].sha512, page.pdf_image.sha512);
    EXPECT_EQ(page.files[1].sha512, page.pdf_image.sha512);
    EXPECT_EQ(page.files[0].staged_path, page.pdf_image.staged_path);
    EXPECT_EQ(page.pdf_image.width, 1240);
    EXPECT_EQ(page.files[1].logical_path, "access/images/0001.jpg");
}

TEST(EncodeStage, NoneKeepsOnlyThePdfImageAndCoarseScansAreNotEnlarged) {
    const EncodedPage page = encode(ColourMode::Grey, {{"encode.preservation", "none"}}, 150);
    EXPECT_TRUE(page.files.empty());
    EXPECT_EQ(page.pdf_image.width, 1240);
    EXPECT_EQ(page.pdf_components, 1);
    EXPECT_DOUBLE_EQ(page.pdf_image.dpi, 150);
}

std::vector<std::uint8_t> profile_of(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    std::vector<std::uint8_t> bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    cmsCloseProfile(profile);
    return bytes;
}

/// RGB with sRGB's primaries and a linear tone curve: unmistakably not sRGB.
std::vector<std::uint8_t> linear_rgb() {
    const cmsCIExyY white{0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries{{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    cmsToneCurve* curve = cmsBuildGamma(nullptr, 1.0);
    cmsToneCurve* curves[3] = {curve, curve, curve};
    cmsHPROFILE p = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return profile_of(p);
}

/// A page of print in the light of a lamp at the left, through the stage by a level of encode.access_clean.
std::unique_ptr<MadeItem> lit(const std::string& level) {
    auto made = std::make_unique<MadeItem>(
        std::vector<PageSpec>{{letter(), ColourMode::Colour, 300, PageClass::Body, ""}},
        std::map<std::string, std::string>{{"encode.access_clean", level}, {"encode.access_images", "true"}});
    cv::Mat& p = made->rasters[0].pixels;
    for (int x = 0; x < p.cols; ++x) p.col(x) *= 0.92 - 0.25 * std::exp(-x / 200.0);
    made->encode_pages();
    EXPECT_TRUE(made->make_files());
    return made;
}

// A level changes what people are given and its record; the preservation image is the same to the last bit.
TEST(EncodeStage, CleaningForPeopleChangesAccessFilesOnly) {
    const auto off = lit("off"), light = lit("light"), paper = lit("paper");
    const auto& before = off->item.pages[0].encoded;
    EXPECT_TRUE(before.access_clean.is_null());
    EXPECT_EQ(off->content("metadata/item.json").find("access_clean\":{"), std::string::npos);
    EXPECT_EQ(off->content("metadata/premis.xml").find("cleaned for people"), std::string::npos);
    for (const auto* made : {light.get(), paper.get()}) {
        const auto& page = made->item.pages[0].encoded;
        EXPECT_EQ(role(page, "preservation")->sha512, role(before, "preservation")->sha512);
        EXPECT_NE(role(page, "access-image")->sha512, role(before, "access-image")->sha512);
        EXPECT_NE(page.pdf_image.sha512, before.pdf_image.sha512);
        EXPECT_EQ(made->content("text/0001.alto.xml"), off->content("text/0001.alto.xml"));
        const auto item = nlohmann::json::parse(made->content("metadata/item.json"));
        const auto& record = item.at("pages").at(0).at("access_clean");
        EXPECT_EQ(record.at("level"), made == light.get() ? "light" : "paper");
        EXPECT_FALSE(record.at("vetoed"));
        EXPECT_EQ(item_from_json(item)->pages[0].encoded.access_clean, record);
        EXPECT_NE(made->content("metadata/premis.xml").find("cleaned for people: pages 1"), std::string::npos);
        EXPECT_NE(made->content("metadata/premis.xml").find("&quot;level&quot;") == std::string::npos &&
                      made->content("metadata/premis.xml").find("\"level\"") == std::string::npos,
                  true);
    }
    // The left was a fifth darker; now it is as the middle.
    const auto shown = [](const MadeItem& m, int x) {
        const auto r = decode_here(m.item.pages[0].encoded.pdf_image.staged_path, 0);
        return cv::mean(r->pixels({x, 900, 8, 40}))[1];
    };
    EXPECT_LT(shown(*off, 4), 0.85 * shown(*off, 500));
    EXPECT_GT(shown(*light, 4), 0.92 * shown(*light, 500));
    EXPECT_GT(shown(*paper, 500), 235);
}

// Only the page stage "encode" reads the setting: nothing else is done again when it changes.
TEST(EncodeStage, TheSettingIsTheStagesOwn) {
    int readers = 0;
    const auto pages = make_encode_stage();
    const auto items = make_item_files_stage();
    for (const StageInfo* info : {&pages->info(), &items->info()})
        for (const SettingBase* s : info->settings) readers += s->key == "encode.access_clean";
    EXPECT_EQ(readers, 1);
}

TEST(Colour, ProfilesAreAppliedForPeopleAndKeptForPreservation) {
    Raster raster;
    raster.mode = ColourMode::Colour;
    raster.pixels = cv::Mat(8, 8, CV_8UC3, cv::Scalar(55, 55, 55));
    raster.icc = linear_rgb();
    const auto converted = recto::encode::to_srgb(raster);
    ASSERT_TRUE(converted);
    EXPECT_TRUE(converted->icc.empty());
    // Linear 55/255 = 0.2157 is 0.502 in sRGB: 128.
    EXPECT_NEAR(converted->pixels.at<cv::Vec3b>(3, 3)[1], 128, 1);
    EXPECT_EQ(raster.pixels.at<cv::Vec3b>(3, 3)[1], 55) << "the input is read only";

    raster.icc = profile_of(cmsCreate_sRGBProfile());
    const auto same = recto::encode::to_srgb(raster);
    ASSERT_TRUE(same);
    EXPECT_EQ(same->pixels.data, raster.pixels.data);

    Raster grey;
    grey.mode = ColourMode::Grey;
    grey.pixels = cv::Mat(8, 8, CV_8UC1, cv::Scalar(55));
    cmsToneCurve* linear = cmsBuildGamma(nullptr, 1.0);
    grey.icc = profile_of(cmsCreateGrayProfile(cmsD50_xyY(), linear));
    cmsFreeToneCurve(linear);
    const auto toned = recto::encode::to_srgb(grey);
    ASSERT_TRUE(toned);
    EXPECT_NEAR(toned->pixels.at<uchar>(3, 3), 128, 1);

    grey.icc = linear_rgb();
    EXPECT_EQ(recto::encode::to_srgb(grey).error().code, "encode.profile");
    grey.icc.resize(40);
    EXPECT_EQ(recto::encode::to_srgb(grey).error().code, "encode.profile");
}

TEST(EncodeStage, AProfileStopsTheReuseAndStaysInThePreservationImage) {
    const auto icc = linear_rgb();
    MadeItem* made = nullptr;
    const EncodedPage page =
        encode(ColourMode::Colour, {{"encode.preservation", "jpeg"}, {"encode.access_dpi", "0"}}, 300, icc, &made);
    EXPECT_NE(page.files[0].sha512, page.pdf_image.sha512);
    const auto kept = decode_here(page.files[0].staged_path, 0);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->icc, icc);
    const auto copy = decode_here(page.pdf_image.staged_path, 0);
    ASSERT_TRUE(copy);
    EXPECT_TRUE(copy->icc.empty());
    delete made;
    // A profile of the wrong kind or damaged does not lose the page.
    const EncodedPage odd = encode(ColourMode::Grey, {}, 300, {1, 2, 3});
    EXPECT_EQ(odd.pdf_image.width, 827);
}

TEST(Colour, OutputIntentHasNoDate) {
    const std::string a = recto::encode::srgb_profile();
    EXPECT_EQ(a, recto::encode::srgb_profile());
    EXPECT_EQ(a.substr(24, 12), std::string("\x07\xD0\0\1\0\1\0\0\0\0\0\0", 12));
    EXPECT_EQ(a.substr(36, 4), "acsp");
}

// ---- The compact form -------------------------------------------------------------------------------------------------

TEST(EncodeStage, CompactPagesAreLayersAndTheirFilesAreNamed) {
    MadeItem* made = nullptr;
    const EncodedPage page = encode(ColourMode::Colour, {{"pdf.images", "compact"}}, 300, {}, &made);
    ASSERT_EQ(page.pdf_inks.size(), 1U);
    const PdfInk& ink = page.pdf_inks[0];
    EXPECT_EQ(ink.mask_filter, "JBIG2Decode");
    EXPECT_EQ(ink.mask.width, 1240) << "full resolution";
    EXPECT_EQ(ink.components, 3);
    EXPECT_LT(page.pdf_image.width, 500) << "the background is coarse";
    for (const StagedFile* f : {&page.pdf_image, &ink.mask, &ink.colours}) {
        EXPECT_EQ(f->sha512, digest_hex(DigestAlgorithm::Sha512, read_file(f->staged_path)));
        EXPECT_EQ(f->size, fs::file_size(f->staged_path));
        EXPECT_TRUE(f->logical_path.empty()) << "not stored by themselves";
    }
    const nlohmann::json stored = page;
    EXPECT_EQ(stored.get<EncodedPage>().pdf_inks.at(0).mask.sha512, ink.mask.sha512);
    delete made;
    const EncodedPage g4 = encode(ColourMode::Grey, {{"pdf.images", "compact"}, {"pdf.mask", "g4"}});
    ASSERT_EQ(g4.pdf_inks.size(), 1U);
    EXPECT_EQ(g4.pdf_inks[0].mask_filter, "CCITTFaxDecode");
    EXPECT_EQ(g4.pdf_inks[0].components, 1);
    const EncodedPage access =
        encode(ColourMode::Colour, {{"pdf.images", "compact"}, {"encode.access_images", "true"}});
    ASSERT_NE(role(access, "access-image"), nullptr);
    EXPECT_EQ(role(access, "access-image")->width, 827) << "the access image is one picture as ever";
    EXPECT_TRUE(encode(ColourMode::Colour, {}).pdf_inks.empty());
}

TEST(EncodeStage, CompactBilevelPagesAreJbig2) {
    const EncodedPage page = encode(ColourMode::Bilevel, {{"pdf.images", "compact"}});
    EXPECT_EQ(page.pdf_filter, "JBIG2Decode");
    EXPECT_TRUE(page.pdf_inks.empty());
    EXPECT_EQ(encode(ColourMode::Bilevel, {{"pdf.images", "compact"}, {"pdf.mask", "g4"}}).pdf_filter,
              "CCITTFaxDecode");
    EXPECT_EQ(encode(ColourMode::Bilevel, {{"pdf.mask", "jbig2"}}).pdf_filter, "CCITTFaxDecode") << "faithful: as ever";
}

TEST(EncodeStage, PicturesStayOnePictureAndItIsSaid) {
    MadeItem made({{letter(), ColourMode::Colour, 300, PageClass::Body, ""}}, {{"pdf.images", "compact"}});
    cv::Mat& p = made.rasters[0].pixels;
    cv::Mat texture(200, 150, CV_8UC3);
    cv::RNG chance(3);
    chance.fill(texture, cv::RNG::UNIFORM, 20, 230);
    cv::resize(texture, texture, {900, 1000}, 0, 0, cv::INTER_CUBIC);
    texture.copyTo(p(cv::Rect(150, 500, 900, 1000)));
    made.encode_pages();
    EXPECT_TRUE(made.item.pages[0].encoded.pdf_inks.empty());
    EXPECT_EQ(made.item.pages[0].encoded.pdf_image.width, 827) << "the picture of the faithful form";
    const auto& findings = made.item.pages[0].findings;
    const auto kept = std::find_if(findings.begin(), findings.end(),
                                   [](const Finding& f) { return f.code == "encode.kept_faithful"; });
    ASSERT_NE(kept, findings.end());
    EXPECT_EQ(kept->args.size(), 3U);
}

} // namespace
} // namespace recto
