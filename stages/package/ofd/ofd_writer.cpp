// Dual-layer OFD (GB/T 33190-2016), one file an item: the pages' images over their text, from what is stored.
//
// The text lies under the image and is transparent as well: readers differ in which of the two they honour.

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "pipeline/files/alto_reader.h"
#include "pipeline/files/item_fields.h"
#include "pipeline/files/names.h"
#include "pipeline/files/zip_writer.h"
#include "stages/package/ofd/ofd_document.h"
#include "stages/package/ofd/ofd_image.h"
#include "stages/package/ofd/ofd_text.h"
#include "stages/package/package.h"

namespace recto {

namespace {

const Setting<std::int64_t> kOfdQuality{
    "ofd.jpeg_quality",
    80,
    {1, 100},
    "JPEG quality of the page images of an OFD file where the archive holds no JPEG of them; stored JPEG images are "
    "taken over unchanged, bi-level pages become PNG.",
    "OFD 文件中页图像的 JPEG 质量,用于档案中没有 JPEG 的页;已存的 JPEG 原样采用,二值页用 PNG。"};

constexpr std::string_view kRootFile = "OFD.xml";
constexpr std::size_t kZipEnd = 22; ///< Bytes of the record that ends a ZIP file without a remark.
constexpr int kWriterVersion = 1;   ///< Raised when the same item would give another file.

/// A page as item.json tells of it.
struct OfdPage {
    int order = 0;
    std::string page_class;
    double width = 210, height = 297; ///< Millimetres; A4 where nothing is known of a page that failed.
    std::string image;                ///< Logical path; empty: none.
    bool in_pdf = false;              ///< It is the item's PDF, which alone has the page's image.
    int index = 0;                    ///< Of the page in it.
    std::string alto;                 ///< Likewise.
};

std::vector<OfdPage> pages_of(const nlohmann::json& item) {
    using nlohmann::json;
    std::map<int, std::map<std::string, const json*>> files; // by page and role
    std::string pdf;
    const json& list = item.at("files");
    for (const json& file : list) {
        const std::string role = file.value("role", "");
        if (role == "access" && file.value("media_type", "") == "application/pdf") pdf = file.value("path", "");
        files[file.value("page", 0)].emplace(role, &file);
    }
    std::vector<OfdPage> out;
    for (const json& page : item.at("pages")) {
        OfdPage p;
        p.order = page.value("order", 0);
        p.page_class = page.value("class", "");
        auto& own = files[p.order];
        const json* image = nullptr;
        for (const char* role : {"preservation", "access-image"})
            if (!image && own.contains(role)) image = own[role];
        if (image) p.image = image->value("path", "");
        else if (const auto at = page.find("pdf_image"); at != page.end() && at->is_object() && !pdf.empty()) {
            image = &*at;
            p.image = pdf;
            p.in_pdf = true;
        }
        if (own.contains("alto")) p.alto = own["alto"]->value("path", "");
        double width = 0, height = 0, x = 0, y = 0;
        if (const auto t = page.find("treatment"); t != page.end() && t->is_object()) {
            const json transform = t->value("transform", json::object()), dpi = t->value("dpi", json::object());
            width = transform.value("width", 0.0);
            height = transform.value("height", 0.0);
            x = dpi.value("x", 0.0);
            y = dpi.value("y", 0.0);
        }
        if (!(width > 0 && height > 0 && x > 0 && y > 0) && image) {
            width = image->value("width", 0.0);
            height = image->value("height", 0.0);
            x = y = image->value("dpi", 0.0);
        }
        if (width > 0 && height > 0 && x > 0 && y > 0) {
            p.width = std::clamp(width / x * 25.4, 1.0, 20'000.0);
            p.height = std::clamp(height / y * 25.4, 1.0, 20'000.0);
        }
        out.push_back(std::move(p));
    }
    std::ranges::stable_sort(out, {}, &OfdPage::order);
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i].in_pdf) out[i].index = static_cast<int>(i);
    return out;
}

ofd::Info info_of(const PackagePlan& plan, const OcflState& state, std::int64_t quality) {
    const PackageFacts& facts = plan.facts;
    const auto field = [&](std::string_view id) { return item_field(plan.item, id); };
    ofd::Info info;
    info.id = facts.id;
    std::erase(info.id, '-');
    info.created = plan.item.value("created", "").substr(0, 10);
    if (info.created.size() < 10) info.created = "1970-01-01"; // the format wants one
    info.title = facts.title.empty() ? facts.display_name : facts.title;
    info.author = field("creator");
    const std::size_t space = facts.agent.rfind(' ');
    info.software = facts.agent.empty() ? "Recto" : facts.agent.substr(0, space);
    if (space != std::string::npos) info.software_version = facts.agent.substr(space + 1);
    for (const std::string& word : {facts.reference_code, field("document_number")})
        if (!word.empty()) info.keywords.push_back(word);
    // What a later call knows the same package by: item.json names every file with its digest.
    const std::string from =
        fmt::format("ofd {}\njpeg_quality {}\n{}\n", kWriterVersion, quality, state.files.at("metadata/item.json"));
    std::string fonds = facts.fonds.empty() ? field("fonds_code") : facts.fonds;
    info.custom = {{"档号", facts.reference_code},
                   {"全宗号", std::move(fonds)},
                   {"文号", field("document_number")},
                   {"责任者", info.author},
                   {"日期", field("date")},
                   {"保管期限", field("retention_period")},
                   {"密级", field("security_level")},
                   {"馆藏单位", facts.repository_name.empty() ? facts.repository_code : facts.repository_name},
                   {"标识", "urn:uuid:" + facts.id},
                   {"来源", "OCFL " + state.id + " v" + std::to_string(state.head)},
                   {"来源摘要", digest_hex(DigestAlgorithm::Sha256, from)}};
    return info;
}

class OfdBuilder {
  public:
    OfdBuilder(const PackageRequest& in, const PackagePlan& plan, const std::string& file, ZipTime time)
        : in_(in), plan_(plan),
          zip_([this, file](std::string_view bytes) { return in_.fs.append(file, bytes, false); }, time) {}

