#include "stages/encode/blank_font.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace recto::encode {
namespace {

class Bytes {
  public:
    Bytes& u16(int v) {
        data.push_back(static_cast<char>((v >> 8) & 0xFF));
        data.push_back(static_cast<char>(v & 0xFF));
        return *this;
    }
    Bytes& u32(std::uint32_t v) { return u16(static_cast<int>(v >> 16)).u16(static_cast<int>(v & 0xFFFF)); }
    Bytes& u8(int v) {
        data.push_back(static_cast<char>(v));
        return *this;
    }
    Bytes& zeros(int n) {
        data.append(static_cast<std::size_t>(n), '\0');
        return *this;
    }
    std::string data;
};

std::uint32_t checksum(std::string table) {
    table.resize((table.size() + 3) / 4 * 4);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < table.size(); i += 4)
        for (std::size_t k = 0; k < 4; ++k)
            sum += std::uint32_t{static_cast<unsigned char>(table[i + k])} << (24 - 8 * k);
    return sum;
}

} // namespace

std::string blank_font() {
    // .notdef: a square from (100, 0) to (900, 700), four on-curve points.
    Bytes box;
    box.u16(1).u16(100).u16(0).u16(900).u16(700).u16(3).u16(0); // contours, bounds, last point, no instructions
    for (int i = 0; i < 4; ++i) box.u8(0x01);                   // on curve, coordinates in two bytes
    box.u16(100).u16(0).u16(800).u16(0).u16(0).u16(700).u16(0).u16(-700);
    const auto box_size = static_cast<int>(box.data.size());

    Bytes head;
    head.u32(0x00010000).u32(0x00010000).u32(0).u32(0x5F0F3CF5).u16(0x000B).u16(1000);
    head.zeros(16).u16(0).u16(-120).u16(1000).u16(880).u16(0).u16(8).u16(2).u16(0).u16(0);
    Bytes hhea;
    hhea.u32(0x00010000).u16(880).u16(-120).u16(0).u16(1000).u16(0).u16(0).u16(900).u16(1).u16(0).u16(0);
    hhea.zeros(8).u16(0).u16(2);
    Bytes maxp;
    maxp.u32(0x00010000).u16(2).u16(4).u16(1).u16(0).u16(0).u16(2).zeros(16).u16(0);
    Bytes hmtx;
    hmtx.u16(1000).u16(100).u16(1000).u16(0);
    Bytes loca;
    loca.u16(0).u16(box_size / 2).u16(box_size / 2);
    Bytes cmap; // (3, 1) format 4 with its closing segment only: the PDF addresses glyphs by CIDToGIDMap.
    cmap.u16(0).u16(1).u16(3).u16(1).u32(12);
    cmap.u16(4).u16(24).u16(0).u16(2).u16(2).u16(0).u16(0).u16(0xFFFF).u16(0).u16(0xFFFF).u16(1).u16(0);
    Bytes post;
    post.u32(0x00030000).u32(0).u16(-100).u16(50).u32(1).zeros(16);

    const std::vector<std::pair<const char*, std::string>> tables = {
        {"cmap", cmap.data}, {"glyf", box.data},  {"head", head.data}, {"hhea", hhea.data},
        {"hmtx", hmtx.data}, {"loca", loca.data}, {"maxp", maxp.data}, {"post", post.data}};
    Bytes font;
    font.u32(0x00010000).u16(8).u16(128).u16(3).u16(0);
    std::size_t offset = 12 + 16 * tables.size(), head_at = 0;
    for (const auto& [tag, data] : tables) {
        font.data.append(tag, 4);
        font.u32(checksum(data)).u32(static_cast<std::uint32_t>(offset)).u32(static_cast<std::uint32_t>(data.size()));
        if (data == head.data) head_at = offset;
        offset += (data.size() + 3) / 4 * 4;
    }
    for (const auto& [tag, data] : tables) font.data += data + std::string((4 - data.size() % 4) % 4, '\0');
    Bytes adjustment;
    adjustment.u32(0xB1B0AFBA - checksum(font.data));
    font.data.replace(head_at + 8, 4, adjustment.data);
    return font.data;
}

} // namespace recto::encode
