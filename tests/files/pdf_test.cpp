// Scans out of PDF as they were stored, and pages that have to be rendered, and their text. One file because all
// build their PDFs by one maker.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "image_support.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/pdf_page.h"

#include <qpdf/Buffer.hh>
#include <qpdf/Pl_Buffer.hh>
#include <qpdf/Pl_Flate.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>

namespace recto {
namespace {

using test::TempFolder;

struct PdfSpec {
    std::string data, filter, parms, space = "/DeviceGray", extra;
    int width = 0, height = 0, bits = 8;
    std::string content = "q 595 0 0 842 0 0 cm /Im0 Do Q";
    std::string page = "/MediaBox [0 0 595 842]";
    int mask_width = 0;    ///< Above 0: /Im1, the same picture through a stencil of that width.
    bool compress = false; ///< Let the writer put Flate around raw samples.
    std::string password_user, password_owner;
    bool encrypt = false;
};

void write_pdf(const std::string& path, const PdfSpec& s) {
    QPDF pdf;
    pdf.emptyPDF();
    QPDFObjectHandle image = QPDFObjectHandle::newStream(&pdf, s.data);
    image.replaceDict(QPDFObjectHandle::parse(
        &pdf,
        "<< /Type /XObject /Subtype /Image /Width " + std::to_string(s.width) + " /Height " + std::to_string(s.height) +
            (s.extra.find("/ImageMask") == std::string::npos && !s.space.empty() ? " /ColorSpace " + s.space : "") +
            " /BitsPerComponent " + std::to_string(s.bits) + " " + s.extra +
            (s.filter.empty() ? "" : " /Filter " + s.filter) + (s.parms.empty() ? "" : " /DecodeParms " + s.parms) +
            " >>"));
    QPDFObjectHandle resources = QPDFObjectHandle::parse(
        "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << >> >>");
    resources.getKey("/XObject").replaceKey("/Im0", pdf.makeIndirectObject(image));
    if (s.mask_width > 0) {
        const auto row = static_cast<std::size_t>((s.mask_width + 7) / 8);
        QPDFObjectHandle mask = QPDFObjectHandle::newStream(&pdf, std::string(8 * row, '\x55'));
        mask.replaceDict(QPDFObjectHandle::parse(
            "<< /Type /XObject /Subtype /Image /ImageMask true /BitsPerComponent 1 /Height 8 /Width " +
            std::to_string(s.mask_width) + " >>"));
        QPDFObjectHandle masked = QPDFObjectHandle::newStream(&pdf, s.data);
        masked.replaceDict(image.getDict().shallowCopy());
        masked.getDict().replaceKey("/Mask", pdf.makeIndirectObject(mask));
        resources.getKey("/XObject").replaceKey("/Im1", pdf.makeIndirectObject(masked));
    }
    QPDFObjectHandle page = QPDFObjectHandle::parse("<< /Type /Page " + s.page + " >>");
    page.replaceKey("/Resources", resources);
    page.replaceKey("/Contents", pdf.makeIndirectObject(QPDFObjectHandle::newStream(&pdf, s.content)));
    pdf.addPage(pdf.makeIndirectObject(page), false);
    QPDFWriter w(pdf, path.c_str());
    w.setStreamDataMode(s.compress ? qpdf_s_compress : qpdf_s_preserve);
    if (s.encrypt)
        w.setR6EncryptionParameters(s.password_user.c_str(), s.password_owner.c_str(), true, true, true, true, true,
                                    true, qpdf_r3p_full, true);
    w.write();
}

class Pdf : public ::testing::Test {
  protected:
    /// The stored bytes that would be decoded; empty when the page is rendered.
    std::string stored(const std::string& path) {
        auto file = files::MappedFile::open(path);
        const DecodeLimits limits;
        const files::PixelMaker none;
        const files::Input in{path, file->bytes(), limits, none};
        auto pdf = files::open_pdf(in);
        const auto content = files::examine_page(**pdf, QPDFPageDocumentHelper(**pdf).getAllPages().at(0));
        if (!content.scan) return {};
        const auto image = files::describe_image(*content.scan);
        return image ? *files::image_bytes(**pdf, *image, path, 1) : std::string();
    }
    Raster read(const PdfSpec& s) {
        write_pdf(folder_.file("t.pdf"), s);
        const auto r = decode_here(folder_.file("t.pdf"), 0);
        EXPECT_TRUE(r) << (r ? "" : r.error().to_string());
        return r ? *r : Raster{};
    }
    ImageInfo info() {
        const auto s = probe_here(folder_.file("t.pdf"));
        EXPECT_TRUE(s) << (s ? "" : s.error().to_string());
        return s ? s->images.at(0) : ImageInfo{};
    }
    PdfSpec jpeg_page() {
        Raster r = test::colour_picture(595, 842);
        PdfSpec s;
        s.data = *write_jpeg(r, 90);
        s.filter = "/DCTDecode";
        s.space = "/DeviceRGB";
        s.width = 595;
        s.height = 842;
        return s;
    }
    TempFolder folder_;
};

TEST_F(Pdf, AJpegComesOutByteForByte) {
    PdfSpec s = jpeg_page();
    const Raster r = read(s);
    EXPECT_EQ(stored(folder_.file("t.pdf")), s.data);
    folder_.write("j.jpg", s.data);
    EXPECT_EQ(test::largest_difference(r.pixels, decode_here(folder_.file("j.jpg"), 0)->pixels), 0);
    EXPECT_FALSE(info().rendered);
    EXPECT_NEAR(r.dpi.x, 72, 0.1);
    // Behind a lossless filter too.
    s.compress = false;
    s.filter = "[/ASCIIHexDecode /DCTDecode]";
    std::string hex;
    for (const unsigned char c : s.data) {
        hex += "0123456789abcdef"[c >> 4];
        hex += "0123456789abcdef"[c & 15];
    }
    const std::string jpeg = std::exchange(s.data, hex + ">");
    read(s);
    EXPECT_EQ(stored(folder_.file("t.pdf")), jpeg);
}

TEST_F(Pdf, AnOcrLayerDoesNotHinderExtractionVisibleTextDoes) {
    PdfSpec s = jpeg_page();
    const std::string image = s.content;
    s.content = "BT 3 Tr /F1 12 Tf 100 100 Td (invisible) Tj ET " + image + " BT 3 Tr /F1 12 Tf 50 50 Td (also) Tj ET";
    read(s);
    EXPECT_FALSE(info().rendered);
    s.content = image + " BT /F1 12 Tf 100 100 Td (stamp) Tj ET";
    read(s);
    EXPECT_TRUE(info().rendered);
    s.content = "BT /F1 12 Tf 100 100 Td (hidden below) Tj ET " + image;
    read(s);
    EXPECT_FALSE(info().rendered);
    s.content =
        "1 g 0 0 595 842 re f q 0 0 595 842 re W n 595 0 0 842 0 0 cm /Im0 Do Q"; // White ground, whole-page clip.
    read(s);
    EXPECT_FALSE(info().rendered);
    s.content = "q 0 0 300 842 re W n 595 0 0 842 0 0 cm /Im0 Do Q"; // Half clipped away.
    read(s);
    EXPECT_TRUE(info().rendered);
    s.content = "q 200 0 0 300 0 0 cm /Im0 Do Q"; // A picture on a page.
    read(s);
    EXPECT_TRUE(info().rendered);
    s.content = image + " q 595 0 0 842 0 0 cm /Im0 Do Q"; // Covered by another: the upper one is the scan.
    read(s);
    EXPECT_FALSE(info().rendered);
}

TEST_F(Pdf, MixedRasterContentIsRenderedAtTheResolutionOfItsFinestMask) {
    PdfSpec s = jpeg_page(); // the background, 72 dpi
    s.mask_width = 2480;
    s.content = "q 595 0 0 842 0 0 cm /Im0 Do /Im1 Do Q";
    read(s);
    EXPECT_TRUE(info().rendered);
    EXPECT_NEAR(info().dpi.x, 300, 0.2);
}

TEST_F(Pdf, ResolutionAndOrientationComeFromThePlacing) {
    PdfSpec s = jpeg_page();
    s.page = "/MediaBox [0 0 142.8 202.08]";
    s.content = "q 142.8 0 0 202.08 0 0 cm /Im0 Do Q";
    read(s);
    EXPECT_NEAR(info().dpi.x, 300, 0.01);
    const std::pair<const char*, int> turns[] = {{"0", 1}, {"90", 6}, {"180", 3}, {"270", 8}, {"-90", 8}, {"450", 6}};
    for (const auto& [rotate, orientation] : turns) {
        s.page = std::string("/MediaBox [0 0 142.8 202.08] /Rotate ") + rotate;
        read(s);
        EXPECT_EQ(info().orientation, orientation) << rotate;
        EXPECT_EQ(info().width, 595);
    }
    // Turned by the matrix: image x axis up the page is a quarter turn anticlockwise.
    s.page = "/MediaBox [0 0 842 595]";
    s.content = "q 0 595 -842 0 842 0 cm /Im0 Do Q";
    read(s);
    EXPECT_EQ(info().orientation, 8);
    s.content = "q -842 0 0 595 842 0 cm /Im0 Do Q"; // Mirrored.
    read(s);
    EXPECT_EQ(info().orientation, 2);
    // Oblique: rendered.
    s.content = "q 842 15 -15 595 0 0 cm /Im0 Do Q";
    read(s);
    EXPECT_TRUE(info().rendered);
    s = jpeg_page();
    s.page = "/MediaBox [0 0 59.5 84.2] /UserUnit 10";
    s.content = "q 59.5 0 0 84.2 0 0 cm /Im0 Do Q";
    read(s);
    EXPECT_NEAR(info().dpi.x, 72, 0.1);
}

TEST_F(Pdf, RawSamplesOfEveryDepthAndSpace) {
    const int w = 61, h = 83;
    for (const int bits : {1, 2, 4, 8, 16})
        for (const int n : {1, 3})
            for (const bool inverted : {false, true}) {
                SCOPED_TRACE(::testing::Message() << bits << " " << n << " " << inverted);
                const std::size_t stride = static_cast<std::size_t>(w * n * bits + 7) / 8;
                PdfSpec s;
                s.width = w;
                s.height = h;
                s.bits = bits;
                s.space = n == 3 ? "/DeviceRGB" : "/DeviceGray";
                s.compress = true;
                if (inverted) s.extra = n == 3 ? "/Decode [1 0 1 0 1 0]" : "/Decode [1 0]";
                s.data.assign(stride * h, '\0');
                const unsigned most = (1U << std::min(bits, 8)) - 1;
                const auto value = [&](int x, int y, int c) { return static_cast<unsigned>(x * 5 + y * 3 + c) & most; };
                for (int y = 0; y < h; ++y)
                    for (int i = 0; i < w * n; ++i) {
                        const unsigned v = value(i / n, y, i % n);
                        auto* row =
                            reinterpret_cast<std::uint8_t*>(s.data.data()) + stride * static_cast<std::size_t>(y);
                        if (bits == 16) row[2 * i] = static_cast<std::uint8_t>(v);
                        else
                            row[i * bits / 8] =
                                static_cast<std::uint8_t>(row[i * bits / 8] | v << (8 - bits - i * bits % 8));
                    }
                const Raster r = read(s);
                ASSERT_FALSE(info().rendered);
                ASSERT_EQ(r.pixels.channels(), n);
                EXPECT_EQ(r.mode, n == 3 ? ColourMode::Colour : bits == 1 ? ColourMode::Bilevel : ColourMode::Grey);
                for (int y = 0; y < h; ++y)
                    for (int i = 0; i < w * n; ++i) {
                        const int v = static_cast<int>(value(i / n, y, i % n) * 255 / most);
                        ASSERT_EQ(r.pixels.ptr<std::uint8_t>(y)[i], inverted ? 255 - v : v);
                    }
            }
}

TEST_F(Pdf, PredictorsAndPalettes) {
    PdfSpec s;
    s.width = 40;
    s.height = 30;
    s.space = "[/Indexed /DeviceRGB 3 <000000 ff0000 00ff00 ffffff>]";
    s.bits = 2;
    s.filter = "/FlateDecode";
    s.parms = "<< /Predictor 12 /Colors 1 /BitsPerComponent 2 /Columns 40 >>";
    std::string rows; // PNG "up": each row differs from the one above by nothing; the first is written out.
    for (int y = 0; y < 30; ++y) rows += std::string(1, '\x02') + std::string(10, y == 0 ? '\x1b' : '\0');
    Pl_Buffer collected("collect");
    Pl_Flate flate("flate", &collected, Pl_Flate::a_deflate);
    flate.write(reinterpret_cast<const unsigned char*>(rows.data()), rows.size());
    flate.finish();
    const auto buffer = collected.getBufferSharedPointer();
    s.data.assign(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
    const Raster r = read(s);
    ASSERT_EQ(r.mode, ColourMode::Colour);
    for (const int y : {0, 29}) {
        EXPECT_EQ(r.pixels.at<cv::Vec3b>(y, 0), cv::Vec3b(0, 0, 0));
        EXPECT_EQ(r.pixels.at<cv::Vec3b>(y, 1), cv::Vec3b(255, 0, 0));
        EXPECT_EQ(r.pixels.at<cv::Vec3b>(y, 2), cv::Vec3b(0, 255, 0));
        EXPECT_EQ(r.pixels.at<cv::Vec3b>(y, 7), cv::Vec3b(255, 255, 255));
    }
}

TEST_F(Pdf, CcittInEverySense) {
    const Raster bits = test::bilevel_picture(595, 842);
    for (const bool black_is_1 : {false, true})
        for (const bool decode : {false, true})
            for (const bool mask : {false, true}) {
                SCOPED_TRACE(::testing::Message() << black_is_1 << decode << mask);
                PdfSpec s;
                s.data = *write_g4(bits);
                s.filter = "/CCITTFaxDecode";
                s.parms =
                    std::string("<< /K -1 /Columns 595 /Rows 842 /BlackIs1 ") + (black_is_1 ? "true" : "false") + " >>";
                s.width = 595;
                s.height = 842;
                s.bits = 1;
                if (decode) s.extra = "/Decode [1 0]";
                if (mask) s.extra += " /ImageMask true";
                const Raster r = read(s);
                ASSERT_FALSE(info().rendered);
                ASSERT_EQ(r.mode, ColourMode::Bilevel);
                cv::Mat expected = bits.pixels;
                if (black_is_1 != decode) cv::bitwise_not(bits.pixels, expected);
                EXPECT_EQ(test::largest_difference(r.pixels, expected), 0);
                // The renderer agrees about what is black.
                ASSERT_TRUE(
                    test::run("pdftoppm -gray -r 72 -singlefile " + folder_.file("t.pdf") + " " + folder_.file("p")));
                cv::Mat seen = test::read_pnm(folder_.file("p.pgm"));
                ASSERT_EQ(seen.rows, 842);
                EXPECT_NEAR(cv::mean(seen)[0], cv::mean(expected)[0], 6);
            }
}

TEST_F(Pdf, ADamagedScanIsAnErrorOfItsPage) {
    PdfSpec s = jpeg_page();
    s.data.resize(s.data.size() / 2);
    write_pdf(folder_.file("t.pdf"), s);
    const auto r = decode_here(folder_.file("t.pdf"), 0);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, "decode.damaged");
    EXPECT_EQ(r.error().page, 1);
    PdfSpec raw;
    raw.width = raw.height = 800;
    raw.data = std::string(1000, 'x');
    raw.compress = true;
    write_pdf(folder_.file("t.pdf"), raw);
    EXPECT_EQ(decode_here(folder_.file("t.pdf"), 0).error().code, "decode.damaged");
}

TEST_F(Pdf, ADecompressionBombIsCut) {
    PdfSpec s;
    s.width = 100;
    s.height = 140;
    s.data = std::string(std::size_t{64} << 20, '\x80');
    s.compress = true;
    const Raster r = read(s);
    EXPECT_EQ(r.pixels.at<std::uint8_t>(139, 99), 0x80);
}

TEST_F(Pdf, PasswordsAreRefusedByNameAnEmptyOneOpens) {
    PdfSpec s = jpeg_page();
    s.encrypt = true;
    s.password_user = "secret";
    s.password_owner = "owner";
    write_pdf(folder_.file("t.pdf"), s);
    for (const Error& e : {probe_here(folder_.file("t.pdf")).error(), decode_here(folder_.file("t.pdf"), 0).error()}) {
        EXPECT_EQ(e.code, "decode.encrypted");
        EXPECT_EQ(e.file, folder_.file("t.pdf"));
    }
    s.password_user = "";
    read(s);
    EXPECT_EQ(stored(folder_.file("t.pdf")), s.data);
}

TEST_F(Pdf, RenderedPagesHaveTheAnnouncedSize) {
    PdfSpec s = jpeg_page();
    for (const char* page :
         {"/MediaBox [0 0 595.28 841.89]", "/MediaBox [0 0 595.28 841.89] /Rotate 90",
          "/MediaBox [-20 -30 600 800] /CropBox [0 0 333.3 444.4]", "/MediaBox [0 0 612 792] /Rotate 270"}) {
        s.page = page;
        s.content = "BT /F1 40 Tf 100 100 Td (Printed page) Tj ET";
        const Raster r = read(s);
        const ImageInfo i = info();
        EXPECT_TRUE(i.rendered);
        EXPECT_EQ(r.width(), i.width);
        EXPECT_EQ(r.height(), i.height);
        EXPECT_EQ(r.mode, ColourMode::Grey);
        EXPECT_NEAR(i.dpi.x, 300, 1);
        EXPECT_LT(cv::mean(r.pixels)[0], 255); // There is print,
        EXPECT_GT(cv::mean(r.pixels)[0], 240); // on white.
    }
}

TEST_F(Pdf, Jbig2IsRenderedPixelForPixel) {
    RECTO_NEEDS_SHARED("ocrmypdf");
    const std::string path = test::shared_data("ocrmypdf/jbig2.pdf");
    const auto r = decode_here(path, 0);
    ASSERT_TRUE(r);
    EXPECT_EQ(r->mode, ColourMode::Bilevel);
    ASSERT_TRUE(test::run("pdfimages -png " + path + " " + folder_.file("i")));
    const auto truth = decode_here(folder_.file("i-000.png"), 0);
    ASSERT_TRUE(truth);
    EXPECT_EQ(test::largest_difference(r->pixels, truth->pixels), 0);
}

// ---- text layers --------------------------------------------------------------------------------------------------

/// The box around what is darker than paper.
Box ink_of(const Raster& r) {
    const cv::Mat grey = to_grey(r);
    int x0 = grey.cols, y0 = grey.rows, x1 = -1, y1 = -1;
    for (int y = 0; y < grey.rows; ++y)
        for (int x = 0; x < grey.cols; ++x)
            if (grey.at<std::uint8_t>(y, x) < 128) {
                x0 = std::min(x0, x);
                x1 = std::max(x1, x);
                y0 = std::min(y0, y);
                y1 = std::max(y1, y);
            }
    return {static_cast<double>(x0), static_cast<double>(y0), x1 - x0 + 1.0, y1 - y0 + 1.0};
}

class PdfText : public Pdf {
  protected:
    SourceText text(const PdfSpec& s) {
        write_pdf(folder_.file("t.pdf"), s);
        const auto t = text_here(folder_.file("t.pdf"), 0);
        EXPECT_TRUE(t) << (t ? "" : t.error().to_string());
        return t ? *t : SourceText{};
    }
    /// The one word of a page of print lies around its ink, as wide and little higher.
    void expect_around_ink(const PdfSpec& s) {
        SCOPED_TRACE(s.page + " " + s.content);
        const SourceText t = text(s);
        ASSERT_EQ(t.lines.size(), 1U);
        ASSERT_EQ(t.lines[0].size(), 1U);
        EXPECT_EQ(t.lines[0][0].text, "HxH");
        EXPECT_TRUE(t.printed);
        EXPECT_FALSE(t.hidden);
        const auto page = decode_here(folder_.file("t.pdf"), 0);
        ASSERT_TRUE(page);
        const Box ink = ink_of(*page), box = t.lines[0][0].box;
        const double em = std::max(ink.width, ink.height) / 2; // Three letters are about two em wide.
        for (const double out : {ink.x - box.x, ink.y - box.y, box.x + box.width - ink.x - ink.width,
                                 box.y + box.height - ink.y - ink.height}) {
            EXPECT_GE(out, -1.5 - 0.03 * em); // fonts that stand in for Helvetica overhang their advances
            EXPECT_LE(out, 0.4 * em);
        }
    }
    PdfSpec word_page(const std::string& page) {
        PdfSpec s;
        s.content = "BT /F1 40 Tf 120 600 Td (HxH) Tj ET";
        s.page = page;
        s.data = std::string(1, '\0');
        s.width = s.height = 1;
        return s;
    }
};

TEST_F(PdfText, WordsLieOnTheirInkWhateverThePageIsTurnedAndCutBy) {
    expect_around_ink(word_page("/MediaBox [0 0 595 842]"));
    for (const char* turn : {"90", "180", "270"}) {
        expect_around_ink(word_page("/MediaBox [0 0 595 842] /Rotate " + std::string(turn)));
        expect_around_ink(
            word_page("/MediaBox [-30 -50 595 842] /CropBox [60 510 400 700] /Rotate " + std::string(turn)));
    }
    expect_around_ink(word_page("/MediaBox [0 0 595 842] /CropBox [100 550 400 842]"));
    expect_around_ink(word_page("/MediaBox [-30 -50 595 842] /UserUnit 2"));
    PdfSpec up = word_page("/MediaBox [0 0 595 842]");
    up.content = "BT /F1 40 Tf 0 1 -1 0 300 300 Tm (HxH) Tj ET"; // Written upwards.
    expect_around_ink(up);
}

TEST_F(PdfText, HiddenWordsAreMappedToTheScanAsItIsStored) {
    // A scan of 595 x 842 pixels shown 1 to 1; the word stands 100 points from the left, 700 from the foot.
    PdfSpec s = jpeg_page();
    const std::string word = " BT 3 Tr /F1 20 Tf 100 700 Td (HxH) Tj ET";
    s.content += word;
    const auto box_of = [&](const SourceText& t) {
        return t.lines.size() == 1 && t.lines[0].size() == 1 ? t.lines[0][0].box : Box{};
    };
    const SourceText upright = text(s);
    EXPECT_FALSE(upright.printed);
    EXPECT_TRUE(upright.hidden);
    EXPECT_FALSE(info().rendered);
    const Box plain = box_of(upright);
    EXPECT_NEAR(plain.x, 100, 0.1);
    EXPECT_LT(plain.y, 142 - 13);
    EXPECT_GT(plain.y + plain.height, 142);
    // Turned by the page: the scan is stored as before, so nothing moves.
    for (const char* turn : {"90", "180", "270"}) {
        s.page = "/MediaBox [0 0 595 842] /Rotate " + std::string(turn);
        const Box box = box_of(text(s));
        EXPECT_NEAR(box.x, plain.x, 0.1) << turn;
        EXPECT_NEAR(box.y, plain.y, 0.1) << turn;
        EXPECT_NEAR(box.width, plain.width, 0.1) << turn;
    }
    // Placed half as large with an offset, and beyond a crop box.
    s.page = "/MediaBox [0 0 400 500] /CropBox [50 40 335 455]";
    s.content = "q 297.5 0 0 421 45 38 cm /Im0 Do Q BT 3 Tr /F1 10 Tf 95 388 Td (HxH) Tj ET";
    const Box half = box_of(text(s));
    EXPECT_FALSE(info().rendered);
    EXPECT_NEAR(half.x, 100, 0.2);
    EXPECT_NEAR(half.width, plain.width, 0.3);
    EXPECT_NEAR(half.y, plain.y, 0.3);
    // Stored lying, shown upright: right on the page is up in the scan.
    s.page = "/MediaBox [0 0 842 595]";
    s.content = "q 0 595 -842 0 842 0 cm /Im0 Do Q BT 3 Tr /F1 20 Tf 700 100 Td (HxH) Tj ET";
    const Box lying = box_of(text(s));
    EXPECT_NEAR(lying.x, 100 - (plain.y + plain.height - 142), 0.2);
    EXPECT_NEAR(lying.y, 700, 0.2);
    EXPECT_NEAR(lying.height, plain.width, 0.2);
    // Print under the scan is hidden, a stamp over it is not.
    s.page = "/MediaBox [0 0 595 842]";
    s.content = "BT /F1 20 Tf 100 700 Td (HxH) Tj ET q 595 0 0 842 0 0 cm /Im0 Do Q";
    const SourceText below = text(s);
    EXPECT_TRUE(below.hidden && !below.printed);
    s.content = "q 595 0 0 842 0 0 cm /Im0 Do Q BT /F1 20 Tf 100 700 Td (HxH) Tj 3 Tr (other) Tj ET";
    const SourceText both = text(s);
    EXPECT_TRUE(both.hidden && both.printed);
}

TEST_F(PdfText, FormsOfCharactersAreTheCharactersAndRubbishIsSaidToBeSo) {
    PdfSpec s = word_page("/MediaBox [0 0 595 842]");
    s.content =
        "BT /F1 20 Tf 100 700 Td (o\256ce <&> \"x\") Tj ET"; // WinAnsi has no ligature; 256 is one in the standard encoding.
    const SourceText t = text(s);
    ASSERT_EQ(t.lines.size(), 1U);
    std::string line;
    for (const SourceWord& w : t.lines[0]) line += w.text + " ";
    EXPECT_EQ(line, "ofice <&> \"x\" ");
}

TEST_F(PdfText, NoLayerOtherFilesAndBrokenOnesAreNoTrouble) {
    PdfSpec s = jpeg_page();
    const SourceText none = text(s);
    EXPECT_TRUE(none.lines.empty());
    EXPECT_FALSE(none.printed || none.hidden);
    folder_.write("j.jpg", s.data);
    const auto jpeg = text_here(folder_.file("j.jpg"), 0);
    ASSERT_TRUE(jpeg);
    EXPECT_TRUE(jpeg->lines.empty());
    const auto beyond = text_here(folder_.file("t.pdf"), 7);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, "decode.no_such_image");
    folder_.write("broken.pdf", "%PDF-1.7\n1 0 obj << /Type /Catalog");
    const auto broken = text_here(folder_.file("broken.pdf"), 0);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, "decode.damaged");
    s.encrypt = true;
    s.password_user = "u";
    s.password_owner = "o";
    write_pdf(folder_.file("locked.pdf"), s);
    const auto locked = text_here(folder_.file("locked.pdf"), 0);
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, "decode.encrypted");
}

TEST_F(PdfText, AChildReadsItToo) {
    PdfSpec s = word_page("/MediaBox [0 0 595 842]");
    const SourceText here = text(s);
    Decoder decoder(RECTO_TEST_WORKER, 1);
    const auto there = decoder.text(folder_.file("t.pdf"), 0);
    ASSERT_TRUE(there) << there.error().to_string();
    EXPECT_EQ(nlohmann::json(*there), nlohmann::json(here));
}

} // namespace
} // namespace recto
