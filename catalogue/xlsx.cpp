// XLSX by libzip and libxml2's SAX parser: no part is ever held whole but the shared strings.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <zip.h>

#include "catalogue/workbook.h"
#include "catalogue/xlsx_numbers.h"

namespace recto::catalogue {

namespace {

constexpr std::uint64_t kMaxUnpacked = std::uint64_t{1} << 30;
constexpr std::size_t kMaxSlots = 60'000'000; // cells with the empty ones between them
constexpr int kMaxColumns = 1024, kMaxRows = 1'048'576;

using Attributes = std::map<std::string, std::string, std::less<>>; // by local name

/// What a part's parser hears. Names are local names, text may come in pieces.
struct Handler {
    std::function<void(std::string_view name, const Attributes&)> begin;
    std::function<void(std::string_view name)> end;
    std::function<void(std::string_view)> text;
    std::string problem; ///< Set by a handler: stops the parser.
    bool size_problem = false;
};

extern "C" {
void on_begin(void* self, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**, int count, int,
              const xmlChar** values) {
    auto& h = *static_cast<Handler*>(self);
    if (!h.begin || !h.problem.empty()) return;
    Attributes a;
    for (int i = 0; i < count; ++i) {
        const xmlChar** v = values + static_cast<std::ptrdiff_t>(i) * 5;
        std::string text(reinterpret_cast<const char*>(v[3]), reinterpret_cast<const char*>(v[4]));
        // The relationship id has the local name "id" like others; its prefix tells it apart.
        a.emplace(v[1] && std::strcmp(reinterpret_cast<const char*>(v[1]), "r") == 0
                      ? "r:" + std::string(reinterpret_cast<const char*>(v[0]))
                      : std::string(reinterpret_cast<const char*>(v[0])),
                  std::move(text));
    }
    h.begin(reinterpret_cast<const char*>(name), a);
}
void on_end(void* self, const xmlChar* name, const xmlChar*, const xmlChar*) {
    auto& h = *static_cast<Handler*>(self);
    if (h.end && h.problem.empty()) h.end(reinterpret_cast<const char*>(name));
}
void on_text(void* self, const xmlChar* text, int length) {
    auto& h = *static_cast<Handler*>(self);
    if (h.text && h.problem.empty()) h.text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)});
}
/// Entities declared in a part make libxml2 begin a document of its own, also for SAX, and it leaves that to us.
void free_parser(xmlParserCtxt* parser) {
    if (parser != nullptr && parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
}

void on_dtd(void* self, const xmlChar*, const xmlChar*, const xmlChar*) {
    static_cast<Handler*>(self)->problem = "holds a document type, which workbooks never do";
}
}

/// "A" = 0. -1 when the reference has no letters.
int column_of(std::string_view reference) {
    int n = 0;
    std::size_t i = 0;
    for (; i < reference.size() && reference[i] >= 'A' && reference[i] <= 'Z' && i < 4; ++i)
        n = n * 26 + (reference[i] - 'A' + 1);
    return i == 0 ? -1 : n - 1;
}
int row_of(std::string_view reference) {
    const auto digit = reference.find_first_of("0123456789");
    int n = 0;
    if (digit != std::string_view::npos)
        std::from_chars(reference.data() + digit, reference.data() + reference.size(), n);
    return n;
}
int integer(std::string_view text, int otherwise) {
    int n = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
}
std::string_view value(const Attributes& a, std::string_view name) {
    const auto it = a.find(name);
    return it == a.end() ? std::string_view() : std::string_view(it->second);
}

/// _x000D_ stands for a character that XML cannot hold.
std::string unescape(const std::string& text) {
    if (text.find("_x") == std::string::npos) return text;
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        unsigned code = 0;
        if (i + 7 <= text.size() && text[i] == '_' && text[i + 1] == 'x' && text[i + 6] == '_' &&
            std::from_chars(&text[i + 2], &text[i + 6], code, 16).ptr == &text[i + 6] && code < 0x80) {
            out += static_cast<char>(code);
            i += 7;
        } else {
            out += text[i++];
        }
    }
    return out;
}