    Result<void> build(const std::string& root, const std::vector<OfdPage>& pages) {
        RECTO_TRY(zip_.add(std::string(kRootFile), root, ZipMethod::Store));
        for (const OfdPage& page : pages) RECTO_TRY(add(page));
        const auto put = [&](const char* name, const std::string& xml) {
            return zip_.add(std::string("Doc_0/") + name, xml, ZipMethod::Deflate);
        };
        RECTO_TRY(put("PublicRes.xml", ofd::fonts_xml()));
        RECTO_TRY(put("DocumentRes.xml", contents_.images_xml()));
        const ofd::OutlineEntry top{plan_.facts.title.empty() ? plan_.facts.display_name : plan_.facts.title,
                                    contents_.pages().front().first};
        RECTO_TRY(put("Document.xml", contents_.document_xml(top, parts(pages))));
        RECTO_TRY(zip_.finish());
        return {};
    }
    [[nodiscard]] std::uint64_t size() const { return zip_.size(); }

  private:
    /// A stored file whose bytes are what the store's inventory says.
    Result<std::string> stored(const std::string& logical) {
        const auto source = plan_.sources.find(logical);
        if (source == plan_.sources.end())
            return fail("package.damaged_source", "no such file: " + logical, plan_.facts.display_name);
        RECTO_ASSIGN(std::string bytes, in_.fs.read(source->second));
        if (digest_hex(DigestAlgorithm::Sha512, bytes) != in_.state.files.at(logical))
            return fail("package.damaged_source", "its bytes have changed: " + logical, source->second);
        return bytes;
    }

    Result<ofd::Picture> picture(const OfdPage& page) {
        if (!page.in_pdf) {
            RECTO_ASSIGN(std::string bytes, stored(page.image));
            if (ofd::is_baseline_jpeg(bytes)) return ofd::Picture{std::move(bytes), "JPEG", "jpg"};
        } else if (!pdf_checked_) { // once for all pages
            const auto source = plan_.sources.find(page.image);
            if (source == plan_.sources.end())
                return fail("package.damaged_source", "no such file: " + page.image, plan_.facts.display_name);
            RECTO_ASSIGN(const std::string digest, in_.fs.digest(source->second, DigestAlgorithm::Sha512));
            if (digest != in_.state.files.at(page.image))
                return fail("package.damaged_source", "its bytes have changed: " + page.image, source->second);
            pdf_checked_ = true;
        }
        RECTO_ASSIGN(const Raster raster, in_.decode(plan_.sources.at(page.image), page.index));
        return ofd::encode_picture(raster, static_cast<int>(in_.settings.get(kOfdQuality)));
    }

    Result<void> add(const OfdPage& page) {
        const std::string number = fmt::format("{:04}", page.order);
        const int page_id = contents_.next_id();
        int image_id = 0;
        if (!page.image.empty()) {
            RECTO_ASSIGN(const ofd::Picture image, picture(page));
            image_id = contents_.next_id();
            const std::string name = number + "." + image.extension;
            RECTO_TRY(zip_.add("Doc_0/Res/" + name, image.bytes, ZipMethod::Store)); // compressed already
            contents_.add_image(image_id, image.format, name);
        }
        PageText text;
        if (!page.alto.empty()) {
            RECTO_ASSIGN(const std::string alto, stored(page.alto));
            RECTO_ASSIGN(text, page_text_from_alto(alto));
        }
        const std::string width = ofd::millimetres(page.width), height = ofd::millimetres(page.height);
        const std::string box = "0 0 " + width + " " + height;
        XmlWriter xml(false);
        ofd::start_root(xml, "ofd:Page");
        xml.start("ofd:Area").element("ofd:PhysicalBox", box).end().start("ofd:Content");
        xml.start("ofd:Layer").attribute("ID", std::to_string(contents_.next_id())).attribute("Type", "Background");
        ofd::write_text(xml, text, page.width, page.height, contents_);
        xml.end();
        if (image_id > 0) {
            xml.start("ofd:Layer").attribute("ID", std::to_string(contents_.next_id())).attribute("Type", "Body");
            xml.start("ofd:ImageObject").attribute("ID", std::to_string(contents_.next_id()));
            xml.attribute("Boundary", box).attribute("CTM", width + " 0 0 " + height + " 0 0");
            xml.attribute("ResourceID", std::to_string(image_id)).end().end();
        }
        xml.end().end();
        const std::string base = "Pages/Page_" + number + "/Content.xml";
        contents_.add_page(page_id, base);
        return zip_.add("Doc_0/" + base, xml.finish(), ZipMethod::Deflate);
    }

