// Speed and exactness of the text index: generated pages, queries of every form, each answer compared with a plain scan of
// the pages' text that shares no code with the index. bench/search.sh runs it.
//
//   bench_search FILE|postgresql://... [--pages 100000] [--queries 60] [--seed 1] [--json OUT]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <iconv.h>
#include <nlohmann/json.hpp>

#include "catalogue/search_index.h"

namespace {

using namespace recto;
using namespace recto::catalogue;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The 3,755 common characters of GB 2312, level 1.
std::vector<std::string> common_characters() {
    std::vector<std::string> out;
    iconv_t converter = iconv_open("UTF-8", "GB2312");
    for (int row = 0xB0; row <= 0xD7; ++row)
        for (int cell = 0xA1; cell <= 0xFE; ++cell) {
            char in[2] = {static_cast<char>(row), static_cast<char>(cell)}, utf8[4];
            char *from = in, *to = utf8;
            std::size_t left = 2, room = 4;
            if (iconv(converter, &from, &left, &to, &room) == static_cast<std::size_t>(-1)) continue;
            // The few that the index reads as another (乾 as 干, 著 as 着) would differ from the scan by intention.
            std::string c(utf8, 4 - room);
            if (join_tokens(cut_text(c).tokens) == c) out.push_back(std::move(c));
        }
    iconv_close(converter);
    return out;
}

/// Words of one to four characters whose frequencies fall as 1/rank, as in any language; the first are particles.
class Writer {
  public:
    explicit Writer(unsigned seed) : random_(seed) {
        auto characters = common_characters();
        std::shuffle(characters.begin(), characters.end(), random_);
        std::vector<double> weights;
        for (std::size_t i = 0; i < characters.size(); ++i) weights.push_back(1.0 / std::pow(double(i) + 8, 0.9));
        std::discrete_distribution<std::size_t> pick(weights.begin(), weights.end());
        const std::vector<double> lengths = {0.06, 0.66, 0.16, 0.12};
        std::discrete_distribution<int> length(lengths.begin(), lengths.end());
        for (int i = 0; i < 40; ++i) words_.push_back(characters[static_cast<std::size_t>(i)]);
        while (words_.size() < 40000) {
            std::string w;
            for (int n = length(random_); n >= 0; --n) w += characters[pick(random_)];
            words_.push_back(w);
        }
        std::vector<double> zipf;
        for (std::size_t i = 0; i < words_.size(); ++i) zipf.push_back(1.0 / (double(i) + 3));
        word_ = std::discrete_distribution<std::size_t>(zipf.begin(), zipf.end());
        std::uniform_int_distribution<int> letter('a', 'z'), size(2, 9);
        for (int i = 0; i < 3000; ++i) {
            std::string w;
            for (int n = size(random_); n > 0; --n) w += static_cast<char>(letter(random_));
            latin_.push_back(w);
        }
    }

    /// `plain`: what the index is given; `scan`: the same for the scan, paragraphs without line breaks, ended by '\n'.
    void page(std::string& plain, std::string& scan) {
        constexpr int kCharacters = 800, kLine = 28;
        std::uniform_int_distribution<int> hundred(0, 99), sentence(8, 40), paragraph(100, 260);
        int written = 0;
        while (written < kCharacters) {
            int left = paragraph(random_), in_line = 0, to_comma = sentence(random_);
            while (left > 0) {
                std::string w;
                int n = 0;
                const int kind = hundred(random_);
                if (kind < 2) {
                    w = " " + latin_[std::uniform_int_distribution<std::size_t>(0, latin_.size() - 1)(random_)] + " ";
                    n = 4;
                } else if (kind < 4) {
                    w = std::to_string(std::uniform_int_distribution<int>(1, 2023)(random_));
                    if (!scan.empty() && std::isdigit(static_cast<unsigned char>(scan.back()))) w = "、" + w;
                    n = 3;
                } else {
                    w = words_[word_(random_)];
                    n = static_cast<int>(w.size()) / 3;
                }
                scan += w;
                // The line may end inside a Chinese word, never inside others.
                if (kind >= 4 && in_line + n > kLine) {
                    const std::size_t cut = 3 * static_cast<std::size_t>(std::max(0, kLine - in_line));
                    plain += w.substr(0, cut) + "\n" + w.substr(cut);
                    in_line = static_cast<int>((w.size() - cut) / 3);
                } else {
                    plain += w;
                    in_line += n;
                }
                left -= n, to_comma -= n, written += n;
                if (to_comma <= 0) {
                    const char* mark = hundred(random_) < 70 ? "," : "。";
                    plain += mark, scan += mark;
                    to_comma = sentence(random_);
                }
            }
            plain += "。\n\n";
            scan += "。\n";
        }
    }

    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    const std::vector<std::string>& latin() const { return latin_; }

