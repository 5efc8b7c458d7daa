// recto separator: a sheet that routes the pages scanned after it.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/ocfl.h"
#include "stages/encode/encode.h"
#include "stages/encode/pdf_writer.h"
#include "station/sheet.h"
#include "station/sheet_image.h"

namespace recto::cli {
namespace {

struct SeparatorArguments {
    std::string archive, item, page, output;
};

/// The item and page that are meant, and what people call them.
struct Meant {
    station::SheetTarget target;
    std::vector<std::string> lines;
};

Result<Meant> look_up(const SeparatorArguments& a) {
    Meant out;
    RECTO_TRY(look_at_archive(a.archive));
    auto fs = posix_file_system();
    const ArchivePaths paths(a.archive);
    RECTO_ASSIGN(const auto index, read_index(*fs, paths));
    std::string id = a.item;
    for (const auto& row : index)
        if (row.reference_code == a.item || row.id == a.item) id = row.id;
    OcflStore store(fs, paths.storage());
    RECTO_TRY(store.open());
    const auto state = store.state("urn:uuid:" + id);
    if (!state || state->head == 0) return fail("amend.no_item", a.item, a.archive);
    RECTO_ASSIGN(const auto path, store.content_path(*state, "metadata/item.json"));
    RECTO_ASSIGN(const auto text, fs->read(path));
    RECTO_ASSIGN(const Item item, item_from_json(nlohmann::json::parse(text, nullptr, false)));
    out.target.item = id;
    out.lines.push_back(item.display_name());
    if (const Field* title = item.field("title")) {
        out.lines.push_back(title->as_written); // as it stands on paper, perhaps in two lines
        std::replace(out.lines.back().begin(), out.lines.back().end(), '\n', ' ');
    }
    if (a.page.empty()) {
        out.lines.push_back(format_message(Language::Chinese, "cli.separator.append", {}) + " / " +
                            format_message(Language::English, "cli.separator.append", {}));
        return out;
    }
    for (const Page& p : item.pages) {
        if (p.id.to_string() != a.page && std::to_string(p.order) != a.page) continue;
        out.target.page = p.id.to_string();
        const std::string order[] = {std::to_string(p.order)};
        out.lines.push_back(format_message(Language::Chinese, "cli.separator.replace", order) + " / " +
                            format_message(Language::English, "cli.separator.replace", order));
        return out;
    }
    return fail("amend.no_page", a.page, item.display_name());
}

int separator(const SeparatorArguments& a) {
    const bool pdf = a.output.ends_with(".pdf");
    if (!pdf && !a.output.ends_with(".png")) {
        std::fprintf(stderr, "recto: %s\n", tr("cli.separator.output").c_str());
        return kUsage;
    }
    const auto meant = look_up(a);
    if (!meant) return report_error(meant.error());
    bool missing = false;
    auto sheet = station::draw_sheet(station::sheet_value(meant->target), meant->lines, missing);
    if (!sheet) return report_error(sheet.error());
    if (missing) std::fprintf(stderr, "recto: %s\n", tr("cli.separator.font").c_str());
    auto fs = posix_file_system();
    const auto written = [&]() -> Result<void> {
        if (!pdf) {
            RECTO_ASSIGN(const auto bytes, write_png(*sheet));
            return write_atomically(*fs, a.output, bytes);
        }
        sheet->mode = ColourMode::Bilevel;
        for (int y = 0; y < sheet->pixels.rows; ++y)
            for (int x = 0; x < sheet->pixels.cols; ++x) {
                auto& pixel = sheet->pixels.at<unsigned char>(y, x);
                pixel = pixel < 128 ? 0 : 255;
            }
        RECTO_ASSIGN(const auto bytes, write_g4(*sheet));
        const std::string image = a.output + ".image", whole = a.output + ".new";
        RECTO_TRY(fs->write(image, bytes));
        encode::PdfDocument document;
        document.title = meant->lines.front();
        document.identifier = station::sheet_value(meant->target);
        document.language = "zh-CN";
        document.software = agent();
        document.created = rfc3339(default_clock()->now());
        encode::PdfPage page;
        page.width_pt = 595.2;
        page.height_pt = 841.92;
        page.image = {image, "CCITTFaxDecode", sheet->width(), sheet->height(), 1};
        document.pages.push_back(page);
        const auto made = encode::write_pdf(*fs, document, whole);
        (void)fs->remove(image);
        if (!made) return tl::unexpected(made.error());
        return fs->rename(whole, a.output);
    }();
    if (!written) return report_error(written.error());
    std::printf("%s\n", a.output.c_str());
    return kDone;
}

} // namespace

void add_separator(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("separator", tr("cli.separator"));
    auto a = std::make_shared<SeparatorArguments>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("--item", a->item, tr("cli.amend.item"))->required();
    command->add_option("--page", a->page, tr("cli.separator.page"));
    command->add_option("-o,--output", a->output, tr("cli.separator.output"))->required();
    command->callback([&action, a] { action = [a] { return separator(*a); }; });
}

} // namespace recto::cli
