// JBIG2 generic regions (ITU-T T.88 | ISO/IEC 14492), arithmetic coding only. Nothing in the bytes depends on the machine.

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pipeline/files/image_out.h"

namespace recto {
namespace {

/// One state of the probability estimate (T.88, table E.1).
struct MqState {
    std::uint16_t qe;
    std::uint8_t more, less; ///< Next state after the likelier and the less likely symbol.
    bool turn;               ///< The likelier symbol changes with the less likely one.
};
constexpr std::array<MqState, 47> kMqStates = {{
    {0x5601, 1, 1, true},    {0x3401, 2, 6, false},   {0x1801, 3, 9, false},   {0x0AC1, 4, 12, false},
    {0x0521, 5, 29, false},  {0x0221, 38, 33, false}, {0x5601, 7, 6, true},    {0x5401, 8, 14, false},
    {0x4801, 9, 14, false},  {0x3801, 10, 14, false}, {0x3001, 11, 17, false}, {0x2401, 12, 18, false},
    {0x1C01, 13, 20, false}, {0x1601, 29, 21, false}, {0x5601, 15, 14, true},  {0x5401, 16, 14, false},
    {0x5101, 17, 15, false}, {0x4801, 18, 16, false}, {0x3801, 19, 17, false}, {0x3401, 20, 18, false},
    {0x3001, 21, 19, false}, {0x2801, 22, 19, false}, {0x2401, 23, 20, false}, {0x2201, 24, 21, false},
    {0x1C01, 25, 22, false}, {0x1801, 26, 23, false}, {0x1601, 27, 24, false}, {0x1401, 28, 25, false},
    {0x1201, 29, 26, false}, {0x1101, 30, 27, false}, {0x0AC1, 31, 28, false}, {0x09C1, 32, 29, false},
    {0x08A1, 33, 30, false}, {0x0521, 34, 31, false}, {0x0441, 35, 32, false}, {0x02A1, 36, 33, false},
    {0x0221, 37, 34, false}, {0x0141, 38, 35, false}, {0x0111, 39, 36, false}, {0x0085, 40, 37, false},
    {0x0049, 41, 38, false}, {0x0025, 42, 39, false}, {0x0015, 43, 40, false}, {0x0009, 44, 41, false},
    {0x0005, 45, 42, false}, {0x0001, 45, 43, false}, {0x5601, 46, 46, false},
}};

/// The MQ encoder of T.88, annex E.2.
class MqEncoder {
  public:
    void encode(std::uint32_t context, unsigned bit) {
        std::uint8_t& mark = contexts_[context]; // state and, in the top bit, the likelier symbol
        const MqState& s = kMqStates[mark & 0x7f];
        range_ -= s.qe;
        if ((mark >> 7) == bit) {
            if ((range_ & 0x8000) != 0) {
                code_ += s.qe;
                return;
            }
            if (range_ < s.qe) range_ = s.qe;
            else code_ += s.qe;
            mark = static_cast<std::uint8_t>((mark & 0x80) | s.more);
        } else {
            if (range_ < s.qe) code_ += s.qe;
            else range_ = s.qe;
            mark = static_cast<std::uint8_t>(((mark & 0x80) ^ (s.turn ? 0x80 : 0)) | s.less);
        }
        do {
            range_ <<= 1;
            code_ <<= 1;
            if (--left_ == 0) byte_out();
        } while ((range_ & 0x8000) == 0);
    }

    std::string finish() {
        const std::uint32_t top = code_ + range_;
        code_ |= 0xffff;
        if (code_ >= top) code_ -= 0x8000;
        code_ <<= left_;
        byte_out();
        code_ <<= left_;
        byte_out();
        emit();
        out_ += byte_ == 0xff ? "\xac" : "\xff\xac";
        return std::move(out_);
    }

  private:
    void emit() {
        if (has_byte_) out_ += static_cast<char>(byte_);
    }
    void byte_out() {
        if (has_byte_ && byte_ == 0xff) {
            stuffed();
            return;
        }
        if (code_ >= 0x8000000) {
            ++byte_; // carry
            if (byte_ == 0xff) {
                code_ &= 0x7ffffff;
                stuffed();
                return;
            }
        }
        emit();
        byte_ = static_cast<std::uint8_t>(code_ >> 19);
        has_byte_ = true;
        code_ &= 0x7ffff;
        left_ = 8;
    }
    /// After 0xff a bit is left free for a carry, so that no marker can come about.
    void stuffed() {
        emit();
        byte_ = static_cast<std::uint8_t>(code_ >> 20);
        has_byte_ = true;
        code_ &= 0xfffff;
        left_ = 7;
    }

