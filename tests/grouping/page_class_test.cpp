// Page classes by words: variants of covers, contents, back notes and targets, and pages that only speak of them.

#include <gmock/gmock.h>

#include "stages/grouping/grouping.h"
#include "stages/grouping/page_classes.h"

namespace recto::group {
namespace {

using Lines = std::vector<std::string>;

/// Lines evenly down the page, the first in its upper tenth.
PageText lines_page(const Lines& lines, bool table = false) {
    PageText t;
    t.width = 2480;
    t.height = 3508;
    t.confidence = 0.9;
    t.state = ReadState::Read;
    TextBlock block;
    block.kind = table ? BlockKind::Table : BlockKind::Text;
    const double step = std::min(0.06, 0.75 / static_cast<double>(std::max<std::size_t>(1, lines.size())));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        TextLine line;
        line.text = lines[i];
        line.box = {300, (0.1 + step * static_cast<double>(i)) * 3508, 1600, 50};
        block.lines.push_back(std::move(line));
    }
    t.blocks.push_back(std::move(block));
    return t;
}

const Lines kLetter{"柳州市人民政府办公室",
                    "柳政办〔2023〕12号",
                    "关于做好防汛工作的通知",
                    "各县、区人民政府,市直各单位:",
                    "入汛以来,我市多次出现强降雨。为做好防汛工作,现通知如下。",
                    "一、提高认识,加强领导。",
                    "二、落实责任,强化值守。",
                    "三、加强巡查,及时报告。",
                    "2023年6月1日"};

Item item_of(const std::vector<PageText>& pages) {
    Item item;
    item.sources.emplace_back();
    item.sources[0].images.resize(pages.size());
    for (std::size_t i = 0; i < pages.size(); ++i) {
        Page p;
        p.image = {0, static_cast<int>(i)};
        p.order = static_cast<int>(i) + 1;
        p.treatment.ink_ratio = 0.05;
        p.text = pages[i];
        item.pages.push_back(std::move(p));
    }
    return item;
}

/// Class of page `at` among letters.
const Page& classified(Item& item, std::size_t at) {
    classify_by_text(item, {});
    const std::string first(to_string(item.pages[at].page_class));
    const double confidence = item.pages[at].class_confidence;
    const std::size_t findings = item.pages[at].findings.size();
    classify_by_text(item, {}); // a second call changes nothing
    EXPECT_EQ(to_string(item.pages[at].page_class), first);
    EXPECT_EQ(item.pages[at].class_confidence, confidence);
    EXPECT_EQ(item.pages[at].findings.size(), findings);
    EXPECT_GE(confidence, 0.5);
    EXPECT_LE(confidence, 1);
    return item.pages[at];
}

Page front(const Lines& lines, bool table = false) {
    Item item = item_of({lines_page(lines, table), lines_page(kLetter), lines_page(kLetter), lines_page(kLetter)});
    return classified(item, 0);
}
Page back(const Lines& lines) {
    Item item = item_of({lines_page(kLetter), lines_page(kLetter), lines_page(kLetter), lines_page(lines)});
    return classified(item, 3);
}
Page inside(const Lines& lines, bool table = false) {
    Item item = item_of({lines_page(kLetter), lines_page(kLetter), lines_page(lines, table), lines_page(kLetter),
                         lines_page(kLetter), lines_page(kLetter)});
    return classified(item, 2);
}

const std::vector<Lines> kCovers{
    {"文 书 档 案", "案卷题名 关于防汛工作的文件", "立卷单位 柳州市人民政府", "全宗号 0025", "保管期限 永久"},
    {"卷 宗", "全宗号 25 目录号 3 案卷号 118", "件数 12 页数 96", "保管期限 长期"},
    {"柳州市水利局", "案卷", "题名 水库除险加固", "起止日期 1987年1月至1988年12月", "保管期限 30年", "档号 LZ01-12-3"},
    {"文書檔案", "案卷題名 關於防汛工作之文件", "全宗號 0025", "保管期限 永久", "案卷號 7"},
    {"科技档案", "案卷题名 1号坝施工图", "立卷单位 水利局", "保管期限 永久", "密级 内部", "档号 K12-3"},
    {"案卷题名", "立卷单位", "起止日期", "保管期限", "密级"},
    {"文书档寀", "案卷题名 防汛", "立卷单位 水利局", "全宗号 0025", "保管期限 永久"}, // read wrongly
};
const std::vector<Lines> kContents{
    {"卷 内 目 录", "顺序号 文号 责任者 题名 日期 页号 备注", "1 柳政发〔2023〕12号 柳州市政府 关于防汛"},
    {"卷内文件目录", "序号 文件编号 责任者 文件题名 日期 页次 备注", "1 12 水利局 请示 1987.3.2 1", "2 13 水利局 批复"},
    {"卷內文件目錄", "順序號 文號 責任者 題名 日期 頁號 備註", "1 府發12號 水利局 請示"},
    {"卷内目绿", "顺序号 文号 责任者 题名 日期 页号", "1 12 水利局 请示", "2 13 水利局 批复"}, // read wrongly
    {"卷丙目录", "序号", "责任者", "文号", "题名", "日期", "页号", "备注"},
    {"归档文件目录", "件号 责任者 文号 题名 日期 页数 备注", "1 市政府办 12 关于防汛"},
    {"目 录", "序号 责任者 题名 页号 备注", "1 水利局 请示 1", "2 水利局 批复 3", "3 市政府 通知 5"},
};
const std::vector<Lines> kBackNotes{
    {"卷内备考表", "本卷情况说明", "立卷人 张三", "检查人 李四", "立卷时间 2023年5月"},
    {"备 考 表", "本卷共有文件 12 件 96 页", "立卷人", "检查人"},
    {"卷內備考表", "本卷情況說明", "立卷人", "檢查人", "立卷時間"},
    {"卷内备老表", "本卷情况说明:", "立卷人:王五", "检查人:", "立卷时间:"}, // read wrongly
    {"件内备考表", "整理人", "检查人", "整理时间"},
    {"备考表"},
};
const std::vector<Lines> kTargets{
    {"ISO 12233 Test Chart", "100 lp/mm"},
    {"KODAK Color Control Patches", "Blue Cyan Green Yellow Red Magenta White"},
    {"分辨率测试图", "测试卡 A4"},
    {"标准色卡", "灰阶 1 2 3 4 5 6"},
    {"QA-62 Test Target", "Line pairs per millimetre"},
};
/// Letters, tables, title pages and manuals that use the words.
const std::vector<Lines> kOthers{
    {"关于填写卷内备考表的通知", "各单位:", "请认真填写卷内备考表,由立卷人、检查人签名。", "特此通知。",
     "2023年5月1日"},
    {"关于规范卷内目录编制的通知", "卷内目录应当包括顺序号、文号、责任者、题名、日期、页号、备注。", "请遵照执行。"},
    {"卷内备考表填写说明", "立卷人签名。检查人签名。", "本卷情况说明应当写明缺损、修改、补充、移出、销毁等情况。"},
    {"柳州市档案局文件", "柳档发〔2019〕3号", "关于档案保管期限的批复", "水利局:", "同意你局全宗的保管期限表。",
     "2019年3月4日"},
    {"表3 水库蓄水情况统计表", "序号 水库 库容 日期 备注", "1 龙江 120 3月2日", "2 柳江 98 3月3日",
     "3 洛清江 64 3月4日"},
    {"人员名册", "序号 姓名 单位 职务 备注", "1 张三 水利局 科长", "2 李四 水利局 科员", "3 王五 水利局 科员"},
    {"柳州地方志", "第三卷", "柳州市地方志编纂委员会编", "广西人民出版社"},
    {"目 录", "第一章 概况 ........ 1", "第二章 水文 ........ 15", "第三章 工程 ........ 42", "附录 ........ 88"},
    {"Annual Report", "Contents", "1 Introduction 3", "2 Floods 7", "3 Budget 15"},
    {"会议记录", "时间:1987年3月2日", "地点:会议室", "讨论了案卷整理和卷内目录的问题。", "会议决定由张三立卷。"},
    {"关于购置标准色卡和测试卡的请示", "局领导:", "为检验扫描仪的分辨率,拟购置色卡一套。", "妥否,请批示。"},
    {"工程测试报告", "测试图见附件。", "测试结果合格。", "经检验,各项指标符合要求。"},
    {"收文处理单", "来文单位 水利局", "文号 柳水〔1998〕5号", "密级 内部", "拟办意见 请阅", "领导批示"},
    {"借阅登记表", "序号 日期 姓名 档号 题名 归还日期 备注", "1 3月2日 张三 25-3-1 请示"},
    {"中共柳州市委员会", "请柬", "谨定于十月一日举行茶话会,敬请光临。"},
    kLetter,
};

// Measured: all right. The bound leaves none out, as each is a page that archives have.
TEST(PageClass, VariantsOfEachClass) {
    for (const Lines& p : kCovers) EXPECT_EQ(to_string(front(p).page_class), "cover") << p[0];
    for (const Lines& p : kContents) EXPECT_EQ(to_string(front(p).page_class), "contents") << p[0];
    for (const Lines& p : kBackNotes) EXPECT_EQ(to_string(back(p).page_class), "back-note") << p[0];
    for (const Lines& p : kTargets) {
        EXPECT_EQ(to_string(front(p).page_class), "target") << p[0];
        EXPECT_EQ(to_string(back(p).page_class), "target") << p[0];
    }
}

TEST(PageClass, PagesThatSpeakOfThemArePages) {
    for (const Lines& p : kOthers)
        for (const bool table : {false, true}) {
            EXPECT_EQ(to_string(front(p, table).page_class), "body") << p[0] << " in front";
            EXPECT_EQ(to_string(inside(p, table).page_class), "body") << p[0] << " inside";
            EXPECT_EQ(to_string(back(p).page_class), "body") << p[0] << " at the end";
        }
}

TEST(PageClass, TheSecondSheetOfContentsBearsNoHeading) {
    const Lines next{"序号 文号 责任者 题名 日期 页号 备注", "31 12 水利局 请示", "32 13 水利局 批复"};
    Item item = item_of({lines_page(kContents[0]), lines_page(next, true), lines_page(kLetter), lines_page(kLetter)});
    EXPECT_EQ(to_string(classified(item, 1).page_class), "contents");
    EXPECT_EQ(to_string(inside(next, true).page_class), "body");
}

TEST(PageClass, WhatIsNearTheLimitIsSaidWithBothClasses) {
    const auto unsure = [](const Page& p) -> const Finding* {
        for (const Finding& f : p.findings)
            if (f.code == "group.class_unsure") return &f;
        return nullptr;
    };
    // A list like 卷内目录, with its columns but no heading that was read.
    const Page list = front({"柳州市水利局", "序号 责任者 文号 题名 备注", "1 水利局 12 请示"}, true);
    ASSERT_NE(unsure(list), nullptr);
    EXPECT_EQ(unsure(list)->args[0], "1");
    EXPECT_LT(list.class_confidence, 0.7);
    EXPECT_NE(unsure(list)->english().find("contents"), std::string::npos);
    EXPECT_NE(unsure(list)->chinese().find("卷内目录"), std::string::npos);
    EXPECT_EQ(unsure(front(kLetter)), nullptr);
    EXPECT_GT(front(kLetter).class_confidence, 0.9);
    for (const auto* pages : {&kCovers, &kContents})
        for (const Lines& p : *pages) EXPECT_LE(front(p).findings.size(), 1U);
    EXPECT_GT(front(kContents[0]).class_confidence, 0.8);
    EXPECT_GT(back(kBackNotes[0]).class_confidence, 0.8);
}

TEST(PageClass, ByPicture) {
    GroupInput input;
    input.name = "box";
    Settings settings;
    for (int i = 0; i < 4; ++i) {
        TreatedSource s;
        s.source.original_name = std::to_string(i) + ".tif";
        s.source.sha512 = "digest-" + std::to_string(i);
        s.source.images.emplace_back();
        s.treatments.resize(1);
        s.treatments[0].pages.resize(1);
        input.sources.push_back(std::move(s));
    }
    input.sources[0].treatments[0].separator = {"patch-t", ""};
    input.sources[1].treatments[0].pages[0].target = 0.85;
    input.sources[2].treatments[0].pages[0].blank = true;
    const std::vector<Item> items = group_items(input, {"437001", nullptr, &settings});
    ASSERT_EQ(items.size(), 1U);
    std::vector<std::string> got;
    for (const Page& p : items[0].pages) got.emplace_back(to_string(p.page_class));
    EXPECT_THAT(got, ::testing::ElementsAre("separator", "target", "blank-verso", "body"));
    EXPECT_EQ(items[0].counted_pages(), 1);
    EXPECT_EQ(items[0].pages[1].class_confidence, 0.85);
    EXPECT_GT(items[0].pages[0].class_confidence, 0.9);
    EXPECT_EQ(items[0].pages[3].class_confidence, -1) << "not known before its text is";
}

// A label with a 档号 on a letter begins the item, and the letter stays one of its pages.
TEST(PageClass, ALabelledLetterBeginsAnItemAndIsAPage) {
    GroupInput input;
    Settings settings;
    input.name = "box";
    const auto add = [&](std::vector<Separator> codes, Separator sheet = {}) {
        TreatedSource s;
        s.source.original_name = std::to_string(input.sources.size()) + ".tif";
        s.source.sha512 = "digest-" + s.source.original_name;
        s.source.images.emplace_back();
        s.treatments.resize(1);
        s.treatments[0].pages.resize(1);
        s.treatments[0].codes = std::move(codes);
        s.treatments[0].separator = std::move(sheet);
        input.sources.push_back(std::move(s));
    };
    const auto items = [&] {
        std::vector<std::string> out;
        for (const Item& i : group_items(input, {"437001", nullptr, &settings}))
            out.push_back(i.display_name() + ":" + std::to_string(i.counted_pages()));
        return out;
    };
    add({{"ean13", "6901234567892"}, {"code128", "0025-WS·2012-Y-BGS-0001"}});
    add({});
    add({{"code128", "0025-WS·2012-Y-BGS-0002"}});
    add({{"code128", "ASN00123"}});
    EXPECT_THAT(items(), ::testing::ElementsAre("0025-WS·2012-Y-BGS-0001:2", "0025-WS·2012-Y-BGS-0002:2"));
    settings.set(kBarcodePrefixes, std::string("ASN X"));
    EXPECT_THAT(items(), ::testing::ElementsAre("0025-WS·2012-Y-BGS-0001:2", "0025-WS·2012-Y-BGS-0002:1", "00123:1"));
    // Where sheets say what the items are, a number on a letter that the catalogue does not know is an old one.
    add({}, {"qr", "0025-WS·2012-Y-BGS-0007"});
    add({{"code128", "0025-WS·2012-Y-BGS-0009"}});
    EXPECT_THAT(items(), ::testing::ElementsAre("box:3", "00123:1", "0025-WS·2012-Y-BGS-0007:1"));
    settings.set(kBarcodes, std::string("none"));
    EXPECT_THAT(items(), ::testing::ElementsAre("box:6"));
}

TEST(PageClass, PrefixesOfSheets) {
    Settings settings;
    const GroupingOptions options{"437001", nullptr, &settings};
    bool certain = false;
    EXPECT_EQ(code_of_barcode("CUSTOM BARCODE", options, true, certain), "");
    settings.set(kBarcodePrefixes, std::string("AS ASN DH:"));
    EXPECT_EQ(code_of_barcode("ASN00123", options, true, certain), "00123") << "the longest prefix";
    EXPECT_TRUE(certain);
    EXPECT_EQ(code_of_barcode("ASN", options, true, certain), "") << "nothing behind it";
    EXPECT_EQ(code_of_barcode("DH:0025-ws·2012-Y-BGS-0001", options, true, certain), "0025-WS·2012-Y-BGS-0001");
    EXPECT_EQ(code_of_barcode("0025-WS·2012-Y-BGS-0001", options, true, certain), "0025-WS·2012-Y-BGS-0001");
    EXPECT_FALSE(certain);
    EXPECT_EQ(code_of_barcode("CUSTOM BARCODE", options, true, certain), "");
    settings.set(kBarcodes, std::string("any"));
    EXPECT_EQ(code_of_barcode("CUSTOM BARCODE", options, true, certain), "CUSTOM BARCODE");
    EXPECT_EQ(code_of_barcode("CUSTOM BARCODE", options, false, certain), "") << "a label on a letter";
}

std::vector<int> gaps(const std::vector<std::string>& numbers) {
    std::vector<PageText> pages;
    for (const std::string& n : numbers) {
        PageText t = lines_page({"正文", "正文"});
        TextLine foot;
        foot.text = n;
        foot.box = {1200, 0.94 * 3508, 100, 40};
        if (!n.empty()) t.blocks[0].lines.push_back(foot);
        pages.push_back(std::move(t));
    }
    Item item = item_of(pages);
    classify_by_text(item, {});
    classify_by_text(item, {});
    std::vector<int> out;
    for (const Page& p : item.pages)
        for (const Finding& f : p.findings)
            if (f.code == "group.number_gap") out.push_back(std::stoi(f.args[2]));
    return out;
}

TEST(PageNumbers, GapsInsertedLeavesRestartsAndNone) {
    using ::testing::IsEmpty;
    EXPECT_THAT(gaps({"- 1 -", "- 2 -", "- 5 -", "- 6 -", "- 7 -"}), ::testing::ElementsAre(2));
    EXPECT_THAT(gaps({"1", "2", "3", "7", "8", "9", "11"}), ::testing::ElementsAre(3, 1));
    EXPECT_THAT(gaps({"- 1 -", "- 2 -", "2-1", "2-2", "- 3 -", "- 4 -"}), IsEmpty()) << "inserted leaves";
    EXPECT_THAT(gaps({"- 1 -", "- 2 -", "2-1", "- 5 -", "- 6 -", "- 7 -"}), ::testing::ElementsAre(1));
    EXPECT_THAT(gaps({"1", "2", "3", "1", "2", "3", "4"}), IsEmpty()) << "a document begins anew";
    EXPECT_THAT(gaps({"1", "2", "3", "1", "2", "5", "6"}), ::testing::ElementsAre(2));
    EXPECT_THAT(gaps({"1", "", "2", "", "3", "", "4"}), IsEmpty()) << "numbered leaves";
    EXPECT_THAT(gaps({"1", "", "2", "", "3", "", "6", "", "7"}), ::testing::ElementsAre(2));
    EXPECT_THAT(gaps({"", "", "", "", ""}), IsEmpty());
    EXPECT_THAT(gaps({"12", "", "", "340", ""}), IsEmpty()) << "two figures make no sequence";
    EXPECT_THAT(gaps({"12", "340", "7", "55", "101"}), IsEmpty()) << "sums at the foot of tables";
    EXPECT_THAT(gaps({"1", "", "3", "4", "", "6"}), IsEmpty()) << "some were not read";
}

} // namespace
} // namespace recto::group
