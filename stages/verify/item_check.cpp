#include "stages/verify/item_check.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "pipeline/core/model.h"
#include "pipeline/files/item_fields.h"
#include "pipeline/files/strict_json.h"
#include "stages/verify/each_index.h"
#include "stages/verify/mets_check.h"
#include "stages/verify/pdf_check.h"

namespace recto::verify {

using nlohmann::json;

namespace {

class ItemChecker {
  public:
    ItemChecker(FileSystem& fs, bool real_files, const ItemTree& tree, const Options& options, Schemas& schemas,
                Report& report, Issues& issues)
        : fs_(fs), real_files_(real_files), tree_(tree), options_(options), schemas_(schemas), report_(report),
          issues_(issues) {}

    void run() {
        try {
            read_item();
            if (ours_) {
                listed_files();
                learn_pages();
            }
            xml();
            if (!ours_) return;
            text_file();
            images();
            pdf();
        } catch (const json::exception& e) { // a member of another type than ours
            issues_.error(where("metadata/item.json"), "item.malformed", e.what());
        }
    }

  private:
    [[nodiscard]] std::string where(const std::string& logical) const { return join_path(tree_.name, logical); }

    std::optional<std::string> read(const std::string& logical) {
        const auto at = tree_.files.find(logical);
        if (at == tree_.files.end()) return {};
        auto bytes = fs_.read(at->second);
        if (bytes) return std::move(*bytes);
        issues_.error(where(logical), "unreadable", bytes.error().reason);
        return {};
    }

    void read_item() {
        const std::string path = "metadata/item.json";
        const auto bytes = read(path);
        if (!bytes) return;
        auto parsed = parse_strict_json(*bytes);
        if (!parsed) return issues_.error(where(path), "item.malformed", parsed.error().reason);
        item_ = std::move(parsed->value);
        if (!item_.is_object() || item_.value("type", "") != "recto-item")
            return issues_.warning(where(path), "item.foreign");
        if (const int schema = item_.value("schema", 0); schema < 1 || schema > kItemSchema)
            return issues_.warning(where(path), "item.newer", std::to_string(schema));
        for (const char* key : {"sources", "pages", "files"}) {
            if (!item_.contains(key) || !item_[key].is_array())
                return issues_.error(where(path), "item.malformed", key);
        }
        ours_ = true;
        pages_ = item_["pages"].size();
        report_.pages += pages_;
        std::set<int> orders;
        for (const json& page : item_["pages"]) {
            if (!orders.insert(page.at("order").get<int>()).second)
                issues_.error(where(path), "item.page_order", page.at("order").dump());
            const auto source = page.at("image").at("source").get<std::int64_t>();
            if (source < 0 || source >= static_cast<std::int64_t>(item_["sources"].size()))
                issues_.error(where(path), "item.page_source", page.at("order").dump());
        }
        int body = 0;
        for (const json& page : item_["pages"]) {
            const std::string kind = page.at("class").get<std::string>();
            if (counts_as_page(parse_page_class(kind))) ++body;
        }
        if (item_.contains("counted_pages") && item_["counted_pages"] != body)
            issues_.error(where(path), "item.counted", item_["counted_pages"].dump(), std::to_string(body));
    }

    void listed(const std::string& path, std::uint64_t size, const std::string& sha512) {
        const auto at = tree_.files.find(path);
        if (at == tree_.files.end()) return issues_.error(where(path), "item.missing_file");
        const auto s = fs_.stat(at->second);
        if (s && s->size != size)
            issues_.error(where(path), "item.size", std::to_string(size), std::to_string(s->size));
        const auto known = tree_.sha512.find(path);
        if (known != tree_.sha512.end() && known->second != sha512)
            issues_.error(where(path), "item.digest", sha512, known->second);
    }

    void listed_files() {
        std::set<std::string> names{"mets.xml", "metadata/item.json", "metadata/dc.xml", "metadata/premis.xml"};
        for (const json& source : item_["sources"]) {
            const std::string path = source.at("master").get<std::string>();
            names.insert(path);
            listed(path, source.at("size").get<std::uint64_t>(), source.at("sha512").get<std::string>());
        }
        for (const json& file : item_["files"]) {
            const std::string path = file.at("path").get<std::string>();
            names.insert(path);
            listed(path, file.at("size").get<std::uint64_t>(), file.at("sha512").get<std::string>());
        }
        for (const auto& [path, file] : tree_.files) {
            if (!names.contains(path)) issues_.error(where(path), "item.unlisted");
        }
        for (const char* path : {"mets.xml", "metadata/dc.xml", "metadata/premis.xml"}) {
            if (!tree_.files.contains(path)) issues_.error(where(path), "item.missing_file");
        }
    }

