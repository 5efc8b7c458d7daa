// recto search: words, phrases and fields in everything that is stored.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "catalogue/snippet.h"
#include "cli/cli.h"
#include "cli/search_access.h"
#include "cli/store_access.h"
#include "pipeline/files/alto_reader.h"
#include "stages/describe/lines.h"
#include "stages/encode/encode.h"

namespace recto::cli {
namespace {

using catalogue::SearchHit;
using catalogue::SearchSort;
using Json = nlohmann::json;

constexpr std::int64_t kShown = 20;
constexpr std::size_t kColumns = 120;

struct SearchArguments {
    std::string archive;
    std::vector<std::string> words, fields, exclusions, fonds, years, retentions;
    std::string from, to, sort = "relevance";
    std::int64_t limit = -1, offset = 0;
    bool json = false, count = false, all = false, classified = false, brief = false;
};

/// A hit as it is shown: a page with its text, or an item alone.
struct Shown {
    catalogue::IndexedItem item;
    catalogue::IndexedPage page;
    std::string image; ///< Logical path of the image that boxes are pixels of.
    PageText text;
    catalogue::TextBlocks blocks; ///< Views into `text`.
    std::vector<catalogue::TextMatch> matches;
    catalogue::Snippet snippet;
};

/// Reads pages back from storage; keeps the item that was last asked for.
class Pages {
  public:
    explicit Pages(const ArchivePaths& paths) : fs_(posix_file_system()), objects_(fs_, paths.storage()) {}

    Result<void> open() { return objects_.open(); }

    /// Fills text, image, matches and snippet. An item that was stored anew since the index was made may answer no more;
    /// then they stay empty.
    Result<void> read(Shown& s, const catalogue::QueryNode& root) {
        if (state_.path != s.item.object_path) { RECTO_ASSIGN(state_, objects_.state_at(s.item.object_path)); }
        const std::string logical = page_logical_path("text", s.page.order, "alto.xml");
        RECTO_ASSIGN(const std::string path, objects_.content_path(state_, logical));
        RECTO_ASSIGN(const std::string xml, fs_->read(path));
        RECTO_ASSIGN(s.text, page_text_from_alto(xml));
        s.image = image_of_alto(xml);
        for (const TextBlock& b : s.text.blocks) {
            if (b.lines.empty()) continue;
            s.blocks.emplace_back();
            for (const TextLine& l : b.lines) s.blocks.back().push_back(l.text);
        }
        s.matches = catalogue::find_matches(s.blocks, root);
        s.snippet = catalogue::make_snippet(s.blocks, s.matches, kColumns);
        return {};
    }

