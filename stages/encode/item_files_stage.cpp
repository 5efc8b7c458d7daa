#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/names.h"
#include "stages/encode/encode.h"
#include "stages/encode/formats.h"
#include "stages/encode/hocr.h"
#include "stages/encode/pdf_writer.h"
#include "stages/encode/records.h"
#include "stages/encode/table_csv.h"
#include "stages/encode/text_layer.h"
#include "stages/encode/tsv.h"

namespace recto {
namespace {

using namespace encode;

const Setting<bool> kFastWebView{"encode.pdf_fast_web_view", false,
                                 "Order the PDF so that a browser shows the first page before the rest has come (a "
                                 "little larger and slower to write).",
                                 "按快速网页浏览方式组织 PDF:浏览器不必等待全部下载即可显示首页(文件稍大,写入稍慢)。"};
const Setting<bool> kBookmarks{
    "encode.pdf_bookmarks", true,
    "Bookmarks in the PDF for cover, contents, body and back note, where an item has such parts.",
    "在 PDF 中为封面、卷内目录、正文和备考表加书签(有这些部分时)。"};

const Setting<std::string> kTextFormats{
    "encode.text_formats", "",
    "Further forms of each page's text beside ALTO, joined with +: hocr (text/<nnnn>.hocr.html), tsv (text/<nnnn>.tsv, "
    "the "
    "columns of Tesseract). Empty: none.",
    "每页文字除 ALTO 外另存的格式,以 + 相连:hocr(text/<nnnn>.hocr.html)、tsv(text/<nnnn>.tsv,列同 "
    "Tesseract)。留空则不另存。"};

struct TextFormats {
    bool hocr = false, tsv = false;
};

Result<TextFormats> parse_text_formats(const std::string& names) {
    TextFormats out;
    for (std::size_t at = 0; at < names.size();) {
        const std::size_t end = std::min(names.find('+', at), names.size());
        const std::string name = names.substr(at, end - at);
        if (name == "hocr") out.hocr = true;
        else if (name == "tsv") out.tsv = true;
        else return fail("config.bad_value", "encode.text_formats: '" + name + "' is none of hocr, tsv");
        at = end + 1;
    }
    return out;
}

/// Makes the files of one item; every member writes one or more into the staging folder.
class ItemFiles {
  public:
    ItemFiles(const Settings& settings, FileSystem& fs, ItemInput& in)
        : settings_(settings), fs_(fs), in_(in), created_(rfc3339(in.clock.now())),
          software_(in.provenance.is_object() ? in.provenance.value("agent", "recto") : "recto"),
          name_(escape_name(in.item.display_name())) {}

    Result<void> run() {
        std::sort(in_.item.pages.begin(), in_.item.pages.end(),
                  [](const Page& a, const Page& b) { return a.order < b.order; });
        if (in_.item.held && in_.item.release()) { // A person answers for it: the reasons stay, the hold goes.
            in_.item.held = false;
            in_.item.held_reason.clear();
        }
        for (const Page& p : in_.item.pages) texts_.push_back(clean_text(p.text));
        take_page_files();
        RECTO_TRY(pdf());
        RECTO_TRY(alto());
        RECTO_ASSIGN(const TextFormats formats, parse_text_formats(settings_.get(kTextFormats)));
        if (formats.hocr) RECTO_TRY(hocr());
        if (formats.tsv) RECTO_TRY(tsv());
        RECTO_TRY(plain_text());
        RECTO_TRY(tables());
        return records();
    }

  private:
    Result<StagedFile> put(const std::string& logical_path, const std::string& bytes, const char* media_type,
                           const char* role) {
        RECTO_ASSIGN(StagedFile f, place(logical_path, media_type, role));
        RECTO_TRY(fs_.write(f.staged_path, bytes));
        f.sha512 = digest_hex(DigestAlgorithm::Sha512, bytes);
        f.size = bytes.size();
        return f;
    }
    Result<StagedFile> place(const std::string& logical_path, const char* media_type, const char* role) {
        StagedFile f;
        f.logical_path = logical_path;
        f.staged_path = join_path(in_.staging_folder, logical_path);
        f.media_type = media_type;
        f.role = role;
        RECTO_TRY(fs_.make_folders(parent_path(f.staged_path)));
        return f;
    }