    void xml() {
        std::size_t alto = 0;
        for (const auto& [path, file] : tree_.files) {
            if (!path.ends_with(".xml")) continue;
            const auto bytes = read(path);
            if (!bytes) continue;
            ++report_.xml_files;
            const auto doc = parse_xml(*bytes, path);
            if (!doc) {
                issues_.error(where(path), "xml.malformed", doc.error().reason);
                continue;
            }
            schemas_.check(doc->get(), where(path), issues_);
            const xmlNode* root = xmlDocGetRootElement(doc->get());
            if (root != nullptr && xml_named(root, "mets")) {
                const MetsFacts facts = check_mets(fs_, root, path, tree_, issues_);
                if (ours_ && path == "mets.xml") agree_with_mets(facts);
            }
            if (root != nullptr && xml_named(root, "alto")) {
                ++alto;
                check_alto(root, where(path), ours_ ? size_of_image(path) : std::pair{0, 0}, issues_);
                if (ours_) alto_.emplace(path, alto_text(root));
            }
        }
        if (!ours_) return;
        const auto read_pages =
            static_cast<std::size_t>(std::count_if(item_["pages"].begin(), item_["pages"].end(), [](const json& page) {
                return page.at("reading").at("width").get<int>() > 0;
            }));
        if (alto != read_pages)
            issues_.error(where("text"), "item.alto_count", std::to_string(read_pages), std::to_string(alto));
    }

    void agree_with_mets(const MetsFacts& facts) {
        if (facts.pages != pages_)
            issues_.error(where("mets.xml"), "item.pages_mets", std::to_string(pages_), std::to_string(facts.pages));
        std::set<std::string> expected;
        for (const json& source : item_["sources"]) expected.insert(source.at("master").get<std::string>());
        for (const json& file : item_["files"]) expected.insert(file.at("path").get<std::string>());
        for (const std::string& path : expected) {
            if (!facts.files.contains(path)) issues_.error(where("mets.xml"), "item.not_in_mets", path);
        }
        for (const std::string& path : facts.files) {
            if (!expected.contains(path)) issues_.error(where("mets.xml"), "item.only_in_mets", path);
        }
    }

    /// What item.json says of the pages, to be asked once for each file: an item may have a hundred thousand.
    void learn_pages() {
        for (const char* role : {"preservation", "access-image"}) {
            for (const json& file : item_["files"]) {
                if (file.value("role", "") == role)
                    image_of_page_.emplace(file.value("page", 0),
                                           std::pair{file.value("width", 0), file.value("height", 0)});
            }
        }
        for (const json& file : item_["files"])
            page_of_file_[file.at("path").get<std::string>()] = file.value("page", 0);
        for (const json& p : item_["pages"])
            image_of_page_.emplace(p.at("order").get<int>(), std::pair{p.at("reading").at("width").get<int>(),
                                                                       p.at("reading").at("height").get<int>()});
    }

    /// The page that a file is of; 0: none.
    [[nodiscard]] int page_of(const std::string& path) const {
        const auto at = page_of_file_.find(path);
        return at == page_of_file_.end() ? 0 : at->second;
    }

    /// Pixels of the image that an ALTO file's coordinates are of: the page's preservation, else access image, else the
    /// page as it was read.
    [[nodiscard]] std::pair<int, int> size_of_image(const std::string& alto) const {
        const auto at = image_of_page_.find(page_of(alto));
        return at == image_of_page_.end() || at->first == 0 ? std::pair{0, 0} : at->second;
    }

    void text_file() {
        for (const json& file : item_["files"]) {
            if (file.value("role", "") != "text") continue;
            const std::string path = file.at("path").get<std::string>();
            const auto bytes = read(path);
            if (!bytes) continue;
            text_ = *bytes;
            const auto pages = static_cast<std::size_t>(std::count(bytes->begin(), bytes->end(), '\f'));
            if (pages != pages_)
                issues_.error(where(path), "item.pages_text", std::to_string(pages_), std::to_string(pages));
            else compare_alto(pages_of(*bytes));
        }
    }

    /// Pages of a text, without white space.
    static std::vector<std::string> pages_of(std::string_view all) {
        std::vector<std::string> list;
        while (!all.empty()) {
            const std::size_t end = all.find('\f');
            list.push_back(without_white_space(all.substr(0, end)));
            if (end == std::string_view::npos) break;
            all.remove_prefix(end + 1);
        }
        return list;
    }

    /// The ALTO of a page says what the text file says of it; where the order of blocks differs, it is the same all the same.
    void compare_alto(std::vector<std::string> said) {
        std::vector<int> orders;
        for (const json& page : item_["pages"]) orders.push_back(page.at("order").get<int>());
        std::ranges::sort(orders);
        for (auto& [path, text] : alto_) {
            const auto at = std::ranges::lower_bound(orders, page_of(path));
            if (at == orders.end() || *at != page_of(path)) continue;
            const auto index = static_cast<std::size_t>(at - orders.begin());
            if (index >= said.size()) continue;
            std::ranges::sort(text);
            std::ranges::sort(said[index]);
            if (text != said[index]) issues_.error(where(path), "item.alto_text", std::to_string(*at));
        }
    }

