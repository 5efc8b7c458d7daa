#include "cli/given_file.h"

#include <charconv>
#include <map>

#include "cli/treat_rows.h"
#include "pipeline/files/names.h"

namespace recto::cli {
namespace {

/// Paths that a cell means: the whole path, or its end from a folder or the file's name on.
std::vector<std::string> files_called(std::string wanted, const std::vector<std::string>& files) {
    std::replace(wanted.begin(), wanted.end(), '\\', '/');
    wanted = to_nfc(wanted);
    std::vector<std::string> out;
    for (const std::string& path : files) {
        const std::string shown = decode_name(path);
        if (shown == wanted || shown.ends_with("/" + wanted)) out.push_back(path);
    }
    return out;
}

/// "3", "3 left", "3右"; an empty cell is image 1. False when it is none of these.
bool read_image(std::string cell, amend::GivenRow& row) {
    std::erase(cell, ' ');
    if (cell.empty()) return true;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), row.image);
    if (error != std::errc() || row.image < 1) return false;
    const std::string half = cell.substr(static_cast<std::size_t>(end - cell.data()));
    if (half == "left" || half == "左") row.half = "left";
    else if (half == "right" || half == "右") row.half = "right";
    else return half.empty();
    return true;
}

} // namespace

Result<GivenFile> read_given_file(const std::string& file, const std::vector<std::string>& files,
                                  const std::string& who, Decoder& decoder) {
    auto columns = given_columns();
    RECTO_ASSIGN(const auto rows, read_row_file(file, columns, "by_hand.given_columns"));
    GivenFile out;
    std::map<std::string, Result<Source>> probed;
    std::set<std::string> seen;
    for (const CsvRow& row : rows) {
        const std::string number = std::to_string(row.row), name = cell_of(row, columns[kTreatedItem]),
                          image = cell_of(row, columns[kTreatedPage]);
        const auto refuse = [&](const char* code, std::vector<std::string> args) {
            args.insert(args.begin(), number);
            out.refused.push_back({code, Severity::Error, std::move(args), false, {}});
        };
        if (!row.problem.empty()) {
            refuse("correct.bad_row", {});
            continue;
        }
        if (!any_value(row, columns)) continue;
        amend::GivenRow given;
        given.values = treatment_of(row, columns);
        if (given.values.who.empty()) given.values.who = who;
        const auto called = name.empty() ? std::vector<std::string>() : files_called(name, files);
        if (called.size() != 1) {
            if (called.empty()) refuse("by_hand.no_file", {name});
            else refuse("by_hand.several_files", {name, std::to_string(called.size())});
            continue;
        }
        given.path = called.front();
        const auto source = probed.try_emplace(given.path, decoder.probe(given.path)).first;
        if (!source->second) {
            refuse("by_hand.unreadable", {name, source->second.error().reason});
            continue;
        }
        const auto& images = source->second->images;
        if (!read_image(image, given) || given.image > static_cast<int>(images.size())) {
            refuse("by_hand.no_image", {image, std::to_string(images.size())});
            continue;
        }
        if (!seen.insert(given.path + "\n" + std::to_string(given.image) + given.half).second) {
            refuse("by_hand.image_twice", {name, image.empty() ? "1" : image});
            continue;
        }
        const auto values = treat::parse_manual(given.values.words, images[static_cast<std::size_t>(given.image - 1)]);
        if (!values) refuse("by_hand.bad_value", {values.error().reason});
        else out.rows.push_back(std::move(given));
    }
    return out;
}

void tell_row(const std::string& file, const Finding& why) {
    std::fprintf(stderr, "recto: %s: %s\n", file.c_str(),
                 (ui_language() == Language::Chinese ? why.chinese() : why.english()).c_str());
}

} // namespace recto::cli