    /// The images made for the pages, under the names of the pages' present order: they may have been made (and cached)
    /// before a page was inserted.
    void take_page_files() {
        for (Page& p : in_.item.pages)
            for (StagedFile& f : p.encoded.files) {
                const std::string extension = f.media_type == "image/tiff" ? "tif" : "jpg";
                if (f.role == "preservation") f.logical_path = page_logical_path("preservation", p.order, extension);
                if (f.role == "access-image") f.logical_path = page_logical_path("access/images", p.order, extension);
                const bool there = std::any_of(in_.files.begin(), in_.files.end(),
                                               [&](const StagedFile& g) { return g.logical_path == f.logical_path; });
                if (!there) in_.files.push_back(f);
            }
    }

    // ---- PDF -----------------------------------------------------------------------------------------------------

    static PdfImage pdf_image(const StagedFile& f, const std::string& filter, int components) {
        return {f.staged_path, filter, f.width, f.height, components};
    }

    static PdfPage pdf_page(const Page& p) {
        PdfPage out;
        const StagedFile& image = p.encoded.pdf_image;
        const PageTreatment& t = p.treatment;
        if (t.transform.width() > 0 && t.transform.height() > 0 && t.dpi.x > 0 && t.dpi.y > 0) {
            out.width_pt = t.transform.width() / t.dpi.x * 72;
            out.height_pt = t.transform.height() / t.dpi.y * 72;
        } else if (image.width > 0 && image.dpi > 0) {
            out.width_pt = image.width / image.dpi * 72;
            out.height_pt = image.height / image.dpi * 72;
        } else { // Nothing is known of a page that failed: A4.
            out.width_pt = 595.276;
            out.height_pt = 841.89;
        }
        if (!image.staged_path.empty())
            out.image = pdf_image(image, p.encoded.pdf_filter, p.encoded.pdf_components);
        for (const PdfInk& ink : p.encoded.pdf_inks)
            out.inks.push_back(
                {pdf_image(ink.colours, "DCTDecode", ink.components), pdf_image(ink.mask, ink.mask_filter, 1)});
        out.label = p.printed_number;
        return out;
    }

    std::string language() const {
        std::map<std::string, int> votes;
        for (const Page& p : in_.item.pages)
            if (std::string tag = language_tag(p.text.language); !tag.empty()) ++votes[tag];
        const auto most =
            std::max_element(votes.begin(), votes.end(), [](auto& a, auto& b) { return a.second < b.second; });
        return most == votes.end() ? "zh-Hans" : most->first;
    }

    void bookmarks(PdfDocument& document) const {
        static const std::map<PageClass, const char*> kTitles = {{PageClass::Cover, "封面"},
                                                                 {PageClass::Contents, "卷内目录"},
                                                                 {PageClass::Body, "正文"},
                                                                 {PageClass::BackNote, "备考表"}};
        const char* last = nullptr;
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            const auto it = kTitles.find(in_.item.pages[i].page_class);
            if (it == kTitles.end() || it->second == last) continue;
            document.bookmarks.push_back({it->second, static_cast<int>(i)});
            last = it->second;
        }
        if (document.bookmarks.size() < 2) document.bookmarks.clear(); // One part needs no list of parts.
    }

    Result<void> pdf() {
        if (in_.item.pages.empty()) return {};
        PdfDocument document;
        const Field* title = in_.item.field("title");
        const Field* creator = in_.item.field("creator");
        auto value = [](const Field* f) { return !f ? std::string() : f->value.empty() ? f->as_written : f->value; };
        document.title = value(title).empty() ? in_.item.display_name() : value(title);
        document.author = value(creator);
        document.identifier =
            in_.item.reference_code.empty() ? "urn:uuid:" + in_.item.id.to_string() : in_.item.reference_code;
        document.language = language();
        document.software = software_;
        document.created = created_;
        document.fast_web_view = settings_.get(kFastWebView);
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            const Page& p = in_.item.pages[i];
            PdfPage page = pdf_page(p);
            page.text = &texts_[i];
            if (page.image.path.empty())
                in_.item.findings.push_back(
                    {"encode.page_without_image", Severity::Warning, {std::to_string(p.order)}, false, {}});
            document.pages.push_back(std::move(page));
        }
        if (settings_.get(kBookmarks)) bookmarks(document);
        RECTO_ASSIGN(StagedFile f, place("access/" + name_ + ".pdf", "application/pdf", "access"));
        RECTO_ASSIGN(const WrittenFile written, write_pdf(fs_, document, f.staged_path));
        f.sha512 = written.sha512;
        f.size = written.size;
        in_.files.push_back(f);
        pdf_path_ = f.logical_path;
        return {};
    }

