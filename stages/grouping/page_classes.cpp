#include "stages/grouping/page_classes.h"

#include <algorithm>
#include <array>

namespace recto::group {

namespace {

constexpr double kTaken = 0.55; // a class is taken from this score on
constexpr double kClose = 0.12; // within this of it the page may be one or the other

/// Words beside a heading that make it the subject of a text: "卷内备考表填写说明".
bool is_about(const PageWords& w, std::string_view word) {
    return std::any_of(w.lines.begin(), w.lines.end(), [&](const WordLine& l) {
        return l.middle < 0.5 && l.folded.find(word) != std::string::npos &&
               count_of(l.folded, {"关于", "通知", "办法", "填写", "说明的", "要求", "规定", "方法", "格式", "样式",
                                   "如下", "制度", "研究", "规则", "编制"}) > 0;
    });
}

/// Sentences end with 。 ; forms have none.
int sentences(const PageWords& w) {
    int n = 0;
    for (std::size_t at = 0; (at = w.all.find("。", at)) != std::string::npos; at += 3) ++n;
    return n;
}

double back_note_score(const PageWords& w, const Standing& at) {
    double head = 0;
    for (const std::string_view word : {"卷内备考表", "件内备考表", "备考表"})
        head = std::max(head, heading(w, word, 0.5, 6));
    const int fields = count_of(w.all, {"情况说明", "立卷人", "检查人", "立卷时间", "本卷共", "本件共", "整理人",
                                        "整理时间", "检查时间", "互见号"});
    double score = 0.6 * head + std::min(0.4, 0.1 * fields);
    if (head == 0) score = std::min(score, 0.5); // a form about filing, but which
    if (is_about(w, "备考表")) score -= 0.4;
    if (!at.last) score -= 0.2;
    if (w.characters > 500) score -= 0.3;
    return score - std::min(0.3, 0.1 * std::max(0, sentences(w) - 3));
}

/// Lines that begin with 1, 2, 3 ... in order: the rows of a list.
int numbered_rows(const PageWords& w) {
    int next = 1;
    for (const WordLine& l : w.lines) {
        const std::string n = std::to_string(next);
        const bool row = l.text.rfind(n, 0) == 0 && l.text.size() > n.size() &&
                         !(l.text[n.size()] >= '0' && l.text[n.size()] <= '9');
        next += row || l.text == n ? 1 : 0;
    }
    return next - 1;
}

double contents_score(const PageWords& w, const Standing& at) {
    double full = 0;
    for (const std::string_view word : {"卷内文件目录", "卷内目录", "归档文件目录", "案卷目录"})
        full = std::max(full, heading(w, word, 0.4, 8));
    const double plain = heading(w, "目录", 0.3, 2);
    const int columns = std::max(count_of(w.all, {"顺序号", "文号", "责任者", "题名", "页号", "备注", "日期"}),
                                 count_of(w.all, {"序号", "文件编号", "责任者", "文件题名", "页次", "备注", "日期"}));
    const int further = count_of(w.all, {"页数", "件号", "档号"});
    double score = std::max(0.5 * full, 0.3 * plain) + std::min(0.5, 0.1 * (columns + further)) + (w.table ? 0.1 : 0);
    if (numbered_rows(w) >= 3) score += 0.1;
    if (full == 0 && plain == 0 && columns < 4) score = std::min(score, 0.4); // a list of something
    if (at.after_contents && columns >= 4) score += 0.2;                      // its second sheet bears no heading
    if (is_about(w, "目录")) score -= 0.3;
    if (!at.front) score -= 0.3;
    return score - std::min(0.3, 0.1 * std::max(0, sentences(w) - 2));
}

double cover_score(const PageWords& w, const Standing& at) {
    // A cover bears form words and little text; a letter may quote one of them, never most of them.
    if (w.characters == 0 || w.characters > 260 || !at.first) return 0;
    double head = 0;
    for (const std::string_view word : {"案卷封面", "文书档案", "科技档案", "会计档案", "卷宗", "案卷", "档案"})
        head = std::max(head, heading(w, word, 0.75, 8));
    const int forms = count_of(w.all, {"全宗", "案卷号", "案卷题名", "目录号", "保管期限", "立卷单位", "归档号", "卷宗",
                                       "案卷", "起止", "件数", "页数", "密级", "档号", "室编", "馆编", "立卷人"});
    if (head == 0 && forms < 3) return std::min(0.3, 0.15 * forms);
    const double score = 0.3 * head + std::min(0.65, 0.15 * forms);
    return score - std::min(0.4, 0.15 * sentences(w));
}

double target_score(const PageWords& w) {
    if (w.characters == 0 || w.characters > 600) return 0;
    const int names = count_of(w.all, {"测试图",     "测试卡",       "测试标板",        "测试靶",       "标准色卡",
                                       "色卡",       "灰阶",         "灰度梯尺",        "分辨率卡",     "解像力",
                                       "testtarget", "testchart",    "resolutionchart", "colorchecker", "colourchart",
                                       "colorchart", "colorcontrol", "grayscale",       "greyscale",    "iso12233",
                                       "usaf1951",   "usaf-1951",    "it8.7",           "qa-62",        "lp/mm",
                                       "linepairs",  "kodak"});
    double score = std::min(0.9, 0.35 * names);
    // A target has words here and there; a text about targets has sentences.
    score -= 0.2 * sentences(w);
    if (w.characters > 250) score -= 0.2;
    return score;
}

} // namespace

ClassGuess guess_class(const PageWords& w, const Standing& at) {
    struct Score {
        PageClass kind;
        double score;
    };
    std::array<Score, 4> scores{{{PageClass::BackNote, back_note_score(w, at)},
                                 {PageClass::Contents, contents_score(w, at)},
                                 {PageClass::Cover, cover_score(w, at)},
                                 {PageClass::Target, target_score(w)}}};
    std::stable_sort(scores.begin(), scores.end(), [](const Score& a, const Score& b) { return a.score > b.score; });
    const Score &top = scores[0], &next = scores[1];
    ClassGuess g;
    if (top.score >= kTaken) {
        g.best = top.kind;
        g.second = next.score >= kTaken ? next.kind : PageClass::Body;
        const double other = std::max(next.score, kTaken - kClose);
        // At the limit it is one or the other by halves; each tenth above it settles as much.
        g.confidence = std::clamp(0.5 + 1.1 * (top.score - other), 0.5, 0.98);
        g.unsure = top.score - std::max(next.score, kTaken) < (next.score >= kTaken ? kClose : 0.04);
    } else {
        g.second = top.kind;
        g.confidence = std::clamp(0.98 - std::max(0.0, top.score) * 0.8, 0.5, 0.98);
        g.unsure = top.score > kTaken - kClose;
    }
    return g;
}

} // namespace recto::group
