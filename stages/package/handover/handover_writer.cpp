// Handover of electronic records (电子档案移交): the folder of annex 2 of 电子档案移交与接收办法, over as many carriers as it takes.

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "pipeline/files/charset.h"
#include "pipeline/files/item_fields.h"
#include "pipeline/files/names.h"
#include "stages/package/handover/handover_papers.h"
#include "stages/package/package.h"

namespace recto {

namespace {

const Setting<std::string> kHandoverName{
    "handover.name", "电子档案移交",
    "Name of the handover (交接工作名称); the carriers' folders are named after it, with -001 and so on.",
    "交接工作名称;各载体文件夹以此命名,后接 -001 等顺序号。"};
const Setting<std::string> kDescription{
    "handover.description", "",
    "What is handed over (内容描述); empty: the first and last 档号 and the number of items.",
    "内容描述;为空时写起止档号和件数。"};
const Setting<std::string> kSender{"handover.sender", "", "Who hands over (移交单位); empty: the archive's own name.",
                                   "移交单位;为空时用本馆名称。"};
const Setting<std::string> kReceiver{"handover.receiver", "", "Who receives (接收单位).", "接收单位。"};
const Setting<std::string> kCarrierType{"handover.carrier_type", "",
                                        "Kind of carrier (载体类型、规格), as the register names it: DVD-R 4.7 GB.",
                                        "登记表中的载体类型、规格,如 DVD-R 4.7 GB。"};
const Setting<std::int64_t> kCarrierSize{"handover.carrier_mb",
                                         0,
                                         {0, 100'000'000},
                                         "Room of a carrier, in units of 1,000,000 bytes: the items are shared out "
                                         "over as many as it takes. 0: one for all.",
                                         "每个载体的容量,以 1,000,000 字节计;按此分盘。0 为不分盘。"};
const Setting<std::string> kHandoverFiles{"handover.files", "both",
                                          std::vector<std::string_view>{"both", "images", "pdf"},
                                          "Files of an item: the preservation image of each page, its PDF, or both.",
                                          "每件的文件:images 为每页保存图像,pdf 为每件 PDF,both 为两者。"};
const Setting<std::string> kCatalogueKind{
    "handover.catalogue", "item", std::vector<std::string_view>{"item", "volume"},
    "Catalogue of a carrier: item, 文件目录.XML; volume, 案卷目录.XML with the items of each volume.",
    "载体目录:item 为文件目录.XML;volume 为案卷目录.XML,卷内各件在其下。"};
const Setting<std::string> kCharset{
    "handover.charset", "UTF-8", std::vector<std::string_view>{"UTF-8", "GB18030", "GB2312"},
    "Character set of 说明文件.TXT and the catalogue. A character that it cannot hold refuses the handover.",
    "说明文件和目录的字符集;若有字符无法表示,则拒绝生成。"};
const Setting<std::string> kDigest{"handover.digest", "sha256",
                                   std::vector<std::string_view>{"sha256", "sha512", "sm3"},
                                   "Digest of the carriers' files.", "载体中文件的摘要算法。"};
/// A later rule is one more choice here, its name in rule_of() and its layout below; what was written by the former one stays
/// what it was.
const Setting<std::string> kEdition{"handover.edition", "2012", std::vector<std::string_view>{"2012"},
                                    "Rule that the folders follow: 2012, 电子档案移交与接收办法 (档发〔2012〕7号).",
                                    "所依规则:2012 为《电子档案移交与接收办法》(档发〔2012〕7号)。"};

/// As the papers name the rule of an edition; empty for one that the setting does not take.
std::string rule_of(const std::string& edition) {
    return edition == "2012" ? "《电子档案移交与接收办法》(档发〔2012〕7号)附件2" : "";
}

bool is_year(std::string_view text) {
    return text.size() == 4 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
           (text.starts_with("18") || text.starts_with("19") || text.starts_with("20"));
}

std::vector<std::string> split(const std::string& text, std::string_view by) {
    std::vector<std::string> out;
    std::size_t from = 0;
    for (std::size_t at = text.find(by); at != std::string::npos; at = text.find(by, from)) {
        out.push_back(text.substr(from, at - from));
        from = at + by.size();
    }
    out.push_back(text.substr(from));
    return out;
}

/// 年度 and 类别: from the catalogue; else from the date and the 档号, whose second level is 类别号 (DA/T 13-2022):
/// 0025-WS·2012-Y-BGS-0001, A002-KJ·JJ·2023·D30-005-021.
struct Class {
    std::string year, category;
};
Class class_of(const nlohmann::json& item, const std::string& code) {
    Class out{item_field(item, "year"), item_field(item, "class_code")};
    const std::string date = item_field(item, "date");
    if (out.year.empty() && is_year(std::string_view(date).substr(0, 4))) out.year = date.substr(0, 4);
    std::string from_code, category;
    const auto levels = split(code, "-");
    if (levels.size() >= 3)
        for (const std::string& part : split(levels[1], "·")) {
            if (is_year(part)) from_code = part;
            else if (from_code.empty() && !part.empty() && (part[0] < '0' || part[0] > '9'))
                category += (category.empty() ? "" : "·") + part;
        }
    if (out.year.empty()) out.year = from_code;
    if (out.category.empty()) out.category = category;
    if (out.year.empty()) out.year = "年度不详";
    if (out.category.empty()) out.category = "未分类";
    return out;
}

/// An item with what is needed to write it.
struct Planned {
    OcflState state;
    PackagePlan plan;
    HandoverItem row;
    std::vector<std::pair<std::string, HandoverFile>> files; ///< Logical path, and where it goes.
    std::uint64_t bytes = 0;
};

/// What the sharing out needs of an item.
struct Share {
    std::string object, code;
    std::uint64_t bytes = 0;
    std::size_t files = 0;
};

/// The papers of a carrier: tables of a row a file, and three small files.
std::uint64_t with_papers(std::uint64_t bytes, std::size_t files) { return bytes + 1024 * files; }
constexpr std::uint64_t kPapers = 256 * 1024;

class HandoverWriter final : public PackageWriter {
  public:
    [[nodiscard]] std::string_view name() const override { return "handover"; }
    [[nodiscard]] std::string_view english() const override {
        return "handover of electronic records (电子档案移交) over one or more carriers, with catalogue and register";
    }
    [[nodiscard]] std::string_view chinese() const override { return "电子档案移交:按载体分盘,附目录、说明和登记表"; }
    [[nodiscard]] std::vector<const SettingBase*> settings() const override {
        return {&kHandoverName,  &kDescription,   &kSender,  &kReceiver, &kCarrierType, &kCarrierSize,
                &kHandoverFiles, &kCatalogueKind, &kCharset, &kDigest,   &kEdition};
    }
    [[nodiscard]] bool takes_set() const override { return true; }
    [[nodiscard]] Result<PackageResult> write(const PackageRequest&) const override {
        return fail("package.no_item", "a handover takes all items at once");
    }