    // ---- Text ----------------------------------------------------------------------------------------------------

    static std::string treatment_words(const PageTreatment& t) {
        std::string out = fmt::format("turned {} degrees clockwise", t.orientation_deg);
        if (t.deskewed) out += fmt::format("; skew of {:.2f} degrees (clockwise positive) removed", t.skew_deg);
        if (!t.split.empty()) out += "; " + t.split + " page of a spread";
        if (t.cropped) out += "; cropped to the paper";
        return out + "; parameters: metadata/item.json";
    }

    AltoPage alto_page(const Page& p) const {
        AltoPage page;
        // The image whose pixels the coordinates are: kept for preservation, else for access, else the PDF's page.
        const StagedFile* image = nullptr;
        for (const char* role : {"preservation", "access-image"})
            for (const StagedFile& f : p.encoded.files)
                if (!image && f.role == role) image = &f;
        page.image = image ? image->logical_path : fmt::format("{}#page={}", pdf_path_, p.order);
        page.width = image ? image->width : p.text.width;
        page.height = image ? image->height : p.text.height;
        page.item_id = "urn:uuid:" + in_.item.id.to_string();
        page.page_id = "urn:uuid:" + p.id.to_string();
        page.order = p.order;
        page.printed_number = p.printed_number;
        page.page_class = to_string(p.page_class);
        page.software = software_;
        page.created = created_;
        page.treatment = treatment_words(p.treatment);
        return page;
    }

