// Fields from text with known answers: numbers, whole letters, and the item stage against a catalogue.

#include "stages/describe/describe.h"

#include <gmock/gmock.h>

#include "pipeline/core/classified.h"
#include "pipeline/files/codes.h"
#include "stages/describe/extract.h"
#include "stages/describe/lines.h"
#include "tests/truth_pages.h"

namespace recto::describe {
namespace {

using ::testing::ElementsAre;

std::string number(std::string_view line) {
    const auto n = find_document_numbers(line);
    return n.empty() ? "" : n[0].value;
}

TEST(Numbers, AllBracketForms) {
    for (const char* text :
         {"柳政发〔2023〕12号", "柳政发[2023]12号", "柳政发［2023］12号", "柳政发(2023)12号", "柳政发（2023）１２号",
          "柳政发【2023】12号", "柳政发〈2023〉12号", "柳 政 发 〔 2023 〕 12 号", "柳政发〔2023〕第12号"})
        EXPECT_EQ(number(text), "柳政发〔2023〕12号") << text;
    EXPECT_EQ(number("（85）柳政字第12号"), "〔85〕柳政字第12号");
    EXPECT_EQ(number("柳政字第12号"), "柳政字第12号");
    EXPECT_EQ(number("桂工信ZD〔2023〕7号"), "桂工信ZD〔2023〕7号");
    EXPECT_EQ(number("第12号"), "");
    EXPECT_EQ(number("电话(0772)2825号"), "电话〔0772〕2825号") << "told apart by its place, not by its form";
    EXPECT_EQ(number("\xff〔2023〕12号"), "");
}

// ---- whole letters ---------------------------------------------------------------------------------------------------

/// A line of glyphs, 40 pixels a character.
TextLine glyph_line(const std::string& text, double x, double y, double size = 40) {
    TextLine line;
    line.text = text;
    line.confidence = 0.9;
    Word word;
    word.text = text;
    word.confidence = 0.9;
    double at = x;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t from = pos;
        next_code_point(text, pos);
        word.glyphs.push_back({text.substr(from, pos - from), {at, y, size, size}, 0.9});
        at += size;
    }
    word.box = line.box = {x, y, at - x, size};
    line.words.push_back(std::move(word));
    return line;
}

Page page_of(int order, std::vector<TextLine> lines) {
    Page p;
    p.order = order;
    p.text.width = 2480;
    p.text.height = 3508;
    p.text.blocks.push_back({BlockKind::Text, {0, 0, 2480, 3508}, std::move(lines)});
    return p;
}

Item letter() {
    Item item;
    item.reference_code = "A-1";
    item.pages.push_back(
        page_of(1, {glyph_line("柳州市人民政府文件", 600, 400, 130), glyph_line("柳政发〔2023〕12号", 1000, 700),
                    glyph_line("柳州市人民政府关于加强", 700, 900, 60), glyph_line("春季防汛工作的通知", 760, 990, 60),
                    glyph_line("各县、区人民政府,市直各部门:", 300, 1150),
                    glyph_line("根据《防汛条例》(桂政发〔2022〕5号)精神,自2023年1月1日起执行,现通知如下:", 380, 1250),
                    glyph_line("一、提高认识。", 380, 1350)}));
    item.pages.push_back(
        page_of(2, {glyph_line("二、落实责任。", 380, 300), glyph_line("柳州市人民政府", 1500, 900),
                    glyph_line("二〇二三年三月十七日", 1480, 1000), glyph_line("(此件公开发布)", 380, 1200),
                    glyph_line("柳州市人民政府办公室 2023年3月18日印发", 300, 3200), glyph_line("- 2 -", 1200, 3350)}));
    return item;
}

std::map<std::string, Field> by_id(const std::vector<Field>& fields) {
    std::map<std::string, Field> out;
    for (const Field& f : fields) out.emplace(f.id + "/" + f.source, f);
    return out;
}

TEST(Extract, AnOfficialLetter) {
    const auto f = by_id(extract_fields(letter()));
    ASSERT_EQ(f.count("document_number/extracted"), 1U);
    EXPECT_EQ(f.at("document_number/extracted").value, "柳政发〔2023〕12号");
    EXPECT_EQ(f.at("document_number/extracted").page, 1);
    ASSERT_EQ(f.count("title/extracted"), 1U);
    EXPECT_EQ(f.at("title/extracted").value, "柳州市人民政府关于加强春季防汛工作的通知");
    ASSERT_EQ(f.count("date/extracted"), 1U);
    EXPECT_EQ(f.at("date/extracted").value, "2023-03-17");
    EXPECT_EQ(f.at("date/extracted").as_written, "二〇二三年三月十七日");
    EXPECT_EQ(f.at("date/extracted").page, 2);
    ASSERT_EQ(f.count("creator/extracted"), 1U);
    EXPECT_EQ(f.at("creator/extracted").value, "柳州市人民政府");
    EXPECT_EQ(f.at("creator/extracted").page, 1);
    for (const auto& [id, field] : f) {
        EXPECT_GT(field.confidence, 0.5) << id;
        EXPECT_LE(field.confidence, 1.0) << id;
    }
    // The letterhead without 文件: seven characters of 130 pixels.
    EXPECT_DOUBLE_EQ(f.at("creator/extracted").place.width, 7 * 130);
    EXPECT_DOUBLE_EQ(f.at("date/extracted").place.x, 1480);
    EXPECT_DOUBLE_EQ(f.at("title/extracted").place.y, 900);
    EXPECT_DOUBLE_EQ(f.at("title/extracted").place.height, 150);
}

TEST(Extract, ALetterWithoutLetterheadAndAReport) {
    Item item;
    item.pages.push_back(
        page_of(1, {glyph_line("关于申请维修档案库房的请示", 700, 500, 60), glyph_line("市人民政府:", 300, 700),
                    glyph_line("我局库房年久失修,特申请维修。", 380, 800), glyph_line("妥否,请批示。", 380, 900),
                    glyph_line("柳州市档案局", 1500, 1200), glyph_line("1998年5月6日", 1500, 1300)}));
    const auto f = by_id(extract_fields(item));
    EXPECT_EQ(f.count("document_number/extracted"), 0U);
    EXPECT_EQ(f.at("title/extracted").value, "关于申请维修档案库房的请示");
    EXPECT_EQ(f.at("creator/extracted").value, "柳州市档案局");
    EXPECT_EQ(f.at("date/extracted").value, "1998-05-06");
}

TEST(Extract, AnEnglishLetter) {
    Item item;
    item.pages.push_back(
        page_of(1, {glyph_line("Cambridge, 17 March 1934", 1500, 400), glyph_line("Dear Sir,", 300, 700),
                    glyph_line("Re: Repair of the reading room", 300, 800),
                    glyph_line("We met on 3 March 1934 and agreed on the plan.", 300, 900),
                    glyph_line("2 April 1934", 300, 3000)}));
    const auto f = by_id(extract_fields(item));
    EXPECT_EQ(f.at("title/extracted").value, "Repair of the reading room");
    EXPECT_EQ(f.at("date/extracted").value, "1934-04-02") << "alone in its line";
}

TEST(Extract, CoversAndEmptyPagesYieldNothing) {
    Item item = letter();
    for (Page& p : item.pages) p.page_class = PageClass::Contents;
    EXPECT_TRUE(extract_fields(item).empty());
    EXPECT_TRUE(extract_fields(Item{}).empty());
}

TEST(Place, WordsWithoutGlyphsAreShared) {
    TextLine line;
    line.text = "一二三四 五六";
    Word a, b;
    a.text = "一二三四";
    a.box = {100, 0, 400, 50};
    a.confidence = 0.5;
    b.text = "五六";
    b.box = {520, 0, 200, 50};
    b.confidence = 1;
    line.words = {a, b};
    const Box box = place_of(line, 3, 9); // 二三
    EXPECT_DOUBLE_EQ(box.x, 200);
    EXPECT_DOUBLE_EQ(box.width, 200);
    EXPECT_DOUBLE_EQ(confidence_of(line, 3, 9), 0.5);
    EXPECT_DOUBLE_EQ(place_of(line, 0, line.text.size()).width, 620);
}

// ---- the stage -------------------------------------------------------------------------------------------------------

class Rows : public CatalogueView {
  public:
    std::map<std::string, std::string> row;
    const std::map<std::string, std::string>* find(std::string_view code) const override {
        return code == "A-1" && !row.empty() ? &row : nullptr;
    }
};

Item described(Item item, std::map<std::string, std::string> row, int times = 1) {
    Rows rows;
    rows.row = std::move(row);
    const auto stage = make_describe_stage();
    Settings settings;
    StageContext context;
    context.settings = &settings;
    EXPECT_TRUE(stage->open(context));
    const std::string folder;
    std::vector<StagedFile> files;
    const auto clock = fixed_clock({});
    const Limits limits;
    const nlohmann::json provenance;
    for (int i = 0; i < times; ++i) {
        ItemInput in{item, rows, folder, files, *clock, limits, provenance};
        EXPECT_TRUE(stage->run(in));
    }
    return item;
}

std::vector<std::string> codes(const Item& item) {
    std::vector<std::string> out;
    for (const Finding& f : item.findings) out.push_back(f.code);
    return out;
}

const std::map<std::string, std::string> kRow{{"reference_code", "A-1"},
                                              {"title", "柳州市人民政府关于加强春季防汛工作的通知"},
                                              {"document_number", "柳政发[2023]12号"},
                                              {"date", "20230317"},
                                              {"creator", "柳州市人民政府"},
                                              {"page_count", "2"},
                                              {"retention_period", "永久"}};

TEST(Stage, AgreementIsSilentAndBothSourcesStand) {
    const Item item = described(letter(), kRow, 2);
    EXPECT_TRUE(item.findings.empty());
    EXPECT_FALSE(item.held);
    EXPECT_EQ(item.expected_pages, 2);
    EXPECT_EQ(item.fields.size(), 10U) << "run twice, nothing doubled";
    EXPECT_EQ(item.field("date")->source, "catalogue");
    EXPECT_EQ(item.field("date")->as_written, "20230317");
    EXPECT_EQ(item.field("date")->value, "2023-03-17");
    EXPECT_EQ(item.field("retention_period")->value, "永久");
}

TEST(Stage, DisagreementsAreFindings) {
    auto row = kRow;
    row["document_number"] = "柳政发〔2023〕13号";
    row["date"] = "20230318";
    row["title"] = "关于放假安排的通知";
    row["page_count"] = "3";
    const Item item = described(letter(), row);
    EXPECT_THAT(codes(item),
                ElementsAre("describe.differs", "describe.differs", "describe.differs", "reconcile.missing_pages"));
    EXPECT_THAT(item.findings[0].args,
                ElementsAre("文号 (document number)", "柳政发〔2023〕13号", "柳政发〔2023〕12号", "1"));
    EXPECT_TRUE(item.held);
    EXPECT_EQ(item.held_reason, "reconcile.missing_pages");
    row["page_count"] = "1";
    EXPECT_FALSE(described(letter(), row).held);
}

// Cover, contents, blanks, back note, separators and targets are no 页: the catalogue's count is of body pages.
TEST(Stage, CountingGoesByClass) {
    for (const char* expected : {"2", "3"}) {
        Item item = letter();
        const std::size_t letters = item.pages.size();
        for (const PageClass c : {PageClass::Separator, PageClass::Target, PageClass::Cover, PageClass::Contents,
                                  PageClass::Blank, PageClass::BlankVerso, PageClass::BackNote}) {
            Page p;
            p.page_class = c;
            p.order = static_cast<int>(item.pages.size()) + 1;
            item.pages.push_back(std::move(p));
        }
        ASSERT_EQ(letters, 2U);
        auto row = kRow;
        row["page_count"] = expected;
        const Item counted = described(item, row);
        EXPECT_EQ(counted.counted_pages(), 2);
        EXPECT_EQ(counted.held, expected[0] == '3');
        EXPECT_EQ(codes(counted).empty(), expected[0] == '2');
    }
}

TEST(Stage, ASlipOfTheReaderIsNoDisagreementInATitle) {
    auto row = kRow;
    row["title"] = "柳州市人民政府关于加强春季防讯工作的通知"; // one character of twenty
    EXPECT_TRUE(described(letter(), row).findings.empty());
}

TEST(Stage, WithoutACatalogueRowTheTextSpeaks) {
    const Item item = described(letter(), {});
    EXPECT_EQ(item.field("title")->source, "extracted");
    EXPECT_EQ(item.expected_pages, -1);
    EXPECT_TRUE(item.findings.empty());
}

TEST(Stage, TheOperatorsWordStays) {
    Item item = letter();
    Field f;
    f.id = "title";
    f.as_written = f.value = "另一题名";
    f.source = "operator";
    item.fields.push_back(f);
    item = described(item, kRow);
    EXPECT_EQ(item.field("title")->value, "另一题名");
}

TEST(Stage, ASecurityMarkTheCatalogueLacksHolds) {
    const auto marked = [](std::string text, double y = 300) {
        Item item = letter();
        auto& lines = item.pages[0].text.blocks[0].lines;
        lines.insert(lines.begin(), glyph_line(text, 300, y));
        return item;
    };
    for (const char* text : {"机密", "机密★1年", "绝 密", "密级:秘密", "秘密★长期", "機密", "祕密", "【机密】",
                             "★绝密★", "000012 机密★10年 特急", "密级：机密", "秘密级", "机密 十年", "绝密件"}) {
        const Item item = described(marked(text), kRow);
        ASSERT_THAT(codes(item), ElementsAre("describe.classified")) << text;
        EXPECT_TRUE(item.held) << text;
        EXPECT_EQ(item.held_reason, "describe.classified");
        EXPECT_TRUE(held_as_classified(item));
        const Finding& f = item.findings[0];
        EXPECT_EQ(f.args[2], "1");
        EXPECT_TRUE(f.has_place);
        EXPECT_NEAR(f.place.y, 300, 60) << "in pixels of the source";
    }
    auto row = kRow;
    row["security_level"] = "机密";
    EXPECT_TRUE(described(marked("机密★1年"), row).findings.empty());
    EXPECT_TRUE(described(marked("機密"), row).findings.empty()) << "in either script";
    EXPECT_TRUE(described(marked("秘密"), row).findings.empty()) << "the catalogue is stricter";
    EXPECT_THAT(codes(described(marked("绝密"), row)), ElementsAre("describe.classified")) << "higher than listed";
    for (const char* text :
         {"机密文件应当妥善保管", "秘密会议", "秘密工作", "绝密档案解密", "关于做好保密工作的通知", "保密", "机密。",
          "商业秘密", "国家秘密", "秘密等", "机密处", "机密室", "秘密警察", "密级", "秘密、机密、绝密"})
        EXPECT_TRUE(described(marked(text), kRow).findings.empty()) << text << ": a word is no mark";
    EXPECT_TRUE(described(marked("机密", 3000), kRow).findings.empty()) << "not where marks stand";
    EXPECT_THAT(codes(described(marked("密级:机密", 3000), kRow)), ElementsAre("describe.classified"))
        << "but with its label";
}

TEST(Stage, SecurityMarksOfFormsAndStamps) {
    const auto with = [](BlockKind kind, std::vector<std::string> texts) {
        Item item = letter();
        TextBlock block;
        block.kind = kind;
        double y = 2600;
        for (const std::string& t : texts) block.lines.push_back(glyph_line(t, 300, y += 60));
        item.pages[0].text.blocks.push_back(block);
        return codes(described(item, kRow));
    };
    EXPECT_THAT(with(BlockKind::Seal, {"机密"}), ElementsAre("describe.classified")) << "a stamp anywhere";
    EXPECT_TRUE(with(BlockKind::Seal, {"机密档案室"}).empty());
    EXPECT_THAT(with(BlockKind::Table, {"密级", "机密"}), ElementsAre("describe.classified"));
    EXPECT_TRUE(with(BlockKind::Table, {"类别", "机密"}).empty());
}

TEST(Stage, EveryPageWithAMarkIsNamed) {
    Item item = letter();
    item.pages.push_back(item.pages[0]);
    item.pages[1].order = 2;
    item.pages[0].text.blocks[0].lines.insert(item.pages[0].text.blocks[0].lines.begin(), glyph_line("秘密", 300, 300));
    item.pages[1].text.blocks[0].lines.insert(item.pages[1].text.blocks[0].lines.begin(), glyph_line("绝密", 300, 300));
    auto row = kRow;
    row.erase("page_count");
    item = described(item, row);
    EXPECT_THAT(codes(item), ElementsAre("describe.classified", "describe.classified"));
    EXPECT_EQ(item.field("security_level")->value, "绝密");
    item.held = false; // as a release leaves it
    EXPECT_FALSE(held_as_classified(item));
}

TEST(Extract, TheSamples) {
    auto truth = read_truth(std::string(RECTO_SOURCE_DIR) + "/samples/truth/truth.json");
    ASSERT_FALSE(truth.empty());
    // What the letters say, read off their text; the volume by its cover.
    const std::map<std::string, std::map<std::string, std::string>> expected{
        {"0025-WS·2012-D30-BGS-0003",
         {{"document_number", "柳交字〔2012〕33号"},
          {"title", "关于做好农村公路养护工作的通知"},
          {"date", "2012-09-04"},
          {"creator", "青柳市交通运输局"}}},
        {"0025-WS·2012-Y-BGS-0001",
         {{"title", "关于白石水库除险加固工程的请示、批复及有关材料"},
          {"date", "2012-03-06/2012-06-18"},
          {"creator", "青柳市人民政府办公室"}}},
        {"0025-WS·2012-Y-BGS-0002",
         {{"document_number", "柳政办发〔2012〕15号"},
          {"title", "关于切实做好2012年防汛抗旱工作的通知"},
          {"date", "2012-04-27"},
          {"creator", "青柳市人民政府办公室"}}},
        {"LZ01-WS·2023-D30-0012",
         {{"document_number", "柳政发〔2023〕12号"},
          {"title", "青柳市人民政府关于加强纸质档案数字化工作的通知"},
          {"date", "2023-03-17"},
          {"creator", "青柳市人民政府"}}},
        {"LZ01-WS·2023-D30-0013",
         {{"document_number", "柳档函〔2023〕7号"},
          {"title", "关于商请协助核对移交目录的函"},
          {"date", "2023-05-29"},
          {"creator", "青柳市档案馆"}}},
        {"LZ01-WS·2023-D30-0014", {}}, // pages of a book: nothing is better than a guess
        {"box7-english",
         {{"document_number", "QR/218/47"},
          {"title", "Gauging station at White Stone"},
          {"date", "1947-10-14"},
          {"creator", "THE QINGLIU RIVER SURVEY"}}}};
    ASSERT_EQ(truth.size(), expected.size());
    for (auto& [name, t] : truth) {
        for (std::size_t i = 0; i < t.item.pages.size(); ++i) t.item.pages[i].page_class = t.classes[i];
        std::map<std::string, std::string> found;
        for (const Field& f : extract_fields(t.item)) found[f.id] = f.value;
        EXPECT_EQ(found, expected.at(name)) << name;
    }
}

} // namespace
} // namespace recto::describe