    [[nodiscard]] Result<PackageSetResult> write_set(const PackageSetRequest& in) const override {
        PackageSetResult result;
        HandoverJob job = job_of(in);
        std::vector<Share> shares;
        std::set<std::string> places;
        for (const std::string& object : in.objects) {
            auto planned = plan(in, job, object);
            if (planned && planned->plan.facts.reference_code.empty())
                planned = fail("package.provisional", "a handover names records by their 档号",
                               planned->plan.facts.display_name);
            if (!planned && (planned.error().code == "package.held" || planned.error().code == "package.provisional")) {
                result.left_out.emplace_back(object, planned.error());
                continue;
            }
            if (!planned) return tl::unexpected(planned.error());
            if (!places.insert(planned->row.name).second)
                return fail("package.twice", "two items would be " + planned->row.name, planned->row.code);
            shares.push_back({object, planned->row.code, planned->bytes, planned->files.size()});
            job.bytes += planned->bytes;
            job.files += planned->files.size();
            if (job.sender.empty())
                job.sender = planned->plan.facts.repository_name.empty() ? planned->plan.facts.repository_code
                                                                         : planned->plan.facts.repository_name;
            if (job.fonds.empty()) job.fonds = planned->plan.facts.fonds;
            job.agent = planned->plan.facts.agent;
        }
        if (shares.empty()) return result;
        std::ranges::stable_sort(shares, [](const Share& a, const Share& b) { return natural_less(a.code, b.code); });
        job.items = result.items = shares.size();
        if (job.description.empty())
            job.description = fmt::format("{} 至 {},共 {} 件", shares.front().code, shares.back().code, shares.size());
        RECTO_ASSIGN(const std::vector<std::size_t> ends, share_out(in, shares));
        job.carriers = ends.size();
        RECTO_TRY(no_other_carriers(in, job));
        // What cannot be said in the character set is found out before gigabytes are copied.
        RECTO_TRY(handover_notes(job, {}));
        RECTO_TRY(handover_catalogue(job, {}));
        std::size_t next = 0;
        for (std::size_t c = 0; c < ends.size(); ++c) {
            RECTO_ASSIGN(PackageResult made,
                         write_carrier(in, job, c + 1, std::span(shares).subspan(next, ends[c] - next), next));
            result.packages.push_back(std::move(made));
            next = ends[c];
        }
        return result;
    }

