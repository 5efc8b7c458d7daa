// Writes the table by which traditional characters are taken as simplified ones, from OpenCC's data, while
// Recto is built: the program then needs no data files, and one build always cuts text alike.
//
//   make_han_table OUTPUT

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include <opencc/opencc.h>

namespace {

std::string utf8(char32_t c) {
    std::string s;
    if (c < 0x80) {
        s += static_cast<char>(c);
    } else if (c < 0x800) {
        s += static_cast<char>(0xC0 | (c >> 6));
        s += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        s += static_cast<char>(0xE0 | (c >> 12));
        s += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        s += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        s += static_cast<char>(0xF0 | (c >> 18));
        s += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
        s += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        s += static_cast<char>(0x80 | (c & 0x3F));
    }
    return s;
}

/// The one code point of `s`; 0 when there are more.
char32_t only(const std::string& s) {
    if (s.empty()) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
    std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
    if (s.size() != size) return 0;
    char32_t c = size == 1 ? byte(0) : byte(0) & (0xFF >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) c = c << 6 | (byte(i) & 0x3F);
    return c;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 64;
    std::map<char32_t, char32_t> table;
    try {
        const opencc::SimpleConverter converter("t2s.json");
        for (const auto& [first, last] : {std::pair<char32_t, char32_t>{0x3400, 0x9FFF}, {0x20000, 0x323AF}})
            for (char32_t c = first; c <= last; ++c) {
                const char32_t to = only(converter.Convert(utf8(c)));
                if (to != 0 && to != c) table[c] = to;
            }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "make_han_table: %s\n", e.what());
        return 69;
    }
    // OpenCC tells these apart by the words around them; an index has to find either by the other.
    table.emplace(U'著', U'着');
    table.emplace(U'瞭', U'了');
    table.emplace(U'祕', U'秘');
    // A simplified form may itself be the traditional form of another: follow it to the end, never in a circle.
    for (auto& [from, to] : table)
        for (int step = 0; step < 8; ++step) {
            const auto next = table.find(to);
            if (next == table.end() || next->second == from) break;
            to = next->second;
        }
    std::FILE* out = std::fopen(argv[1], "w");
    if (!out) return 73;
    std::fprintf(out, "// Made by pipeline/core/generate/han_table.cpp from OpenCC's t2s data (Apache License 2.0).\n");
    for (const auto& [from, to] : table)
        if (from != to) std::fprintf(out, "{0x%X, 0x%X},\n", static_cast<unsigned>(from), static_cast<unsigned>(to));
    if (std::fclose(out) != 0) return 74;
    return table.size() > 2000 ? 0 : 70;
}
