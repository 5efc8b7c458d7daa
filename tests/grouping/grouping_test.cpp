// Items from images: separators, codes, identities, classes. All answers are known by construction. One file because every test
// builds its delivery with the same Box.

#include "stages/grouping/grouping.h"

#include <set>
#include <tuple>

#include <gmock/gmock.h>

#include "tests/truth_pages.h"

namespace recto::group {
namespace {

using ::testing::ElementsAre;

class Rows : public CatalogueView {
  public:
    std::map<std::string, std::map<std::string, std::string>> rows;
    const std::map<std::string, std::string>* find(std::string_view code) const override {
        const auto it = rows.find(std::string(code));
        return it == rows.end() ? nullptr : &it->second;
    }
};

constexpr const char* kA = "0025-WS·2012-Y-BGS-0001";
constexpr const char* kB = "0025-WS·2012-Y-BGS-0002";

/// Builds deliveries in a line: body(), blank(), sheet(code), patch(), spread(), broken().
struct Box {
    GroupInput input;
    Rows rows;
    Settings settings;
    int n = 0;

    explicit Box(std::string name = "box") { input.name = std::move(name); }
    TreatedSource& add(PageTreatment page, std::string name = {}) {
        TreatedSource s;
        ++n;
        s.source.original_name = name.empty() ? std::to_string(n) + ".tif" : name;
        s.source.path = "/in/" + s.source.original_name;
        s.source.sha512 = "digest-" + std::to_string(n);
        s.source.images.emplace_back();
        page.signature = "";
        s.treatments.emplace_back();
        s.treatments[0].pages.push_back(std::move(page));
        input.sources.push_back(std::move(s));
        return input.sources.back();
    }
    Box& body(int count = 1) {
        for (int i = 0; i < count; ++i) add({});
        return *this;
    }
    Box& named(std::string name) {
        add({}, std::move(name));
        return *this;
    }
    Box& blank() {
        PageTreatment p;
        p.blank = true;
        add(p);
        return *this;
    }
    Box& sheet(std::string value, std::string kind = "code128") {
        add({}).treatments[0].separator = {std::move(kind), std::move(value)};
        return *this;
    }
    Box& patch() { return sheet("", "patch-t"); }
    Box& spread() {
        auto& s = add({});
        s.treatments[0].pages[0].split = "left";
        s.treatments[0].pages.push_back(s.treatments[0].pages[0]);
        s.treatments[0].pages[1].split = "right";
        return *this;
    }
    Box& broken() {
        auto& s = add({});
        s.treatments.clear();
        s.error = fail("decode.damaged", "strip 3 ends early", s.source.path).value();
        return *this;
    }
    std::vector<Item> items() { return group_items(input, {"437001", &rows, &settings}); }
};

std::vector<std::string> names(const std::vector<Item>& items) {
    std::vector<std::string> out;
    for (const Item& i : items) out.push_back(i.display_name() + ":" + std::to_string(i.pages.size()));
    return out;
}

std::vector<std::string> classes(const Item& item) {
    std::vector<std::string> out;
    for (const Page& p : item.pages) out.emplace_back(to_string(p.page_class));
    return out;
}

bool has(const std::vector<Finding>& findings, std::string_view code) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.code == code; });
}

TEST(Group, AFolderIsAnItemUnderItsName) {
    Box box("some letters");
    auto items = box.body(3).items();
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].reference_code, "");
    EXPECT_EQ(items[0].provisional_name, "some letters");
    EXPECT_EQ(items[0].counted_pages(), 3);
    EXPECT_EQ(items[0].pages[2].serial, 3);
    EXPECT_EQ(items[0].pages[2].order, 3);
    EXPECT_FALSE(items[0].held);
}