  private:
    static HandoverJob job_of(const PackageSetRequest& in) {
        HandoverJob job;
        job.name = escape_name(in.settings.get(kHandoverName));
        job.description = in.settings.get(kDescription);
        job.sender = in.settings.get(kSender);
        job.receiver = in.settings.get(kReceiver);
        job.carrier_type = in.settings.get(kCarrierType);
        job.rule = rule_of(in.settings.get(kEdition));
        job.charset = in.settings.get(kCharset);
        job.by_volume = in.settings.get(kCatalogueKind) == "volume";
        (void)parse_digest_algorithm(in.settings.get(kDigest), job.algorithm);
        job.made = in.clock.now();
        return job;
    }

    static Result<Planned> plan(const PackageSetRequest& in, const HandoverJob& job, const std::string& object) {
        Planned out;
        RECTO_ASSIGN(out.state, in.store.state(object));
        RECTO_ASSIGN(out.plan, plan_package({in.fs, in.store, out.state, in.output, in.clock, in.settings},
                                            [](const std::string& logical) {
                                                return logical.starts_with("preservation/") ||
                                                       logical.starts_with("access/");
                                            }));
        const nlohmann::json& item = out.plan.item;
        HandoverItem& row = out.row;
        row.code = out.plan.facts.display_name;
        row.volume = item_field(item, "volume_code");
        if (row.volume.empty())
            if (const std::size_t dash = row.code.rfind('-'); dash != std::string::npos && dash > 0)
                row.volume = row.code.substr(0, dash);
        row.title = out.plan.facts.title;
        row.creator = item_field(item, "creator");
        row.date = item_field(item, "date");
        row.security = item_field(item, "security_level");
        row.note = fmt::format("{} 页", item.value("pages", nlohmann::json::array()).size());
        if (auto held =
                to_charset(row.code + row.volume + row.title + row.creator + row.date + row.security, job.charset);
            !held)
            return fail("package.charset", job.charset + ": " + held.error().reason, row.code);
        const Class where = class_of(item, row.code);
        const std::string own = escape_name(row.code);
        const std::string folder =
            join_path(std::string(kHandoverRecords), join_path(escape_name(where.year), escape_name(where.category)));
        const std::string files = in.settings.get(kHandoverFiles);
        // An item that is one file lies there by itself, one of several files has a folder.
        row.name = join_path(folder, files == "pdf" ? own + ".pdf" : own);
        std::size_t images = 0;
        for (const auto& file : item.value("files", nlohmann::json::array())) {
            const std::string role = file.value("role", ""), logical = file.value("path", "");
            const bool image = role == "preservation" && files != "pdf";
            const bool pdf = role == "access" && files != "images" && file.value("media_type", "") == "application/pdf";
            if (!image && !pdf) continue;
            const std::size_t dot = logical.rfind('.');
            const std::string ending = dot == std::string::npos ? "" : logical.substr(dot);
            HandoverFile target;
            if (files == "pdf") target.path = row.name;
            else
                target.path = join_path(row.name, image ? fmt::format("{}-{:04}{}", own, file.value("page", 0), ending)
                                                        : own + ending);
            target.bytes = file.value("size", std::uint64_t{0});
            images += image;
            out.bytes += target.bytes;
            out.files.emplace_back(logical, std::move(target));
        }
        if (out.files.empty() || (files != "pdf" && images == 0))
            return fail("package.no_images", "no file has the role that handover.files asks for", row.code);
        std::ranges::sort(out.files, {}, [](const auto& f) -> const std::string& { return f.second.path; });
        return out;
    }

    /// For each carrier the index behind its last item: as many as fit, in the order of the codes; no item is divided.
    static Result<std::vector<std::size_t>> share_out(const PackageSetRequest& in, const std::vector<Share>& shares) {
        const std::uint64_t room = static_cast<std::uint64_t>(in.settings.get(kCarrierSize)) * 1'000'000;
        std::vector<std::size_t> ends;
        std::uint64_t used = kPapers;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            const std::uint64_t need = with_papers(shares[i].bytes, shares[i].files);
            if (room > 0 && kPapers + need > room)
                return fail("package.carrier",
                            fmt::format("{} bytes with its papers, a carrier holds {}", kPapers + need, room),
                            shares[i].code);
            if (room > 0 && used + need > room) {
                ends.push_back(i);
                used = kPapers;
            }
            used += need;
        }
        ends.push_back(shares.size());
        return ends;
    }

    /// A handover of more carriers, or of other items, must not stand beside this one under its name.
    static Result<void> no_other_carriers(const PackageSetRequest& in, const HandoverJob& job) {
        const std::string beyond = join_path(in.output, carrier_name(job, job.carriers + 1));
        RECTO_ASSIGN(const FileStat there, in.fs.stat(beyond));
        if (there.exists) return fail("package.exists", "a carrier of another handover of this name", beyond);
        return {};
    }