  private:
    std::shared_ptr<FileSystem> fs_;
    OcflStore objects_;
    OcflState state_;
};

Json boxes_json(const Shown& s) {
    std::vector<const TextLine*> lines;
    for (const TextBlock& b : s.text.blocks)
        for (const TextLine& l : b.lines) lines.push_back(&l);
    Json out = Json::array();
    for (const auto& match : s.matches)
        for (const auto& span : match.spans) {
            const TextLine& line = *lines.at(static_cast<std::size_t>(span.line));
            const Box box = describe::place_of(line, span.begin, span.end);
            out.push_back({{"x", box.x},
                           {"y", box.y},
                           {"width", box.width},
                           {"height", box.height},
                           {"text", line.text.substr(span.begin, span.end - span.begin)},
                           {"term", match.term}});
        }
    return out;
}

std::size_t characters(std::string_view s) {
    return static_cast<std::size_t>(
        std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Json hit_json(const Shown& s, const SearchHit& hit, const SearchArguments& a) {
    const auto& i = s.item;
    Json j = {{"schema", 1},
              {"item",
               {{"id", i.id},
                {"reference_code", i.code},
                {"name", i.name},
                {"title", i.title},
                {"creator", i.creator},
                {"document_number", i.number},
                {"date", i.date_written},
                {"date_edtf", i.date_edtf},
                {"fonds", i.fonds},
                {"year", i.year},
                {"retention", i.retention},
                {"classification", i.classification},
                {"object", "storage/" + i.object_path}}},
              {"score", hit.score}};
    if (hit.order == 0) {
        j["page"] = nullptr;
        return j;
    }
    j["page"] = {{"id", s.page.id}, {"order", s.page.order}, {"printed_number", s.page.printed_number}};
    if (a.brief) return j;
    j["page"].update({{"image", s.image}, {"width", s.text.width}, {"height", s.text.height}});
    j["snippet"] = s.snippet.text;
    Json marks = Json::array();
    for (const auto& [begin, end] : s.snippet.marks)
        marks.push_back({characters(std::string_view(s.snippet.text).substr(0, begin)),
                         characters(std::string_view(s.snippet.text).substr(begin, end - begin))});
    j["highlights"] = std::move(marks);
    j["boxes"] = boxes_json(s);
    return j;
}

std::string coloured(const std::string& text, const char* sgr, bool colours) {
    return colours ? fmt::format("\033[{}m{}\033[0m", sgr, text) : text;
}

void print_hit(const Shown& s, const SearchHit& hit, std::string& heading, bool colours) {
    const auto& i = s.item;
    std::string line = coloured(i.name, "1", colours);
    if (!i.title.empty()) line += "  " + i.title;
    if (!i.date_written.empty()) line += "  " + i.date_written;
    for (char& c : line)
        if (c == '\n') c = ' ';
    if (i.id != heading) std::printf("%s%s\n", heading.empty() ? "" : "\n", line.c_str());
    heading = i.id;
    if (hit.order == 0) {
        std::printf("  %s\n", tr("search.item_only").c_str());
        return;
    }
    std::string page = tr("search.page", std::to_string(s.page.order));
    if (!s.page.printed_number.empty()) page += " " + tr("search.printed", s.page.printed_number);
    const auto& n = s.snippet;
    std::string text = n.more_before ? "…" : "";
    std::size_t at = 0;
    for (const auto& [begin, end] : n.marks) {
        const std::string hit_text = n.text.substr(begin, end - begin);
        text += n.text.substr(at, begin - at) + (colours ? coloured(hit_text, "1;31", true) : "【" + hit_text + "】");
        at = end;
    }
    text += n.text.substr(at) + (n.more_after ? "…" : "");
    std::printf("  %s  %s\n", coloured(page, "36", colours).c_str(), text.c_str());
}

Result<catalogue::SearchQuery> query_of(const SearchArguments& a) {
    std::string text;
    for (const std::string& w : a.words) text += (text.empty() ? "" : " ") + w;
    RECTO_ASSIGN(auto query, catalogue::parse_query(text));
    for (const std::string& f : a.fields) RECTO_TRY(catalogue::add_field(query, f));
    for (const std::string& x : a.exclusions) RECTO_TRY(catalogue::add_exclusion(query, x));
    auto& f = query.filter;
    f.fonds.insert(f.fonds.end(), a.fonds.begin(), a.fonds.end());
    f.years.insert(f.years.end(), a.years.begin(), a.years.end());
    f.retentions.insert(f.retentions.end(), a.retentions.begin(), a.retentions.end());
    if (!a.from.empty()) f.from = a.from;
    if (!a.to.empty()) f.to = a.to;
    f.classified = a.classified;
    const bool filtered =
        !f.fonds.empty() || !f.years.empty() || !f.retentions.empty() || !f.from.empty() || !f.to.empty();
    if (!query.has_words && !filtered) return fail("search.empty", "");
    return query;
}

Json counts_json(const catalogue::SearchCounts& c, bool behind, double milliseconds) {
    return {{"schema", 1},
            {"pages", c.pages},
            {"items", c.items},
            {"item_hits", c.item_hits},
            {"unreadable_pages", c.unreadable_pages},
            {"held_items", c.held_items},
            {"held_pages", c.held_pages},
            {"classified_items", c.classified_items},
            {"classified_pages", c.classified_pages},
            {"undated_items", c.undated_items},
            {"index_behind", behind},
            {"milliseconds", std::round(milliseconds * 1000) / 1000}};
}

/// What every answer says beside its hits.
void print_summary(const catalogue::SearchAnswer& answer, std::size_t shown, const SearchArguments& a, bool behind,
                   double milliseconds) {
    const auto& c = answer.counts;
    const auto say = [](const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); };
    const std::string time = fmt::format("{:.1f}", milliseconds);
    if (c.pages + c.item_hits == 0) {
        say(tr("search.none", time));
    } else {
        say(tr("search.found", std::to_string(c.pages), std::to_string(c.items), time));
        if (shown > 0 && static_cast<std::int64_t>(shown) < c.pages + c.item_hits)
            say(tr("search.shown", std::to_string(a.offset + 1),
                   std::to_string(a.offset + static_cast<std::int64_t>(shown)), std::to_string(c.pages + c.item_hits)));
        if (a.sort == "relevance" && answer.sort == SearchSort::Code && c.pages > 0) say(tr("search.not_ranked"));
    }
    say(tr("search.unreadable", std::to_string(c.unreadable_pages)));
    if (c.held_items > 0) say(tr("search.held", std::to_string(c.held_items), std::to_string(c.held_pages)));
    if (c.classified_items > 0)
        say(tr("search.classified", std::to_string(c.classified_items), std::to_string(c.classified_pages)));
    if (c.undated_items > 0) say(tr("search.undated", std::to_string(c.undated_items)));
    if (behind) say(tr("search.behind"));
}

int search(SearchArguments a) {
    const auto query = query_of(a);
    if (!query) return report_error(query.error());
    auto opened = open_index(a.archive);
    if (!opened) return report_error(opened.error());
    static const std::map<std::string, SearchSort> kSorts = {{"relevance", SearchSort::Relevance},
                                                             {"code", SearchSort::Code},
                                                             {"date", SearchSort::Date},
                                                             {"date-desc", SearchSort::DateDown}};
    catalogue::SearchOptions options;
    options.sort = kSorts.at(a.sort);
    options.offset = a.offset;
    // For people a screenful, for programs everything.
    options.limit = a.all ? -1 : a.limit >= 0 ? a.limit : a.json ? -1 : kShown;
    if (a.count) options.limit = 0;
    const auto start = std::chrono::steady_clock::now();
    const auto answer = opened->index->search(*query, options);
    if (!answer) return report_error(answer.error());
    const double milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    const auto& c = answer->counts;
    int code = c.pages + c.item_hits > 0 ? kDone : kSomeFailed;
    if (a.count) {
        if (a.json) std::printf("%s\n", counts_json(c, opened->behind, milliseconds).dump().c_str());
        else std::printf("%lld\n", static_cast<long long>(c.pages + c.item_hits));
        print_summary(*answer, 0, a, opened->behind, milliseconds);
        return code;
    }
    Pages pages{ArchivePaths(a.archive)};
    if (auto ready = pages.open(); !ready) return report_error(ready.error());
    const bool colours = isatty(1) != 0 && !std::getenv("NO_COLOR");
    std::string heading;
    for (const SearchHit& hit : answer->hits) {
        Shown s;
        auto item = opened->index->item(hit.item_row);
        if (!item) return report_error(item.error());
        s.item = std::move(*item);
        if (hit.order > 0) {
            auto page = opened->index->page(hit.item_row, hit.order);
            if (!page) return report_error(page.error());
            s.page = std::move(*page);
            if (!a.brief)
                if (const auto read = pages.read(s, query->root); !read) {
                    // The hit stands; that its page cannot be read is said.
                    (void)report_error(read.error());
                }
        }
        if (a.json)
            std::printf("%s\n", hit_json(s, hit, a).dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        else print_hit(s, hit, heading, colours);
    }
    if (std::fflush(stdout) != 0) return kIo;
    print_summary(*answer, answer->hits.size(), a, opened->behind, milliseconds);
    return code;
}

} // namespace

void add_search(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("search", tr("cli.search"));
    auto a = std::make_shared<SearchArguments>();
    const auto list = [&](const char* name, std::vector<std::string>& values, const char* message, const char* type) {
        command->add_option(name, values, tr(message))
            ->type_name(type)
            ->expected(1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("QUERY", a->words, tr("cli.search.query"));
    list("--field", a->fields, "cli.search.field", "NAME=WORDS");
    list("--not", a->exclusions, "cli.search.not", "WORDS");
    command->add_option("--from", a->from, tr("cli.search.from"))->type_name("DATE");
    command->add_option("--to", a->to, tr("cli.search.to"))->type_name("DATE");
    list("--fonds", a->fonds, "cli.search.fonds", "CODE");
    list("--year", a->years, "cli.search.year", "YEAR");
    list("--retention", a->retentions, "cli.search.retention", "PERIOD");
    command->add_flag("--classified", a->classified, tr("cli.search.classified"));
    command->add_option("--sort", a->sort, tr("cli.search.sort"))
        ->check(CLI::IsMember({"relevance", "code", "date", "date-desc"}))
        ->capture_default_str();
    command->add_option("--limit", a->limit, tr("cli.search.limit"))->check(CLI::NonNegativeNumber);
    command->add_option("--offset", a->offset, tr("cli.search.offset"))->check(CLI::NonNegativeNumber);
    command->add_flag("--all", a->all, tr("cli.search.all"));
    command->add_flag("--count", a->count, tr("cli.search.count"));
    command->add_flag("--brief", a->brief, tr("cli.search.brief"));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->footer(tr("cli.search.examples"));
    command->callback([&action, a] { action = [a] { return search(*a); }; });
}

} // namespace recto::cli