  private:
    std::mt19937 random_;
    std::vector<std::string> words_, latin_;
    std::discrete_distribution<std::size_t> word_;
};

bool has(const std::string& text, const std::string& wanted) {
    return memmem(text.data(), text.size(), wanted.data(), wanted.size()) != nullptr;
}

/// A query and what a scan looks for: pages with all of `all` and none of `none`.
struct Query {
    std::string text;
    std::vector<std::string> all, none;
};

/// `n` characters that stand together in some page, no punctuation among them.
std::string taken(Writer& writer, const std::vector<std::string>& scans, int n) {
    for (;;) {
        const std::string& page = scans[writer.below(scans.size())];
        std::size_t at = writer.below(page.size());
        while (at > 0 && (static_cast<unsigned char>(page[at]) & 0xC0) == 0x80) --at;
        std::string out;
        for (int k = 0; k < n; ++k, at += 3) {
            // Common characters lie in U+4E00..U+9FFF: three bytes, the first E4 to E9.
            if (at + 3 > page.size()) break;
            const auto first = static_cast<unsigned char>(page[at]);
            if (first < 0xE4 || first > 0xE9) break;
            out += page.substr(at, 3);
        }
        if (out.size() == 3 * static_cast<std::size_t>(n)) return out;
    }
}

struct Group {
    std::string name;
    std::vector<Query> queries;
};

} // namespace