    Result<void> alto() {
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            const Page& p = in_.item.pages[i];
            if (p.text.width <= 0 || p.text.height <= 0) continue; // The page was not read.
            RECTO_ASSIGN(StagedFile f, put(page_logical_path("text", p.order, "alto.xml"),
                                           write_alto(texts_[i], alto_page(p)), "application/xml", "alto"));
            in_.files.push_back(std::move(f));
        }
        return {};
    }

    Result<void> hocr() {
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            const Page& p = in_.item.pages[i];
            if (p.text.width <= 0 || p.text.height <= 0) continue;
            const AltoPage same = alto_page(p); // Both speak of one image.
            HocrPage page;
            page.text = &texts_[i];
            page.image = "../" + percent_encode(same.image.substr(0, same.image.find('#')));
            if (const auto fragment = same.image.find('#'); fragment != std::string::npos)
                page.image += same.image.substr(fragment);
            page.width = same.width;
            page.height = same.height;
            page.number = p.order;
            const PageTreatment& t = p.treatment;
            if (t.transform.width() > 0 && t.transform.height() > 0) {
                page.dpi_x = t.dpi.x * same.width / t.transform.width();
                page.dpi_y = t.dpi.y * same.height / t.transform.height();
            }
            RECTO_ASSIGN(StagedFile f,
                         put(page_logical_path("text", p.order, "hocr.html"),
                             write_hocr({page}, software_, in_.item.display_name()), "application/xhtml+xml", "hocr"));
            in_.files.push_back(std::move(f));
        }
        return {};
    }

    Result<void> tsv() {
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            const Page& p = in_.item.pages[i];
            if (p.text.width <= 0 || p.text.height <= 0) continue;
            const AltoPage same = alto_page(p);
            RECTO_ASSIGN(StagedFile f,
                         put(page_logical_path("text", p.order, "tsv"),
                             std::string(kTsvHeading) + tsv_rows(texts_[i], p.order, same.width, same.height),
                             "text/tab-separated-values", "tsv"));
            in_.files.push_back(std::move(f));
        }
        return {};
    }

    /// UTF-8; a printed line a line, a blank line between blocks, U+000C after each page, as pdftotext writes it.
    Result<void> plain_text() {
        if (in_.item.pages.empty()) return {};
        std::string all;
        for (const PageText& t : texts_) all += t.plain() + '\f';
        RECTO_ASSIGN(StagedFile f, put("text/" + name_ + ".txt", all, "text/plain", "text"));
        in_.files.push_back(std::move(f));
        return {};
    }

    /// Tables with known cells, for those who count: text/<nnnn>.table<k>.csv.
    Result<void> tables() {
        for (std::size_t i = 0; i < in_.item.pages.size(); ++i) {
            int k = 0;
            for (const TextBlock& block : texts_[i].blocks) {
                const std::string csv = table_csv(block);
                if (csv.empty()) continue;
                const std::string extension = fmt::format("table{}.csv", ++k);
                RECTO_ASSIGN(StagedFile f, put(page_logical_path("text", in_.item.pages[i].order, extension), csv,
                                               "text/csv", "table"));
                in_.files.push_back(std::move(f));
            }
        }
        return {};
    }

    // ---- Records -------------------------------------------------------------------------------------------------

    /// Formats of the masters by their content: a name or media type does not tell a PDF's version.
    void add_formats(nlohmann::json& item) const {
        for (std::size_t i = 0; i < in_.item.sources.size(); ++i) {
            std::string head;
            if (std::ifstream file(in_.item.sources[i].path, std::ios::binary); file) {
                head.resize(std::size_t{1} << 16);
                file.read(head.data(), static_cast<std::streamsize>(head.size()));
                head.resize(static_cast<std::size_t>(file.gcount()));
            }
            const FileFormat f = identify_format(in_.item.sources[i].media_type, head);
            item["sources"][i]["format"] = {{"name", f.name}, {"version", f.version}, {"pronom", f.pronom}};
        }
    }

    Result<void> records() {
        auto json = item_to_json(in_.item, in_.files, in_.provenance, created_);
        add_formats(json);
        std::vector<StagedFile> records;
        auto add = [&](const std::string& path, const std::string& bytes, const char* media_type) -> Result<void> {
            RECTO_ASSIGN(StagedFile f, put(path, bytes, media_type, "metadata"));
            records.push_back(std::move(f));
            return {};
        };
        RECTO_TRY(add("metadata/item.json", dump_item_json(json), "application/json"));
        RECTO_TRY(add("metadata/dc.xml", write_dublin_core(json), "application/xml"));
        RECTO_TRY(add("metadata/premis.xml", write_premis(json, records), "application/xml"));
        RECTO_TRY(add("mets.xml", write_mets(json, records), "application/xml"));
        in_.files.insert(in_.files.end(), records.begin(), records.end());
        return {};
    }

    const Settings& settings_;
    FileSystem& fs_;
    ItemInput& in_;
    std::string created_, software_, name_, pdf_path_;
    std::vector<PageText> texts_;
};

class ItemFilesStage final : public ItemStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo kInfo{.name = "item-files",
                                     .version = 3,
                                     .settings = {&kFastWebView, &kBookmarks, &kTextFormats},
                                     .inputs = {},
                                     .peak_bytes_per_pixel = 0,
                                     .peak_fixed_bytes = std::size_t{32} << 20,
                                     .english = "Writes the PDF, the text and the records of each item.",
                                     .chinese = "生成每件的 PDF、文本和元数据记录。"};
        return kInfo;
    }
    Result<void> open(const StageContext& context) override {
        context_ = context;
        RECTO_TRY(parse_text_formats(context.settings->get(kTextFormats))); // Said before work, not after it.
        return {};
    }
    Result<void> run(ItemInput& in) const override {
        try {
            const auto fs = posix_file_system();
            return ItemFiles(*context_.settings, *fs, in).run();
        } catch (const std::exception& e) { return fail("encode.item", e.what(), in.item.display_name()); }
    }
};

} // namespace

std::unique_ptr<ItemStage> make_item_files_stage() { return std::make_unique<ItemFilesStage>(); }

} // namespace recto