    static Result<PackageResult> write_carrier(const PackageSetRequest& in, const HandoverJob& job, std::size_t number,
                                               std::span<const Share> shares, std::size_t before) {
        PackageResult result;
        result.path = join_path(in.output, carrier_name(job, number));
        for (const Share& share : shares) {
            result.bytes += share.bytes;
            result.files += share.files;
        }
        RECTO_ASSIGN(const FileStat there, in.fs.stat(result.path));
        if (there.exists) {
            RECTO_TRY(check_same(in, job, shares, result.path));
            result.existed = true;
            return result;
        }
        RECTO_TRY(build_package(in.fs, result.path, with_papers(result.bytes, result.files) + kPapers,
                                [&](const std::string& folder) -> Result<void> {
                                    HandoverCarrier carrier;
                                    carrier.number = number;
                                    for (std::size_t i = 0; i < shares.size(); ++i)
                                        RECTO_TRY(add_item(in, job, shares[i].object, before + i + 1, folder, carrier));
                                    return add_papers(in, job, carrier, folder);
                                }));
        return result;
    }

    static Result<void> add_item(const PackageSetRequest& in, const HandoverJob& job, const std::string& object,
                                 std::size_t number, const std::string& folder, HandoverCarrier& carrier) {
        RECTO_ASSIGN(Planned planned, plan(in, job, object));
        const std::array kinds{DigestAlgorithm::Sha512, job.algorithm};
        for (auto& [logical, file] : planned.files) {
            const auto source = planned.plan.sources.find(logical);
            if (source == planned.plan.sources.end())
                return fail("package.damaged_source", "no such file: " + logical, planned.row.code);
            const std::string target = join_path(folder, file.path);
            RECTO_TRY(in.fs.make_folders(parent_path(target)));
            RECTO_ASSIGN(const auto digests, in.fs.copy(source->second, target, kinds));
            if (digests[0] != planned.state.files.at(logical))
                return fail("package.damaged_source", "its bytes have changed: " + logical, source->second);
            file.digest = digests[1];
            carrier.files.push_back(std::move(file));
        }
        planned.row.number = number;
        carrier.items.push_back(std::move(planned.row));
        return {};
    }

    static Result<void> add_papers(const PackageSetRequest& in, const HandoverJob& job, const HandoverCarrier& carrier,
                                   const std::string& folder) {
        const std::string other(kHandoverOther);
        RECTO_TRY(in.fs.make_folders(join_path(folder, other)));
        std::vector<HandoverFile> files = carrier.files;
        const auto add = [&](const std::string& path, const std::string& bytes) -> Result<void> {
            files.push_back({path, bytes.size(), digest_hex(job.algorithm, bytes)});
            return in.fs.write(join_path(folder, path), bytes);
        };
        RECTO_ASSIGN(const std::string notes, handover_notes(job, carrier));
        RECTO_TRY(add(std::string(kHandoverNotes), notes));
        RECTO_ASSIGN(const std::string catalogue, handover_catalogue(job, carrier));
        RECTO_TRY(add(std::string(job.by_volume ? kHandoverVolumes : kHandoverItems), catalogue));
        RECTO_ASSIGN(const std::string form, handover_register(job));
        RECTO_TRY(add(join_path(other, std::string(kHandoverRegister)), form));
        RECTO_ASSIGN(const std::string table, handover_digests(job, carrier, files));
        RECTO_TRY(add(join_path(other, std::string(kHandoverDigests)), table));
        return in.fs.write(join_path(folder, join_path(other, handover_digest_file(job.algorithm))),
                           handover_digest_lines(files));
    }

    /// A carrier that an earlier call finished holds the same items, in the same order, and nothing else.
    static Result<void> check_same(const PackageSetRequest& in, const HandoverJob& job, std::span<const Share> shares,
                                   const std::string& path) {
        const auto lines =
            in.fs.read(join_path(path, join_path(std::string(kHandoverOther), handover_digest_file(job.algorithm))));
        const std::string prefix = std::string(kHandoverRecords) + "/";
        std::vector<std::string> there, wanted;
        for (const std::string& line : lines ? split(*lines, "\n") : std::vector<std::string>{})
            if (const std::size_t gap = line.find("  ");
                gap != std::string::npos && line.substr(gap + 2).starts_with(prefix))
                there.push_back(line);
        for (const Share& share : shares) {
            RECTO_ASSIGN(const Planned planned, plan(in, job, share.object));
            for (const auto& [logical, file] : planned.files) {
                RECTO_ASSIGN(const auto digests,
                             in.fs.digests(planned.plan.sources.at(logical), std::array{job.algorithm}));
                wanted.push_back(digests[0] + "  " + file.path);
            }
        }
        if (there == wanted) return {};
        return fail("package.exists", "something else of this name is there", path);
    }
};

} // namespace

const PackageWriter& handover_writer() {
    static const HandoverWriter writer;
    return writer;
}

} // namespace recto