    std::vector<std::uint8_t> contexts_ = std::vector<std::uint8_t>(std::size_t{1} << 16, 0);
    std::uint32_t range_ = 0x8000, code_ = 0;
    int left_ = 12;
    std::uint8_t byte_ = 0;
    bool has_byte_ = false;
    std::string out_;
};

void put32(std::string& out, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 0xff);
}

/// Pixels of three rows as 0 and 1, with margins, so that every template pixel has a place.
constexpr int kMargin = 4;

std::string code_region(const cv::Mat& pixels) {
    const auto width = static_cast<std::size_t>(pixels.cols);
    std::vector<std::uint8_t> above2(width + std::size_t{2} * kMargin, 0), above1 = above2, row = above2;
    MqEncoder encoder;
    constexpr std::uint32_t kTypical = 0x9b25; // T.88, figure 8: the context that says whether a row is like the one above
    unsigned typical = 0;
    for (int y = 0; y < pixels.rows; ++y) {
        const auto* in = pixels.ptr<std::uint8_t>(y);
        for (std::size_t x = 0; x < width; ++x) row[x + kMargin] = in[x] < 128 ? 1 : 0;
        const unsigned same = row == above1 ? 1 : 0;
        encoder.encode(kTypical, same ^ typical);
        typical = same;
        if (same == 0) {
            // Template 0 with its adaptive pixels at their nominal places: 5 pixels two rows up, 7 one row up, 4 to the left.
            const std::uint8_t* a = above2.data() + kMargin;
            const std::uint8_t* b = above1.data() + kMargin;
            const std::uint8_t* c = row.data() + kMargin;
            std::uint32_t two = static_cast<std::uint32_t>(a[0] << 1 | a[1]),
                          one = static_cast<std::uint32_t>(b[0] << 2 | b[1] << 1 | b[2]), left = 0;
            for (std::size_t x = 0; x < width; ++x) {
                two = (two << 1 | a[x + 2]) & 0x1f;
                one = (one << 1 | b[x + 3]) & 0x7f;
                encoder.encode(two << 11 | one << 4 | left, c[x]);
                left = (left << 1 | c[x]) & 0xf;
            }
        }
        above2.swap(above1);
        above1.swap(row);
    }
    return encoder.finish();
}

} // namespace

Result<std::string> write_jbig2(const Raster& raster) {
    if (raster.empty() || raster.mode != ColourMode::Bilevel || raster.pixels.type() != CV_8UC1)
        return fail("encode.image", "JBIG2 holds bi-level pictures only");
    const auto width = static_cast<std::uint32_t>(raster.width()), height = static_cast<std::uint32_t>(raster.height());
    const auto per_metre = [](double dpi) {
        return std::isfinite(dpi) && dpi > 0 && dpi < 1e6 ? static_cast<std::uint32_t>(std::lround(dpi / 0.0254)) : 0U;
    };
    std::string out;
    put32(out, 0);                  // segment 0
    out.append("\x30\x00\x01", 3);  // page information, refers to none, of page 1
    put32(out, 19);
    put32(out, width);
    put32(out, height);
    put32(out, per_metre(raster.dpi.x));
    put32(out, per_metre(raster.dpi.y));
    out.append("\x01\x00\x00", 3); // lossless in the end, paper where nothing is drawn, not in stripes

    const std::string data = code_region(raster.pixels);
    put32(out, 1);                 // segment 1
    out.append("\x27\x00\x01", 3); // immediate lossless generic region
    put32(out, static_cast<std::uint32_t>(18 + 8 + data.size()));
    put32(out, width);
    put32(out, height);
    put32(out, 0);
    put32(out, 0);
    out.append("\x00\x08", 2); // drawn by OR; template 0, typical prediction
    out.append("\x03\xff\xfd\xff\x02\xfe\xfe\xfe", 8);
    return out + data;
}

} // namespace recto