int main(int argc, char** argv) {
    std::string where, json_path;
    std::size_t count = 100000, per_group = 60;
    unsigned seed = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string a = argv[i];
        if (a == "--pages" && i + 1 < argc) count = std::strtoul(argv[++i], nullptr, 10);
        else if (a == "--queries" && i + 1 < argc) per_group = std::strtoul(argv[++i], nullptr, 10);
        else if (a == "--seed" && i + 1 < argc) seed = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        else if (a == "--json" && i + 1 < argc) json_path = argv[++i];
        else where = a;
    }
    if (where.empty() || count == 0) return 64;
    DatabaseOptions options;
    const bool file = !where.starts_with("postgres");
    if (file) {
        for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(where + part);
        options.path = where;
    } else {
        options.url = where;
    }
    auto db = Database::open(options);
    if (!db) return std::fprintf(stderr, "%s\n", db.error().to_string().c_str()), 74;
    auto index = SearchIndex::open(**db);
    if (!index) return std::fprintf(stderr, "%s\n", index.error().to_string().c_str()), 74;
    if (auto cleared = (*index)->clear(); !cleared) return 74;

    Writer writer(seed);
    std::vector<std::string> scans(count);
    constexpr std::size_t kPagesAnItem = 10, kItems = 200;
    std::vector<IndexedItem> batch;
    double making = 0, indexing = 0;
    std::size_t bytes = 0;
    for (std::size_t p = 0; p < count;) {
        const auto start = Clock::now();
        IndexedItem item;
        const std::size_t number = p / kPagesAnItem + 1;
        item.id = fmt::format("item-{:07}", number);
        item.digest = "1";
        item.code = item.name = fmt::format("0025-WS·2012-Y-{:07}", number);
        item.date_edtf = fmt::format("{}", 1950 + number % 70);
        for (std::size_t k = 0; k < kPagesAnItem && p < count; ++k, ++p) {
            IndexedPage page;
            page.order = static_cast<int>(k) + 1;
            page.id = fmt::format("{}-{}", item.id, page.order);
            page.state = "read";
            writer.page(page.text, scans[p]);
            bytes += page.text.size();
            item.pages.push_back(std::move(page));
        }
        item.title = taken(writer, {item.pages[0].text}, 4);
        item.title.clear(); // the scan looks at pages only
        batch.push_back(std::move(item));
        making += seconds_since(start);
        if (batch.size() < kItems && p < count) continue;
        const auto put = Clock::now();
        if (auto done = (*index)->put(batch); !done)
            return std::fprintf(stderr, "%s\n", done.error().to_string().c_str()), 74;
        indexing += seconds_since(put);
        batch.clear();
        if (p % 20000 == 0) std::fprintf(stderr, "%zu pages, %.0f a second\n", p, static_cast<double>(p) / indexing);
    }
    const auto packing = Clock::now();
    if (auto packed = (*index)->pack(); !packed) return 74;
    const double pack = seconds_since(packing);
    std::int64_t size = 0;
    if (file) {
        (*db)->session() << "pragma wal_checkpoint(truncate)";
        size = static_cast<std::int64_t>(std::filesystem::file_size(where));
    } else {
        long long n = 0;
        (*db)->session() << "select cast(sum(pg_total_relation_size(oid)) as bigint) from pg_class where relname in "
                            "('search_fts', 'search_item_fts', 'search_row', 'search_item')",
            soci::into(n);
        size = n;
    }
    std::printf("%zu pages, %.0f MB of text; indexed in %.0f s (%.0f pages a second) and packed in %.0f s; %.0f MB "
                "(%.0f bytes a page)\n",
                count, static_cast<double>(bytes) / 1e6, indexing, static_cast<double>(count) / indexing, pack,
                static_cast<double>(size) / 1e6, static_cast<double>(size) / static_cast<double>(count));

    std::vector<Group> groups;
    for (int n = 1; n <= 4; ++n) {
        Group g{fmt::format("{} character{}", n, n > 1 ? "s" : ""), {}};
        for (std::size_t i = 0; i < per_group; ++i) {
            const std::string w = taken(writer, scans, n);
            g.queries.push_back({w, {w}, {}});
        }
        groups.push_back(std::move(g));
    }
    Group word{"Latin word", {}}, phrase{"phrase of 8", {}}, both{"two words", {}}, without{"word, not word", {}},
        absent{"3, absent", {}};
    for (std::size_t i = 0; i < per_group; ++i) {
        const std::string& w = writer.latin()[writer.below(writer.latin().size())];
        word.queries.push_back({w, {" " + w + " "}, {}});
        const std::string p = taken(writer, scans, 8);
        phrase.queries.push_back({"\"" + p + "\"", {p}, {}});
        const std::string a = taken(writer, scans, 2), b = taken(writer, scans, 2);
        both.queries.push_back({a + " " + b, {a, b}, {}});
        without.queries.push_back({a + " NOT " + b, {a}, {b}});
        const std::string x = taken(writer, scans, 1) + taken(writer, scans, 1) + taken(writer, scans, 1);
        absent.queries.push_back({x, {x}, {}});
    }
    for (Group* g : {&word, &phrase, &both, &without, &absent}) groups.push_back(std::move(*g));

    nlohmann::json out = {
        {"pages", count}, {"index_seconds", indexing}, {"bytes", size}, {"groups", nlohmann::json::array()}};
    std::printf("%-16s %9s %9s %9s %10s %8s %9s\n", "query", "median ms", "p95 ms", "max ms", "hits (med)", "recall",
                "precision");
    bool good = true;
    for (const Group& g : groups) {
        std::vector<double> times, hits;
        std::size_t expected_all = 0, found_all = 0, right = 0;
        for (const Query& q : g.queries) {
            const auto parsed = parse_query(q.text);
            if (!parsed) return std::fprintf(stderr, "%s: %s\n", q.text.c_str(), parsed.error().code.c_str()), 70;
            const auto start = Clock::now();
            const auto answer = (*index)->search(*parsed, {SearchSort::Relevance, 20, 0});
            times.push_back(seconds_since(start) * 1000);
            if (!answer) return std::fprintf(stderr, "%s\n", answer.error().to_string().c_str()), 74;
            hits.push_back(static_cast<double>(answer->counts.pages));
            const auto all = (*index)->search(*parsed, {SearchSort::Code, -1, 0});
            std::vector<bool> found(count, false);
            for (const SearchHit& h : all->hits)
                if (h.order > 0)
                    found.at((static_cast<std::size_t>(h.item_row) - 1) * kPagesAnItem +
                             static_cast<std::size_t>(h.order) - 1) = true;
            for (std::size_t p = 0; p < count; ++p) {
                const auto in = [&](const std::string& w) { return has(scans[p], w); };
                const bool expected =
                    std::all_of(q.all.begin(), q.all.end(), in) && std::none_of(q.none.begin(), q.none.end(), in);
                expected_all += expected, found_all += found[p], right += expected && found[p];
                if (expected != found[p] && good) {
                    std::fprintf(stderr, "differs: %s on page %zu: scan %d, index %d\n", q.text.c_str(), p, expected,
                                 static_cast<int>(found[p]));
                    good = false;
                }
            }
        }
        std::sort(times.begin(), times.end());
        std::sort(hits.begin(), hits.end());
        const auto at = [](const std::vector<double>& v, double share) {
            return v[std::min(v.size() - 1, static_cast<std::size_t>(share * static_cast<double>(v.size())))];
        };
        const double recall = expected_all ? static_cast<double>(right) / static_cast<double>(expected_all) : 1;
        const double precision = found_all ? static_cast<double>(right) / static_cast<double>(found_all) : 1;
        std::printf("%-16s %9.2f %9.2f %9.2f %10.0f %8.4f %9.4f\n", g.name.c_str(), at(times, 0.5), at(times, 0.95),
                    times.back(), at(hits, 0.5), recall, precision);
        std::fflush(stdout);
        out["groups"].push_back({{"name", g.name},
                                 {"median_ms", at(times, 0.5)},
                                 {"p95_ms", at(times, 0.95)},
                                 {"max_ms", times.back()},
                                 {"hits_median", at(hits, 0.5)},
                                 {"recall", recall},
                                 {"precision", precision}});
    }
    if (!json_path.empty()) std::ofstream(json_path) << out.dump(1) << "\n";
    return good ? 0 : 1;
}