class Reader {
  public:
    Reader(std::string_view bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}
    ~Reader() {
        if (zip_) zip_discard(zip_);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    Result<Workbook> read() {
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t* source = zip_source_buffer_create(bytes_.data(), bytes_.size(), 0, &error);
        if (source) zip_ = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
        if (!zip_) {
            const std::string why = zip_error_strerror(&error);
            if (source) zip_source_free(source);
            zip_error_fini(&error);
            return broken("the zip container", why);
        }
        zip_error_fini(&error);
        RECTO_TRY(relations());
        RECTO_TRY(workbook());
        RECTO_TRY(shared_strings());
        RECTO_TRY(styles());
        Workbook out;
        out.format = "xlsx";
        for (const auto& [name, path] : sheets_) {
            Sheet sheet;
            sheet.name = name;
            RECTO_TRY(read_sheet(path, sheet));
            fill_down(sheet);
            out.sheets.push_back(std::move(sheet));
        }
        return out;
    }

  private:
    [[nodiscard]] tl::unexpected<Error> broken(const std::string& part, const std::string& why) const {
        return fail("catalogue.workbook", part + ": " + why, file_);
    }
    [[nodiscard]] bool has(const std::string& part) const {
        return zip_name_locate(zip_, part.c_str(), ZIP_FL_NOCASE) >= 0;
    }

    Result<void> parse(const std::string& part, Handler& handler) {
        const zip_int64_t at = zip_name_locate(zip_, part.c_str(), ZIP_FL_NOCASE);
        if (at < 0) return broken(part, "the part is missing");
        zip_file_t* in = zip_fopen_index(zip_, static_cast<zip_uint64_t>(at), 0);
        if (!in) return broken(part, zip_strerror(zip_));
        const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> close_in(in, zip_fclose);
        xmlSAXHandler sax{};
        sax.initialized = XML_SAX2_MAGIC;
        sax.startElementNs = on_begin;
        sax.endElementNs = on_end;
        sax.characters = on_text;
        sax.cdataBlock = on_text;
        sax.internalSubset = on_dtd;
        const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxt*)> parser(
            xmlCreatePushParserCtxt(&sax, &handler, nullptr, 0, nullptr), free_parser);
        if (!parser) return broken(part, "no memory for the parser");
        xmlCtxtUseOptions(parser.get(), XML_PARSE_NONET | XML_PARSE_HUGE);
        std::string block(1 << 16, '\0');
        const auto judge = [&]() -> Result<void> {
            if (!handler.problem.empty())
                return handler.size_problem ? fail("catalogue.workbook_size", part + ": " + handler.problem, file_)
                                            : broken(part, handler.problem);
            return {};
        };
        for (;;) {
            const zip_int64_t got = zip_fread(in, block.data(), block.size());
            if (got < 0) return broken(part, zip_file_strerror(in));
            unpacked_ += static_cast<std::uint64_t>(got);
            if (unpacked_ > kMaxUnpacked)
                return fail("catalogue.workbook_size", part + ": unpacks to more than 1 GiB", file_);
            const int code = xmlParseChunk(parser.get(), block.data(), static_cast<int>(got), got == 0 ? 1 : 0);
            RECTO_TRY(judge());
            if (code != 0) {
                const xmlError* e = xmlCtxtGetLastError(parser.get());
                std::string why = e && e->message ? e->message : "is no well-formed XML";
                while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) why.pop_back();
                return broken(part, why + (e && e->line > 0 ? fmt::format(" (line {})", e->line) : ""));
            }
            if (got == 0) return {};
        }
    }

    Result<void> relations() {
        Handler h;
        h.begin = [&](std::string_view name, const Attributes& a) {
            if (name != "Relationship") return;
            std::string target(value(a, "Target"));
            if (target.starts_with("/")) target.erase(0, 1);
            else target = "xl/" + target;
            const std::string_view type = value(a, "Type");
            if (type.ends_with("/sharedStrings")) strings_part_ = target;
            if (type.ends_with("/styles")) styles_part_ = target;
            targets_[std::string(value(a, "Id"))] = target;
        };
        return parse("xl/_rels/workbook.xml.rels", h);
    }

    Result<void> workbook() {
        Handler h;
        h.begin = [&](std::string_view name, const Attributes& a) {
            if (name == "workbookPr") from_1904_ = value(a, "date1904") == "1" || value(a, "date1904") == "true";
            if (name != "sheet" || value(a, "state") == "hidden" || value(a, "state") == "veryHidden") return;
            const auto target = targets_.find(std::string(value(a, "r:id")));
            if (target == targets_.end())
                h.problem = "sheet \"" + std::string(value(a, "name")) + "\" refers to no part";
            else if (target->second.find("/worksheets/") != std::string::npos) // charts and macros are no tables
                sheets_.emplace_back(value(a, "name"), target->second);
        };
        return parse("xl/workbook.xml", h);
    }

    Result<void> shared_strings() {
        if (strings_part_.empty()) return {};
        Handler h;
        std::string text;
        bool in_text = false, phonetic = false;
        h.begin = [&](std::string_view name, const Attributes&) {
            if (name == "si") text.clear();
            if (name == "rPh") phonetic = true;
            if (name == "t") in_text = !phonetic;
        };
        h.text = [&](std::string_view t) {
            if (in_text) text += t;
        };
        h.end = [&](std::string_view name) {
            if (name == "t") in_text = false;
            if (name == "rPh") phonetic = false;
            if (name == "si") strings_.push_back(unescape(text));
        };
        return parse(strings_part_, h);
    }

    Result<void> styles() {
        if (styles_part_.empty() || !has(styles_part_)) return {};
        Handler h;
        std::map<int, std::string> custom;
        std::vector<int> used;
        bool cells = false;
        h.begin = [&](std::string_view name, const Attributes& a) {
            if (name == "numFmt") custom[integer(value(a, "numFmtId"), -1)] = value(a, "formatCode");
            if (name == "cellXfs") cells = true;
            if (name == "xf" && cells) used.push_back(integer(value(a, "numFmtId"), 0));
        };
        h.end = [&](std::string_view name) {
            if (name == "cellXfs") cells = false;
        };
        RECTO_TRY(parse(styles_part_, h));
        for (const int id : used) formats_.push_back(number_format(id, custom));
        return {};
    }

    Cell cell_of(const std::string& type, int style, const std::string& v, std::string& problem) const {
        Cell cell;
        if (type == "s") {
            const int n = integer(v, -1);
            if (n < 0 || static_cast<std::size_t>(n) >= strings_.size()) {
                problem = "a cell refers to shared string " + v + ", which is not there";
                return cell;
            }
            cell.text = strings_[static_cast<std::size_t>(n)];
            return cell;
        }
        if (type == "str" || type == "inlineStr") {
            cell.text = unescape(v);
            return cell;
        }
        if (type == "b") {
            cell.text = v == "1" ? "TRUE" : "FALSE";
            return cell;
        }
        if (type == "e") {
            cell = {v, Cell::Kind::Error};
            return cell;
        }
        if (type == "d") {
            cell = {v.substr(0, 10), Cell::Kind::Date};
            return cell;
        }
        cell.text = v;
        double number = 0;
        const auto read = std::from_chars(v.data(), v.data() + v.size(), number);
        if (read.ec != std::errc() || read.ptr != v.data() + v.size() || !std::isfinite(number)) return cell;
        cell.kind = Cell::Kind::Number;
        const NumberFormat f = style >= 0 && static_cast<std::size_t>(style) < formats_.size()
                                   ? formats_[static_cast<std::size_t>(style)]
                                   : NumberFormat{};
        if (f.date && number >= 1 && number < 2958466) return {date_text(number, from_1904_), Cell::Kind::Date};
        if (number == std::floor(number) && std::fabs(number) < 1e15) {
            cell.text = fmt::format("{}", static_cast<long long>(number));
            if (f.zeros > 0 && number >= 0) cell.text = fmt::format("{:0{}}", static_cast<long long>(number), f.zeros);
        } else {
            cell.text = fmt::format("{}", number);
        }
        return cell;
    }

    Result<void> read_sheet(const std::string& part, Sheet& sheet) {
        Handler h;
        SheetRow row;
        std::string type, text;
        int style = 0, column = 0, last_row = 0;
        bool in_value = false, in_cell = false;
        std::size_t slots = 0;
        h.begin = [&](std::string_view name, const Attributes& a) {
            if (name == "row") {
                row = {};
                row.row = integer(value(a, "r"), last_row + 1);
                if (row.row <= last_row) h.problem = fmt::format("row {} stands behind row {}", row.row, last_row);
                if (row.row > kMaxRows) {
                    h.problem = "more rows than a sheet can have";
                    h.size_problem = true;
                }
                last_row = row.row;
                column = -1;
            } else if (name == "c") {
                const int at = column_of(value(a, "r"));
                column = at >= 0 ? at : column + 1;
                type = value(a, "t");
                style = integer(value(a, "s"), 0);
                text.clear();
                in_cell = true;
            } else if (in_cell && (name == "v" || name == "t")) {
                in_value = true;
            } else if (name == "mergeCell") {
                const std::string_view ref = value(a, "ref");
                const auto colon = ref.find(':');
                if (colon == std::string_view::npos) return;
                const std::string_view from = ref.substr(0, colon), to = ref.substr(colon + 1);
                sheet.merges.push_back({row_of(from), row_of(to), column_of(from), column_of(to)});
            }
        };
        h.text = [&](std::string_view t) {
            if (in_value) text += t;
        };
        h.end = [&](std::string_view name) {
            if (name == "v" || name == "t") in_value = false;
            if (name == "c" && in_cell) {
                in_cell = false;
                if (text.empty()) return;
                if (column >= kMaxColumns) {
                    h.problem = fmt::format("row {} has more than {} columns", row.row, kMaxColumns);
                    h.size_problem = true;
                    return;
                }
                const auto wanted = static_cast<std::size_t>(column) + 1;
                if (row.cells.size() < wanted) {
                    slots += wanted - row.cells.size();
                    row.cells.resize(wanted);
                }
                if (slots > kMaxSlots) {
                    h.problem = "more cells than any list has";
                    h.size_problem = true;
                    return;
                }
                row.cells[wanted - 1] = cell_of(type, style, text, h.problem);
            }
            if (name == "row") {
                for (const Cell& c : row.cells)
                    if (c.text.find_first_not_of(" \t\r\n") != std::string::npos) {
                        sheet.rows.push_back(std::move(row));
                        break;
                    }
            }
        };
        return parse(part, h);
    }

    /// One value written for several rows below each other counts for each of them.
    static void fill_down(Sheet& sheet) {
        const auto row_at = [&](int number) -> SheetRow* {
            const auto it = std::lower_bound(sheet.rows.begin(), sheet.rows.end(), number,
                                             [](const SheetRow& r, int n) { return r.row < n; });
            return it != sheet.rows.end() && it->row == number ? &*it : nullptr;
        };
        std::size_t steps = 0; // a hostile sheet may name a million overlapping ranges
        for (const Merge& m : sheet.merges) {
            if (m.first_row <= 0 || m.last_row <= m.first_row || m.first_column < 0 || m.first_column >= kMaxColumns)
                continue;
            const SheetRow* first = row_at(m.first_row);
            const auto column = static_cast<std::size_t>(m.first_column);
            if (!first || column >= first->cells.size() || first->cells[column].text.empty()) continue;
            const Cell cell = first->cells[column];
            for (auto it = std::lower_bound(sheet.rows.begin(), sheet.rows.end(), m.first_row + 1,
                                            [](const SheetRow& r, int n) { return r.row < n; });
                 it != sheet.rows.end() && it->row <= m.last_row && ++steps < kMaxSlots; ++it) {
                if (it->cells.size() <= column) it->cells.resize(column + 1);
                if (it->cells[column].text.empty()) it->cells[column] = cell;
            }
        }
    }

    std::string_view bytes_;
    std::string file_;
    zip_t* zip_ = nullptr;
    std::uint64_t unpacked_ = 0;
    std::map<std::string, std::string> targets_;
    std::string strings_part_, styles_part_;
    std::vector<std::pair<std::string, std::string>> sheets_;
    std::vector<std::string> strings_;
    std::vector<NumberFormat> formats_;
    bool from_1904_ = false;
};

} // namespace

Result<Workbook> read_xlsx(std::string_view bytes, const std::string& file) { return Reader(bytes, file).read(); }

} // namespace recto::catalogue
