#pragma once

/// What a reading engine found on a page, in reading order. Coordinates are pixels of the page image (after
/// treatment, full resolution). Text is NFC UTF-8, never NFKC-folded: it says what the page says.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/core/transform.h"

namespace recto {

/// Another reading of the same place, kept for the reviewer; the page is never said to say it.
struct Alternative {
    std::string text;
    double confidence = 0; ///< 0 to 1, on the scale of the reading that was kept.
};

struct Glyph {
    std::string text; ///< One user-perceived character.
    Box box;
    double confidence = 0;               ///< 0 to 1.
    std::vector<Alternative> variants{}; ///< The likeliest first; few, often none.
#ifdef RECTO_TRACE_CONFIDENCE
    std::string trace{}; ///< What its readers said of it: stages/reading/confidence_trace.h.
#endif
};

struct Word {
    std::string text;
    Box box;
    double confidence = 0;     ///< 0 to 1.
    std::vector<Glyph> glyphs; ///< In order; concatenated they are `text`. Empty when the engine gives none.
    std::vector<Alternative> alternatives{}; ///< Readings of the whole word, of other engines or pictures.
};

/// A printed line. Chinese: usually one word a run; Latin: one word a word.
struct TextLine {
    std::string text; ///< Words joined with their spaces.
    Box box;
    double confidence = 0;
    bool vertical = false; ///< Read from top to bottom.
    std::vector<Word> words;
    std::string id{}; ///< As stored in ALTO ("b2l5"); empty until stored: then it says the place in the page.
    int cell = -1;    ///< In a table: which of the block's cells it stands in; -1: in none.
};

enum class BlockKind {
    Text,
    Table,
    Picture,
    Seal,
    Rule,
    Unread ///< Ink like writing that was not read: handwriting, a signature, print worn too far. It has no lines.
};
[[nodiscard]] std::string_view to_string(BlockKind kind);

/// What a block is in the document, where its place and text say so; Body otherwise.
enum class BlockRole {
    Body,
    Letterhead,     ///< The issuer's name over an official letter (发文机关标志).
    DocumentNumber, ///< 发文字号.
    Title,
    Signature, ///< Who signs at the end (署名).
    Date,      ///< The date beside a signature (成文日期).
    Header,    ///< Running head.
    Footer,
    PageNumber,
    Footnote,
    Marginal, ///< Beside the text, in the margin.
    Caption
};
[[nodiscard]] std::string_view to_string(BlockRole role); ///< "body", "document-number", ...

/// A cell of a table. Rows and columns count from 0.
struct TableCell {
    int row = 0, column = 0;
    int rows = 1, columns = 1; ///< How many it spans.
    Box box;
};

struct TextBlock {
    BlockKind kind = BlockKind::Text;
    Box box;
    std::vector<TextLine> lines;
    std::string id{}; ///< Likewise ("b2").
    BlockRole role = BlockRole::Body;
    std::vector<TableCell> cells{}; ///< Of a table whose grid is known, by rows; lines name theirs by index.
};

enum class ReadState { Read, Blank, NotMachineReadable };
[[nodiscard]] std::string_view to_string(ReadState state); ///< "read", "blank", "not-machine-readable".

/// What became of the text that the source file carries for the page (the text layer of a PDF).
struct LayerFacts {
    int characters = 0;   ///< On this page, without white space.
    double likeness = -1; ///< To what was read there, 0 to 1; -1: not compared.
    bool kept = false;    ///< It is the page's text.
};

struct PageText {
    int width = 0, height = 0; ///< Page image, pixels.
    std::string engine;        ///< "tesseract 5.3.0", "ppocr v6-tiny (openvino 2026.4.1)"
    std::string language;      ///< As asked for: "chi_sim+eng", ...
    ReadState state = ReadState::Read;
    double confidence = 0; ///< Mean over characters, 0 to 1.
    std::vector<TextBlock> blocks;
    std::optional<LayerFacts> layer{}; ///< Absent where the source has none, or it was not asked for.

    /// The page's text: a printed line a line (in a table with cells: a row of cells a line, a tab between cells), a blank
    /// line between blocks, one newline at the end (empty when no text).
    [[nodiscard]] std::string plain() const;

    /// The same as running text: a paragraph a line, divided words whole (joined_text() of running_text.h); a row of a table
    /// with cells a line, a tab between its columns. Blank lines as in plain().
    [[nodiscard]] std::string paragraphs() const;
};

void to_json(nlohmann::json& j, const LayerFacts& l);
void from_json(const nlohmann::json& j, LayerFacts& l);
void to_json(nlohmann::json& j, const PageText& t);
void from_json(const nlohmann::json& j, PageText& t);

} // namespace recto
