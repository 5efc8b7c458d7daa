#pragma once

/// What a reading engine found on a page, in reading order. Coordinates are pixels of the page image (after
/// treatment, full resolution). Text is NFC UTF-8, never NFKC-folded: it says what the page says.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/transform.h"

namespace recto {

struct Glyph {
    std::string text; ///< One user-perceived character.
    Box box;
    double confidence = 0; ///< 0 to 1.
};

struct Word {
    std::string text;
    Box box;
    double confidence = 0;     ///< 0 to 1.
    std::vector<Glyph> glyphs; ///< In order; concatenated they are `text`. Empty when the engine gives none.
};

/// A printed line. Chinese: usually one word a run; Latin: one word a word.
struct TextLine {
    std::string text; ///< Words joined with their spaces.
    Box box;
    double confidence = 0;
    bool vertical = false; ///< Read from top to bottom.
    std::vector<Word> words;
    std::string id{}; ///< As stored in ALTO ("b2l5"); empty until stored: then it says the place in the page.
};

enum class BlockKind { Text, Table, Picture, Seal, Rule };
[[nodiscard]] std::string_view to_string(BlockKind kind);

struct TextBlock {
    BlockKind kind = BlockKind::Text;
    Box box;
    std::vector<TextLine> lines;
    std::string id{}; ///< Likewise ("b2").
};

enum class ReadState { Read, Blank, NotMachineReadable };
[[nodiscard]] std::string_view to_string(ReadState state); ///< "read", "blank", "not-machine-readable".

struct PageText {
    int width = 0, height = 0; ///< Page image, pixels.
    std::string engine;        ///< "tesseract 5.3.0", "ppocr v6-tiny (openvino 2026.4.1)"
    std::string language;      ///< As asked for: "chi_sim+eng", ...
    ReadState state = ReadState::Read;
    double confidence = 0; ///< Mean over characters, 0 to 1.
    std::vector<TextBlock> blocks;

    /// The page's text: a printed line a line, a blank line between blocks, one newline at the end (empty when no text).
    [[nodiscard]] std::string plain() const;
};

void to_json(nlohmann::json& j, const PageText& t);
void from_json(const nlohmann::json& j, PageText& t);

} // namespace recto