    /// Cover, contents, body and back note, as the PDF has them; one part needs no list of parts.
    [[nodiscard]] std::vector<ofd::OutlineEntry> parts(const std::vector<OfdPage>& pages) const {
        static const std::map<std::string, const char*> kTitles = {
            {"cover", "封面"}, {"contents", "卷内目录"}, {"body", "正文"}, {"back-note", "备考表"}};
        std::vector<ofd::OutlineEntry> out;
        for (std::size_t i = 0; i < pages.size(); ++i) {
            const auto at = kTitles.find(pages[i].page_class);
            if (at == kTitles.end() || (!out.empty() && out.back().title == at->second)) continue;
            out.push_back({at->second, contents_.pages()[i].first});
        }
        if (out.size() < 2) out.clear();
        return out;
    }

    const PackageRequest& in_;
    const PackagePlan& plan_;
    ZipWriter zip_;
    ofd::Contents contents_;
    bool pdf_checked_ = false;
};

class OfdWriter final : public PackageWriter {
  public:
    [[nodiscard]] std::string_view name() const override { return "ofd"; }
    [[nodiscard]] std::string_view english() const override {
        return "dual-layer OFD (GB/T 33190), one file an item: page images over their text";
    }
    [[nodiscard]] std::string_view chinese() const override {
        return "双层 OFD(GB/T 33190),每件一个文件:页图像之下为可检索文字";
    }
    [[nodiscard]] std::vector<const SettingBase*> settings() const override { return {&kOfdQuality}; }

    [[nodiscard]] Result<PackageResult> write(const PackageRequest& in) const override {
        RECTO_ASSIGN(const PackagePlan plan, plan_package(in, [](const std::string& logical) {
                         return logical.starts_with("preservation/") || logical.starts_with("access/") ||
                                logical.ends_with(".alto.xml");
                     }));
        std::vector<OfdPage> pages;
        std::string root;
        try {
            pages = pages_of(plan.item);
            root = ofd::root_xml(info_of(plan, in.state, in.settings.get(kOfdQuality)));
        } catch (const nlohmann::json::exception& e) {
            return fail("package.no_item", e.what(), plan.facts.display_name);
        }
        if (std::ranges::all_of(pages, [](const OfdPage& p) { return p.image.empty(); }))
            return fail("package.no_pictures", "no page has an image", plan.facts.display_name);
        const ZipTime time = zip_time(plan.item.value("created", ""));
        const std::string own = escape_name(plan.facts.display_name);
        PackageResult result;
        result.path = join_path(in.output, own + ".ofd");
        result.files = 1;
        if (own != plan.facts.display_name) result.renamed = own;
        RECTO_ASSIGN(const FileStat there, in.fs.stat(result.path));
        if (there.exists) {
            RECTO_TRY(check_same_file(in, there, result.path, root, time));
            result.bytes = there.size;
            result.existed = true;
            return result;
        }
        RECTO_TRY(build_package_file(in.fs, result.path, plan.bytes, [&](const std::string& file) -> Result<void> {
            OfdBuilder builder(in, plan, file, time);
            RECTO_TRY(builder.build(root, pages));
            result.bytes = builder.size();
            return {};
        }));
        return result;
    }

  private:
    /// The first entry names what the file was made from; the end is there unless somebody cut it off.
    static Result<void> check_same_file(const PackageRequest& in, const FileStat& there, const std::string& path,
                                        const std::string& root, ZipTime time) {
        std::string head, found, tail;
        ZipWriter zip(
            [&](std::string_view bytes) -> Result<void> {
                head += bytes;
                return {};
            },
            time);
        RECTO_TRY(zip.add(std::string(kRootFile), root, ZipMethod::Store));
        if (!there.is_directory && !there.is_symlink)
            RECTO_TRY(in.fs.read_blocks(path, [&](std::string_view block) {
                if (found.size() < head.size()) found += block.substr(0, head.size() - found.size());
                tail += block.substr(block.size() - std::min(block.size(), kZipEnd));
                tail.erase(0, tail.size() - std::min(tail.size(), kZipEnd));
            }));
        if (found == head && tail.starts_with("PK\x05\x06")) return {};
        return fail("package.exists", "something else of this name is there", path);
    }
};

} // namespace

const PackageWriter& ofd_writer() {
    static const OfdWriter writer;
    return writer;
}

} // namespace recto