    void images() {
        struct Job {
            std::string path, file;
            int index, width, height;
        };
        std::vector<Job> jobs;
        const auto add = [&](const std::string& path, int index, int width, int height) {
            const auto at = tree_.files.find(path);
            if (at != tree_.files.end()) jobs.push_back({path, at->second, index, width, height});
        };
        for (const json& source : item_["sources"]) {
            const json images = source.value("images", json::array());
            for (std::size_t i = 0; i < images.size(); ++i)
                add(source.at("master").get<std::string>(), static_cast<int>(i), images[i].value("width", 0),
                    images[i].value("height", 0));
        }
        for (const json& file : item_["files"]) {
            if (file.value("media_type", "").starts_with("image/"))
                add(file.at("path").get<std::string>(), 0, file.value("width", 0), file.value("height", 0));
        }
        if (jobs.empty()) return;
        if (!options_.decode || !real_files_)
            return issues_.warning(tree_.name, "image.not_checked", std::to_string(jobs.size()));
        std::set<std::pair<std::string, int>> failed; // pages that the item itself reports as damaged
        for (const json& page : item_["pages"]) {
            if (page.contains("error") && !page["error"].is_null())
                failed.insert({item_["sources"]
                                   .at(page.at("image").at("source").get<std::size_t>())
                                   .at("master")
                                   .get<std::string>(),
                               page.at("image").at("index").get<int>()});
        }
        for_each_index(jobs.size(), options_.threads, [&](std::size_t i) {
            const Job& job = jobs[i];
            const std::string name =
                job.index == 0 ? where(job.path) : where(job.path) + "#" + std::to_string(job.index + 1);
            const auto raster = options_.decode(job.file, job.index);
            if (!raster) {
                const std::string reason = raster.error().code + ": " + raster.error().reason;
                if (failed.contains({job.path, job.index})) issues_.warning(name, "image.known_damage", reason);
                else issues_.error(name, "image.damaged", reason);
            } else if (job.width > 0 && job.height > 0 &&
                       (raster->width() != job.width || raster->height() != job.height)) {
                issues_.error(name, "image.size", std::to_string(job.width) + "x" + std::to_string(job.height),
                              std::to_string(raster->width()) + "x" + std::to_string(raster->height()));
            }
        });
        report_.images += jobs.size();
    }

    void pdf() {
        for (const json& file : item_["files"]) {
            if (file.value("role", "") != "access" || file.value("media_type", "") != "application/pdf") continue;
            const std::string path = file.at("path").get<std::string>();
            const auto at = tree_.files.find(path);
            if (at == tree_.files.end()) continue;
            if (!real_files_) {
                issues_.warning(where(path), "pdf.not_checked", "");
                continue;
            }
            const auto pages = options_.check_pdf(at->second);
            if (!pages) {
                issues_.error(where(path), pages.error().code, pages.error().reason);
                continue;
            }
            if (static_cast<std::size_t>(*pages) != pages_)
                issues_.error(where(path), "item.pages_pdf", std::to_string(pages_), std::to_string(*pages));
            if (text_) compare_text(path, at->second);
        }
    }

    void compare_text(const std::string& path, const std::string& file) {
        const auto text = pdf_text(file, options_.pdftotext, options_.pdf_seconds);
        if (!text) {
            if (text.error().code == "pdf.no_pdftotext") issues_.warning("", "pdf.not_checked", text.error().reason);
            else issues_.error(where(path), text.error().code, text.error().reason);
            return;
        }
        // Page by page, so that the message says where.
        const auto seen = pages_of(*text), said = pages_of(*text_);
        for (std::size_t i = 0; i < std::max(seen.size(), said.size()); ++i) {
            if (i < seen.size() && i < said.size() && seen[i] == said[i]) continue;
            issues_.error(where(path), "pdf.text", std::to_string(i + 1));
        }
    }

    FileSystem& fs_;
    const bool real_files_;
    const ItemTree& tree_;
    const Options& options_;
    Schemas& schemas_;
    Report& report_;
    Issues& issues_;
    json item_;
    bool ours_ = false;
    std::size_t pages_ = 0;
    std::optional<std::string> text_;
    std::unordered_map<std::string, int> page_of_file_;
    std::unordered_map<int, std::pair<int, int>> image_of_page_;
    std::map<std::string, std::string> alto_; ///< What each ALTO file says.
};

} // namespace

void check_item(FileSystem& fs, bool real_files, const ItemTree& tree, const Options& options, Schemas& schemas,
                Report& report, Issues& issues) {
    ItemChecker(fs, real_files, tree, options, schemas, report, issues).run();
}

} // namespace recto::verify