TEST(Group, CodesInNamesByPatternAndByCatalogue) {
    Rows rows;
    rows.rows["LZ-17-3"] = {{"reference_code", "LZ-17-3"}};
    rows.rows["甲/12"] = {{"reference_code", "甲/12"}};
    Settings settings;
    const GroupingOptions options{"437001", &rows, &settings};
    const auto code = [&](std::string_view name) { return recognise_code(name, options, true); };
    EXPECT_EQ(code("0025-WS·2012-Y-BGS-0001"), "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ(code("A002-KJ·JJ·2023·D30-005-021"), "A002-KJ·JJ·2023·D30-005-021");
    EXPECT_EQ(code("0025-WS•2012-Y-BGS-0001"), "0025-WS·2012-Y-BGS-0001") << "another dot";
    EXPECT_EQ(code("００２５－ＷＳ·2012－Y－BGS－0001"), "0025-WS·2012-Y-BGS-0001") << "full width";
    EXPECT_EQ(code("0025-WS·2012-Y-BGS-0001 关于春季防汛的通知"), "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ(code("0025-WS·2012-Y-BGS-0001关于春季防汛的通知"), "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ(code("0025-WS·2012-Y-BGS-0001_scan2"), "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ(code("12-3-45-6"), "12-3-45-6") << "DA/T 13-94";
    EXPECT_EQ(code("LZ-17-3"), "LZ-17-3") << "only the catalogue knows it";
    EXPECT_EQ(code("甲%2F12"), "甲/12") << "as our own file names write it";
    EXPECT_EQ(code("2023-03-17-001"), "") << "a date is no 档号";
    EXPECT_EQ(code("2023-03-17"), "");
    EXPECT_EQ(code("box 3"), "");
    EXPECT_EQ(code("IMG_0001"), "");
    EXPECT_EQ(code(""), "");
    EXPECT_EQ(code("\xff\xfe-1-2"), "");
}

TEST(Group, APatternThatBacktracksWithoutEndIsGivenUp) {
    Settings settings;
    settings.set(kCodePatterns, std::string("(A+)+-9 ([ unbalanced"));
    EXPECT_EQ(recognise_code(std::string(200, 'A') + "-", {"", nullptr, &settings}, false), "");
}

TEST(Group, BarcodeSheetsBeginItems) {
    Box box;
    auto items = box.body(2).sheet(kA).body(3).sheet(kB).blank().body(1).items();
    EXPECT_THAT(names(items), ElementsAre("box:2", std::string(kA) + ":4", std::string(kB) + ":3"));
    EXPECT_THAT(classes(items[1]), ElementsAre("separator", "body", "body", "body"));
    EXPECT_EQ(items[1].counted_pages(), 3);
    EXPECT_EQ(items[2].counted_pages(), 1);
    EXPECT_EQ(items[1].sources.size(), 4U);
    EXPECT_EQ(items[1].pages[1].image.source, 1);
}

TEST(Group, SameBarcodesInARowAreOneSheet) {
    Box box;
    auto items = box.sheet(kA).sheet(kA).blank().sheet(kA).body(2).sheet(kA).body(1).items();
    EXPECT_THAT(names(items), ElementsAre(std::string(kA) + ":8"));
    EXPECT_EQ(items[0].counted_pages(), 3);
    EXPECT_TRUE(items[0].findings.empty());
}

TEST(Group, ACodeThatComesAgainJoinsItsItem) {
    Box box;
    auto items = box.sheet(kA).body(1).sheet(kB).body(1).sheet(kA).body(2).items();
    EXPECT_THAT(names(items), ElementsAre(std::string(kA) + ":5", std::string(kB) + ":2"));
    EXPECT_TRUE(has(items[0].findings, "group.code_again"));
}

TEST(Group, PatchSheetsBeginProvisionalItemsWithNamesOfTheirOwn) {
    Box box;
    auto items = box.patch().body(1).patch().patch().body(2).patch().body(1).patch().items();
    EXPECT_THAT(names(items), ElementsAre("box:2", "box #2:4", "box #3:3"));
    EXPECT_THAT(classes(items[2]), ElementsAre("separator", "body", "separator")) << "a last sheet stays accounted for";
    std::set<std::string> ids;
    for (const Item& i : items) ids.insert(i.id.to_string());
    EXPECT_EQ(ids.size(), 3U);
}

TEST(Group, APatchBeforeABarcodeIsOneSeparator) {
    Box box;
    EXPECT_THAT(names(box.patch().sheet(kA).body(2).items()), ElementsAre(std::string(kA) + ":4"));
}

TEST(Group, ABlankVersoNeverSplitsUnlessAsked) {
    Box box;
    box.body(1).blank().body(2).blank().body(1);
    EXPECT_EQ(box.items().size(), 1U);
    box.settings.set(kBlankSplits, true);
    EXPECT_THAT(names(box.items()), ElementsAre("box:1", "box #2:3", "box #3:2"));
}

TEST(Group, ABarcodeThatIsNoCodeStaysAPage) {
    Box box;
    box.body(1).sheet("https://example.org/verify?x=1", "qr").body(1);
    auto items = box.items();
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].counted_pages(), 3);
    EXPECT_TRUE(has(items[0].pages[1].findings, "group.barcode_not_code"));
    box.settings.set(kBarcodes, std::string("any"));
    EXPECT_EQ(box.items().size(), 2U);
    box.settings.set(kBarcodes, std::string("none"));
    EXPECT_EQ(box.items().size(), 1U);
}

TEST(Group, TheSheetWinsOverTheFolderAndBothAreSaid) {
    Box box(kA);
    auto items = box.sheet(kB).body(1).items();
    EXPECT_THAT(names(items), ElementsAre(std::string(kB) + ":2"));
    EXPECT_TRUE(has(items[0].findings, "group.code_conflict"));
    Box same(kA);
    EXPECT_TRUE(same.sheet(kA).body(1).items()[0].findings.empty());
}

TEST(Group, ASheetWithNothingBehindItIsHeld) {
    Box box;
    auto items = box.sheet(kA).sheet(kB).body(1).items();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_TRUE(items[0].held);
    EXPECT_TRUE(has(items[0].findings, "group.no_pages"));
    EXPECT_FALSE(items[1].held);
}

TEST(Group, FileNamesThatAreCodesMakeItems) {
    Box box;
    for (const char* n : {"0025-WS·2012-Y-BGS-0001-001.tif", "0025-WS·2012-Y-BGS-0001-002.tif",
                          "0025-WS·2012-Y-BGS-0002-001.tif", "0025-WS·2012-Y-BGS-0002-002.tif"})
        box.named(n);
    EXPECT_THAT(names(box.items()), ElementsAre(std::string(kA) + ":2", std::string(kB) + ":2"));
    Box mixed; // one name that says nothing: forms alone are not believed, the catalogue is
    mixed.named("0025-WS·2012-Y-BGS-0001.tif").named("IMG_7.tif");
    EXPECT_THAT(names(mixed.items()), ElementsAre("box:2"));
    mixed.rows.rows[kA] = {{"reference_code", kA}};
    EXPECT_THAT(names(mixed.items()), ElementsAre(std::string(kA) + ":1", "box #2:1"));
    Box dates;
    dates.named("2023-03-17-001.tif").named("2023-03-17-002.tif");
    EXPECT_THAT(names(dates.items()), ElementsAre("box:2"));
}

TEST(Group, ASpreadGivesTwoPagesInReadingOrder) {
    Box box;
    box.spread().spread();
    auto items = box.items();
    ASSERT_EQ(items[0].pages.size(), 4U);
    EXPECT_EQ(items[0].pages[0].treatment.split, "left");
    EXPECT_EQ(items[0].pages[1].serial, 1);
    EXPECT_EQ(items[0].pages[2].serial, 2);
    EXPECT_EQ(items[0].pages[0].side, "verso");
    EXPECT_NE(items[0].pages[0].id, items[0].pages[1].id);
    box.settings.set(kRightToLeft, true);
    auto old_book = box.items();
    EXPECT_EQ(old_book[0].pages[0].treatment.split, "right");
    EXPECT_EQ(old_book[0].pages[0].id, items[0].pages[1].id) << "an identity does not depend on the order";
}

TEST(Group, FailedFilesKeepTheirPlaceAndHoldTheItem) {
    Box box;
    auto items = box.body(1).broken().body(1).items();
    ASSERT_EQ(items[0].pages.size(), 3U);
    ASSERT_TRUE(items[0].pages[1].error);
    EXPECT_EQ(items[0].pages[1].error->code, "decode.damaged");
    EXPECT_TRUE(items[0].held);
    EXPECT_TRUE(has(items[0].findings, "group.failed_pages"));
}

TEST(Group, IdentitiesAreTheSameAgainAndDifferWhereTheyMust) {
    Box one, two, other("other");
    const auto a = one.body(2).items(), b = two.body(2).items(), c = other.body(2).items();
    EXPECT_EQ(a[0].id, b[0].id);
    EXPECT_EQ(a[0].pages[1].id, b[0].pages[1].id);
    EXPECT_NE(a[0].id, c[0].id);
    EXPECT_NE(a[0].pages[0].id, a[0].pages[1].id);
    Box doubled; // the same file twice in one item: two pages with identities of their own
    doubled.body(2);
    doubled.input.sources[1].source.sha512 = doubled.input.sources[0].source.sha512;
    const auto d = doubled.items();
    EXPECT_NE(d[0].pages[0].id, d[0].pages[1].id);
    EXPECT_TRUE(has(d[0].pages[1].findings, "group.duplicate"));
    // Frozen: a change here gives every archive new identities.
    EXPECT_EQ(a[0].id, Uuid::from_name(Uuid::recto_space(), "item\n437001\nbox\ndigest-1\ndigest-2"));
    EXPECT_EQ(a[0].pages[0].id, Uuid::from_name(a[0].id, "digest-1\n0\n\n0"));
}

TEST(Group, EveryImageIsInExactlyOneItem) {
    unsigned state = 12345; // a plain generator: the same cases everywhere
    const auto next = [&](unsigned n) {
        state = state * 1664525U + 1013904223U;
        return (state >> 16) % n;
    };
    for (int round = 0; round < 300; ++round) {
        Box box;
        const unsigned count = 1 + next(12);
        for (unsigned i = 0; i < count; ++i) {
            switch (next(7)) {
            case 0: box.sheet(kA); break;
            case 1: box.sheet(kB); break;
            case 2: box.patch(); break;
            case 3: box.blank(); break;
            case 4: box.broken(); break;
            default: box.body(1);
            }
        }
        box.settings.set(kBlankSplits, next(2) == 0);
        std::multiset<std::string> seen;
        std::set<std::string> ids, codes;
        for (const Item& item : box.items()) {
            EXPECT_TRUE(ids.insert(item.id.to_string()).second);
            EXPECT_TRUE(codes.insert(item.display_name()).second);
            for (const Page& p : item.pages) {
                seen.insert(item.sources[static_cast<std::size_t>(p.image.source)].sha512);
                EXPECT_TRUE(ids.insert(p.id.to_string()).second);
            }
        }
        std::multiset<std::string> expected;
        for (const auto& s : box.input.sources) expected.insert(s.source.sha512);
        EXPECT_EQ(seen, expected);
    }
}

TEST(Sides, BlankVersosByPlace) {
    Box box;
    auto items = box.body(1).blank().body(1).blank().items();
    EXPECT_THAT(classes(items[0]), ElementsAre("body", "blank-verso", "body", "blank-verso"));
    EXPECT_EQ(items[0].pages[3].leaf, 2);
    EXPECT_EQ(items[0].pages[3].side, "verso");
    Box odd; // a blank at an odd place: not a stack scanned on both sides
    EXPECT_THAT(classes(odd.body(2).blank().body(1).items()[0]), ElementsAre("body", "body", "blank", "body"));
    Box sheet; // behind a separator sheet the count begins anew
    auto s = sheet.sheet(kA).blank().body(1).blank().items();
    EXPECT_THAT(classes(s[0]), ElementsAre("separator", "blank", "body", "blank-verso"));
    Box off;
    off.body(1).blank();
    off.settings.set(kDuplex, std::string("off"));
    EXPECT_THAT(classes(off.items()[0]), ElementsAre("body", "blank"));
}

TEST(Duplicates, BySignature) {
    Box box;
    box.body(4);
    const auto sign = [&](std::size_t i, std::string s, double ink) {
        auto& p = box.input.sources[i].treatments[0].pages[0];
        p.signature = std::move(s);
        p.ink_ratio = ink;
        p.transform = Transform(2480, 3508);
    };
    sign(0, "f0f0a5a50f0f3c3c", 0.05);
    sign(1, "f0f0a5a50f0f3c3d", 0.051); // one bit off: the same page again
    sign(2, "f0f0a5a50f0f3c3c", 0.09);  // alike in layout, far more ink
    sign(3, "0f0f5a5af0f0c3c3", 0.05);
    const auto items = box.items();
    EXPECT_FALSE(has(items[0].pages[0].findings, "group.duplicate"));
    EXPECT_TRUE(has(items[0].pages[1].findings, "group.duplicate"));
    EXPECT_FALSE(has(items[0].pages[2].findings, "group.duplicate"));
    EXPECT_FALSE(has(items[0].pages[3].findings, "group.duplicate"));
}

TEST(Duplicates, FormsThatLookAlikeButSayOtherwiseAreNone) {
    Box box;
    box.body(3);
    for (std::size_t i = 0; i < 3; ++i) {
        auto& p = box.input.sources[i].treatments[0].pages[0];
        p.signature = "f0f0a5a50f0f3c3c";
        p.ink_ratio = 0.05;
        p.transform = Transform(2480, 3508);
    }
    Item item = box.items()[0];
    const auto say = [&](std::size_t page, std::initializer_list<const char*> lines, double confidence) {
        PageText& text = item.pages[page].text;
        text.state = ReadState::Read;
        text.blocks.assign(1, {});
        for (const char* l : lines) {
            TextLine line;
            line.text = l;
            line.confidence = confidence;
            text.blocks[0].lines.push_back(line);
        }
    };
    const auto duplicates = [&] {
        Item copy = item;
        classify_by_text(copy, {});
        return std::pair(has(copy.pages[1].findings, "group.duplicate"),
                         has(copy.pages[2].findings, "group.duplicate"));
    };
    EXPECT_EQ(duplicates(), std::pair(true, true)) << "without text";
    say(0, {"发票专用收据", "日期 2023年03月17日", "金额 1,250.00 元", "收款单位 青柳市粮食局"}, 0.99);
    say(1, {"发票专用收据 日期 2023年03月17日", "金额 1,25O.00 元", "收款单位", "青柳市粮食局"}, 0.99); // scanned again
    say(2, {"发票专用收据", "日期 2023年04月02日", "金额 980.50 元", "收款单位 青柳市粮食局"}, 0.99);
    EXPECT_EQ(duplicates(), std::pair(true, false));
    say(2, {"发票专用收据", "日期 2023年04月02日", "金额 980.50 元", "收款单位 青柳市粮食局"}, 0.7);
    say(0, {"发票专用收据", "日期 2023年03月17日", "金额 1,250.00 元", "收款单位 青柳市粮食局"}, 0.7);
    EXPECT_EQ(duplicates(), std::pair(true, true)) << "lines that may be misread prove nothing";
}

/// Pages turned as given, with that confidence.
std::vector<Page> pages_turned(const std::vector<std::pair<int, double>>& turns, std::vector<std::size_t> unsure = {}) {
    Box box;
    box.body(static_cast<int>(turns.size()));
    for (std::size_t i = 0; i < turns.size(); ++i) {
        auto& p = box.input.sources[i].treatments[0].pages[0];
        std::tie(p.orientation_deg, p.orientation_confidence) = turns[i];
    }
    for (const std::size_t i : unsure) {
        Finding f;
        f.code = "treat.orientation_unsure";
        box.input.sources[i].treatments[0].pages[0].findings.push_back(f);
    }
    return box.items()[0].pages;
}

const Finding* find(const Page& page, std::string_view code) {
    for (const Finding& f : page.findings)
        if (f.code == code) return &f;
    return nullptr;
}

TEST(Orientation, TheOddPageIsSaid) {
    const auto pages = pages_turned({{0, .9}, {0, .9}, {0, .9}, {0, .9}, {180, .9}, {0, .9}, {90, .5}});
    EXPECT_EQ(find(pages[3], "group.odd_orientation"), nullptr);
    // Two odd ones of seven: an item of many ways up says nothing.
    EXPECT_EQ(find(pages[4], "group.odd_orientation"), nullptr);
    const auto odd = pages_turned({{0, .9}, {0, .9}, {0, .9}, {0, .9}, {180, .9}, {0, .9}});
    ASSERT_NE(find(odd[4], "group.odd_orientation"), nullptr);
    EXPECT_EQ(find(odd[4], "group.odd_orientation")->severity, Severity::Info); // sure of itself
    EXPECT_EQ(find(odd[3], "group.odd_orientation"), nullptr);
    const auto doubtful = pages_turned({{0, .9}, {0, .9}, {0, .9}, {0, .9}, {180, .5}, {0, .9}});
    ASSERT_NE(find(doubtful[4], "group.odd_orientation"), nullptr);
    EXPECT_EQ(find(doubtful[4], "group.odd_orientation")->severity, Severity::Warning);
}

// Pages that know nothing by themselves are held against those that do, however many they are.
TEST(Orientation, AWeakPageUnlikeTheStackIsSaid) {
    const auto pages =
        pages_turned({{90, .9}, {90, .8}, {90, .9}, {0, .1}, {0, 0}, {90, .7}, {90, .9}, {90, .2}, {0, .9}}, {3, 7});
    for (const std::size_t i : {3U, 4U}) {
        const Finding* f = find(pages[i], "group.orientation_unlike");
        ASSERT_NE(f, nullptr) << i;
        EXPECT_EQ(f->severity, Severity::Warning);
        EXPECT_THAT(f->args, ElementsAre(std::to_string(i + 1), "0", "5", "90"));
    }
    EXPECT_EQ(find(pages[7], "group.orientation_unlike"), nullptr); // lies as the stack does
    EXPECT_NE(find(pages[8], "group.odd_orientation"), nullptr);
    // Three sure pages are no stack.
    const auto few = pages_turned({{90, .9}, {90, .8}, {90, .9}, {0, .1}, {0, 0}});
    EXPECT_EQ(find(few[3], "group.orientation_unlike"), nullptr);
}

TEST(Sizes, ThePageThatWasNotFedToItsEndIsSaid) {
    const auto box_of = [](std::vector<std::pair<double, double>> millimetres) {
        Box box;
        box.body(static_cast<int>(millimetres.size()));
        for (std::size_t i = 0; i < millimetres.size(); ++i) {
            auto& p = box.input.sources[i].treatments[0].pages[0];
            p.dpi = {300, 300, DpiSource::File};
            p.transform = Transform(static_cast<int>(millimetres[i].first / 25.4 * 300),
                                    static_cast<int>(millimetres[i].second / 25.4 * 300));
        }
        return box.items()[0];
    };
    const auto severity = [](const Page& p) {
        for (const Finding& f : p.findings)
            if (f.code == "group.odd_size") return std::string(to_string(f.severity));
        return std::string();
    };
    // A landscape page of the same paper is no odd one.
    const Item cut = box_of({{210, 297}, {211, 296}, {210, 297}, {297, 210}, {210, 170}, {209, 298}});
    EXPECT_EQ(severity(cut.pages[4]), "warning");
    for (const std::size_t i : {0, 1, 2, 3, 5}) EXPECT_EQ(severity(cut.pages[i]), "") << i;
    const Item fold_out = box_of({{210, 297}, {210, 297}, {297, 420}, {210, 297}, {210, 297}, {210, 297}});
    EXPECT_EQ(severity(fold_out.pages[2]), "info");
    // Half letters, half slips: nothing is usual.
    const Item mixed = box_of({{210, 297}, {148, 210}, {210, 297}, {148, 210}, {210, 297}, {148, 210}});
    for (const Page& p : mixed.pages) EXPECT_EQ(severity(p), "");
}

TEST(Streaks, OneLineAtOnePlaceOfManyScansIsDirtOnTheGlass) {
    Box box;
    box.body(6);
    const auto line = [&](std::size_t i, double x, std::string device = "A") {
        Finding f;
        f.code = "treat.streak";
        f.has_place = true;
        f.place = {x, 0, 4, 3508};
        box.input.sources[i].treatments[0].findings.push_back(f);
        box.input.sources[i].treatments[0].pages[0].dpi = {300, 300, DpiSource::File};
        box.input.sources[i].source.capture.device = std::move(device);
    };
    line(0, 500);
    line(1, 903);
    line(2, 900);
    line(3, 900, "B");
    line(4, 899);
    const auto items = box.items();
    EXPECT_TRUE(has(items[0].pages[1].findings, "group.streaks"));
    for (const std::size_t i : {0, 2, 3, 4, 5}) EXPECT_FALSE(has(items[0].pages[i].findings, "group.streaks")) << i;
}

// ---- by text ---------------------------------------------------------------------------------------------------------

/// Lines at heights 0 to 1 of the page.
PageText page_text(std::vector<std::pair<double, std::string>> lines) {
    PageText t;
    t.width = 2480;
    t.height = 3508;
    t.confidence = 0.9;
    TextBlock block;
    for (auto& [y, text] : lines) {
        TextLine line;
        line.text = text;
        line.box = {400, y * 3508 - 25, 1600, 50};
        block.lines.push_back(std::move(line));
    }
    t.blocks.push_back(std::move(block));
    return t;
}

TEST(PrintedNumber, Forms) {
    const auto foot = [](std::string s) {
        return find_printed_number(page_text({{0.4, "正文"}, {0.94, std::move(s)}}));
    };
    EXPECT_EQ(foot("- 3 -"), "3");
    EXPECT_EQ(foot("— 12 —"), "12");
    EXPECT_EQ(foot("－３－"), "3");
    EXPECT_EQ(foot("第 3 页"), "3");
    EXPECT_EQ(foot("第3页 共 15 页"), "3");
    EXPECT_EQ(foot("第3页,共15页"), "3");
    EXPECT_EQ(foot("3 / 15"), "3");
    EXPECT_EQ(foot("Page 3 of 15"), "3");
    EXPECT_EQ(foot("7"), "7");
    EXPECT_EQ(foot("12-1"), "12-1");
    EXPECT_EQ(foot("(4)"), "4");
    EXPECT_EQ(foot("2023"), "") << "a bare year";
    EXPECT_EQ(foot("2023年3月17日"), "");
    EXPECT_EQ(foot("电话 0772-2825"), "");
    EXPECT_EQ(foot("3 copies"), "");
    EXPECT_EQ(find_printed_number(page_text({{0.5, "- 3 -"}})), "") << "not in a margin";
    EXPECT_EQ(find_printed_number(page_text({{0.05, "17"}, {0.5, "text"}})), "17");
    EXPECT_EQ(find_printed_number(PageText{}), "");
}

Item with_texts(std::vector<PageText> texts) {
    Box box;
    box.body(static_cast<int>(texts.size()));
    Item item = box.items()[0];
    for (std::size_t i = 0; i < texts.size(); ++i) item.pages[i].text = std::move(texts[i]);
    return item;
}

TEST(Classify, CoverContentsBodyBackNote) {
    Item item = with_texts({
        page_text({{0.2, "文 书 档 案"},
                   {0.3, "案卷题名 关于防汛工作的文件"},
                   {0.4, "立卷单位 柳州市人民政府办公室"},
                   {0.5, "全宗号 0025"},
                   {0.6, "保管期限 永久"}}),
        page_text(
            {{0.1, "卷 内 目 录"}, {0.2, "顺序号 文号 责任者 题名 日期 页号 备注"}, {0.3, "1 柳政发〔2023〕12号"}}),
        page_text({{0.1, "柳州市人民政府文件"},
                   {0.3, "关于加强档案目录管理的通知"},
                   {0.4, "各县区人民政府,全宗、案卷、保管期限均应核对。"}}),
        page_text({{0.2, "目录如下"}, {0.3, "正文继续"}}),
        page_text({{0.12, "卷内备考表"}, {0.3, "本卷共有文件 12 页"}, {0.8, "立卷人"}}),
    });
    classify_by_text(item, {});
    EXPECT_THAT(classes(item), ElementsAre("cover", "contents", "body", "body", "back-note"));
    EXPECT_EQ(item.counted_pages(), 2);
}

TEST(Classify, ALetterAboutCoversIsALetter) {
    std::string body;
    for (int i = 0; i < 60; ++i) body += "案卷题名、全宗号、保管期限";
    Item item = with_texts({page_text({{0.3, body}}), page_text({{0.1, "备考表的填写方法说明如下所列各项"}})});
    classify_by_text(item, {});
    EXPECT_THAT(classes(item), ElementsAre("body", "body"));
    Settings off;
    off.set(kClassify, false);
    Item note = with_texts({page_text({{0.3, "正文"}}), page_text({{0.1, "备考表"}})});
    classify_by_text(note, off);
    EXPECT_THAT(classes(note), ElementsAre("body", "body"));
    classify_by_text(note, {});
    EXPECT_THAT(classes(note), ElementsAre("body", "back-note"));
}

TEST(Classify, BlankByTextOnlyWhenNothingSpeaksAgainstIt) {
    const auto page = [](double ink, std::vector<std::pair<double, std::string>> lines,
                         ReadState state = ReadState::Read) {
        PageText t = page_text(std::move(lines));
        t.state = state;
        t.confidence = 0.3;
        Item item = with_texts({page_text({{0.3, "正文"}}), t, page_text({{0.3, "正文"}})});
        for (Page& p : item.pages) p.treatment.ink_ratio = 0.05;
        item.pages[1].treatment.ink_ratio = ink;
        classify_by_text(item, {});
        classify_by_text(item, {}); // a second call changes nothing
        EXPECT_EQ(has(item.pages[1].findings, "group.maybe_blank"),
                  state == ReadState::NotMachineReadable && ink < 0.005);
        EXPECT_LE(item.pages[1].findings.size(), 1U);
        return std::string(to_string(item.pages[1].page_class));
    };
    EXPECT_EQ(page(0.01, {}), "blank-verso");
    EXPECT_EQ(page(0.01, {{0.4, "乄丶"}}), "blank-verso") << "two doubtful marks";
    EXPECT_EQ(page(0.05, {}), "body") << "too much ink: a drawing";
    EXPECT_EQ(page(0.01, {}, ReadState::NotMachineReadable), "body") << "handwriting";
    EXPECT_EQ(page(0.002, {}, ReadState::NotMachineReadable), "body")
        << "a few words, or show-through: said, not decided";
    EXPECT_EQ(page(0.01, {{0.4, "本页有若干文字可读出来"}}), "body");
}

TEST(Classify, ARedLetterheadWithoutColourIsSaid) {
    const auto letter = [](const char* head, double height, const char* photometric) {
        PageText t = page_text(
            {{0.12, head}, {0.3, "关于防汛的通知"}, {0.4, "各县"}, {0.5, "正文"}, {0.6, "正文"}, {0.8, "日期"}});
        t.blocks[0].lines[0].box.height = height;
        Item item = with_texts({t});
        item.sources.resize(1);
        item.sources[0].images.resize(1);
        item.sources[0].images[0].photometric = photometric;
        classify_by_text(item, {});
        classify_by_text(item, {});
        return std::count_if(item.pages[0].findings.begin(), item.pages[0].findings.end(),
                             [](const Finding& f) { return f.code == "group.red_head_grey"; });
    };
    EXPECT_EQ(letter("柳州市人民政府文件", 120, "grey"), 1);
    EXPECT_EQ(letter("柳州市人民政府文件", 120, "bilevel"), 1);
    EXPECT_EQ(letter("柳州市人民政府文件", 120, "rgb"), 0);
    EXPECT_EQ(letter("柳州市人民政府文件", 55, "grey"), 0) << "a line of the text";
    EXPECT_EQ(letter("关于水利工程的报告", 120, "grey"), 0);
}

TEST(Classify, GapsInPrintedNumbers) {
    const auto foot = [](int n) { return page_text({{0.4, "正文"}, {0.94, "- " + std::to_string(n) + " -"}}); };
    Item gap = with_texts({foot(1), foot(2), foot(3), foot(6), foot(7)});
    classify_by_text(gap, {});
    EXPECT_EQ(gap.pages[3].printed_number, "6");
    EXPECT_TRUE(has(gap.pages[3].findings, "group.number_gap"));
    Item whole = with_texts({foot(1), page_text({{0.4, "无页码"}}), foot(3), foot(4)});
    classify_by_text(whole, {});
    for (const Page& p : whole.pages) EXPECT_FALSE(has(p.findings, "group.number_gap"));
}

TEST(Classify, TheSamples) {
    const auto truth = read_truth(std::string(RECTO_SOURCE_DIR) + "/samples/truth/truth.json");
    ASSERT_FALSE(truth.empty());
    for (auto [name, t] : truth) {
        for (Page& p : t.item.pages) { // as treatment leaves a verso with show-through: not blank to the eye
            if (p.page_class == PageClass::Blank || p.page_class == PageClass::BlankVerso)
                p.page_class = PageClass::Body;
            p.treatment.ink_ratio = p.text.blocks.empty() ? 0.015 : 0.05;
        }
        classify_by_text(t.item, {});
        const auto plain = [](PageClass c) { return to_string(c == PageClass::BlankVerso ? PageClass::Blank : c); };
        for (std::size_t i = 0; i < t.item.pages.size(); ++i)
            EXPECT_EQ(plain(t.item.pages[i].page_class), plain(t.classes[i])) << name << " page " << i + 1;
    }
}

} // namespace
} // namespace recto::group
