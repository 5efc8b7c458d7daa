#!/usr/bin/env python3
"""Makes Chinese pages with known text for benches of reading: A4, official documents, NAME.txt with the lines in reading order
beside NAME.png, and pages.json.

    bench/chinese_pages.py DIR [--kinds A,B] [--pages N] [--seed N] [--face FILE[:NUMBER]]

Kinds: clean; paper (stained, the verso shows through); faded (150 dpi, pale, uneven); copy (bi-level photocopy, about half of the
strokes broken, specks, lines); recopied (a copy of a copy, two to four times: thin strokes gone, thick ones run together); fax (204 dots by
196, two levels, rows lost); carbon (faint, blurred carbon copy); mimeograph (uneven ink: clogged, starved, spotted);
skewed (2 degrees, salt and pepper); vertical (columns from right to left); traditional (characters, old official style); table
(odd pages ruled, even ones not; row by row, cells with two lines read whole); seal (a red seal over the text; its own words are
not in the text beside the page); columns (two). All but faded have 300 dpi.

Text, size, face, spacing and the strength of each defect are drawn anew for every page, within the ranges that are written at
each: a reader that was tuned to one strength gains nothing. A page depends on its kind, its number, the seed and the versions of
Pillow, numpy and the fonts only: asking for more pages or other kinds leaves it as it is.
"""
import argparse
import json
import math
import pathlib
import sys
import zlib

import numpy
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

DPI = 300
WIDTH, HEIGHT = 2480, 3508
MM = DPI / 25.4
NOTO = "/usr/share/fonts/opentype/noto/Noto"
ARPHIC = "/usr/share/fonts/truetype/arphic-"
# Face -> file and number in the collection: simplified, traditional. The first two are in fonts-noto-cjk, the others may be absent.
FACES = {
    "serif": ((NOTO + "SerifCJK-Regular.ttc", 2), (NOTO + "SerifCJK-Regular.ttc", 3)),
    "sans": ((NOTO + "SansCJK-Regular.ttc", 2), (NOTO + "SansCJK-Regular.ttc", 3)),
    "song": ((ARPHIC + "gbsn00lp/gbsn00lp.ttf", 0), None),
    "kai": ((ARPHIC + "gkai00mp/gkai00mp.ttf", 0), None),
    "hei": (("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0), ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0)),
}
BOLD = [(NOTO + "SerifCJK-Bold.ttc", 2), (NOTO + "SerifCJK-Bold.ttc", 3)]

# --- text ----------------------------------------------------------------------------------------------------

WORDS = {
    "county": "柳江 临河 清源 平阳 石桥 永昌 龙泉 凤山 东湖 西坪 南塘 北岭 安化 宁远 长乐 金沙 白水 青田 双河 万峰 九台 桃源 望江 云溪".split(),
    "bureau": "人民政府 档案局 财政局 民政局 水利局 教育局 农业局 林业局 粮食局 商业局 卫生局 劳动局 计划委员会 经济委员会 公安局 交通局 "
              "统计局 税务局 供销合作社 建设银行 人民银行 总工会 妇女联合会 科学技术委员会".split(),
    "matter": "农田水利建设 档案资料整理 小学教师培训 粮食收购 森林防火 春季造林 公路养护 城镇住房 职工工资调整 企业财务检查 人口普查 防汛抗旱 "
              "卫生防疫 化肥供应 商品房管理 安全生产 土地承包 干部考核 退伍军人安置 文物保护 乡镇企业管理 物价检查 农村电网改造 耕牛检疫 "
              "煤炭运输 渔业捕捞 外贸出口 广播线路维修 竹木市场 民办学校".split(),
    "act": "加强 改进 规范 推进 做好 调整 检查 暂停 恢复 扩大".split(),
    "form": "通知 报告 请示 批复 意见 决定 函 通报".split(),
    "place": "县城 各乡镇 沿江地区 库区 山区 铁路沿线 老城区 新开发区 东部三个公社 西北片 国营农场 矿区".split(),
    "who": "各县(区)人民政府 各有关部门 各企业单位 各乡镇领导 主管副局长 财务科 办公室 检查组 基层干部 全体职工 技术人员 村民小组".split(),
    "thing": "水泥 钢材 木料 柴油 拖拉机 水泵 化肥 种子 课桌 账簿 卡片 铁皮柜 电线 棉布 药品 石灰 砖瓦 煤油 汽车轮胎 显微镜".split(),
    "unit": "吨 台 件 套 箱 公斤 立方米 册 卷 担".split(),
    "good": "成绩显著 进展顺利 基本完成 超额完成计划 群众反映良好 质量合格 账目清楚 秩序正常".split(),
    "bad": "进度缓慢 手续不全 责任不明 帐物不符 设备陈旧 人手不足 材料短缺 记录混乱 未按期上报 损耗较大".split(),
    "name": "王德明 李秀英 张国强 刘志华 陈玉兰 杨振东 赵永福 黄文彬 周淑贞 吴家骏 徐光远 孙翠萍 胡启瑞 朱耀宗 高维民 林雪梅 何庆丰 郭宝山 马腾云 罗惠芳".split(),
    "post": "局长 副县长 科长 会计 技术员 站长 主任 秘书 出纳 保管员 校长 医师".split(),
}
SENTENCES = (
    "为了进一步{act}{matter}工作,根据上级有关文件精神,结合我{level}实际情况,现将有关事项通知如下:",
    "{date},{county}{bureau}召开专门会议,听取了{name}同志关于{matter}情况的汇报,并进行了讨论。",
    "会议认为,{place}的{matter}工作{good},但是仍有部分单位{bad},应当引起足够重视。",
    "经研究,同意从{year}年起拨给{county}{bureau}专款{money}元,用于购置{thing}{count}{unit}。",
    "截至{month}月底,全{level}共完成投资{money}万元,占年度计划的{percent}%,比上年同期增长{percent}%。",
    "{who}要指定专人负责,逐项登记造册,于{date}以前将结果书面报送{bureau}备案。",
    "凡未经批准擅自动用{thing}者,除如数追回外,并应按照规定给予处分。",
    "据{count}个单位统计,现有{thing}{count}{unit},其中可以继续使用的有{count}{unit},需要更换的占{percent}%。",
    "上述经费由{bureau}统一管理,专款专用,不得挪作他用;年终结余部分转入下年度继续使用。",
    "请{who}接此通知后,立即组织力量,深入{place}调查研究,掌握第一手资料。",
    "该项工程自{year}年{month}月动工以来,参加施工的民工达{count}余人,共挖土石方{count}立方米。",
    "{name}任{county}{bureau}{post},免去其原任职务,自发文之日起生效。",
    "对在{matter}中作出突出贡献的{name}、{name}等{small}名同志,给予通报表扬,并各发奖金{small}0元。",
    "由于{place}连续降雨,部分桥梁被洪水冲毁,交通中断,急需{thing}{count}{unit}抢修。",
    "各单位要建立健全保管制度,严格执行交接手续,做到帐、卡、物三相符。",
    "关于你局《关于{act}{matter}的请示》(〔{year}〕{small}号)收悉,经{level}长办公会议研究,批复如下:",
    "此项规定自{date}起施行,过去有关规定与本规定不一致的,以本规定为准。",
    "去年冬天以来,{who}认真贯彻上级指示,采取有效措施,使{matter}工作{good}。",
    "经检查发现,{county}{bureau}{bad},账面结存{money}元,实际库存仅{money}元,差额原因正在查明。",
    "附近居民{small}户、学校{small}所需要搬迁,所占耕地{count}亩,每亩补偿{money}元。",
    "有的同志认为这项工作可有可无,遇到困难就退缩;也有的急于求成,忽视质量。",
    "抄送:{county}{bureau},{county}{bureau},本局领导,存档({small}份)。",
    "如有不同意见,请于{small}日内以书面形式提出,逾期视为同意。",
    "电话:{phone};联系人:{name}({post})。",
    "鉴于目前{thing}供应紧张,价格由每{unit}{money}元调整为{money}元,凭票证购买。",
    "以上意见当否,请批示。",
    "特此通知,望遵照执行。",
)
REPUBLIC = (  # for traditional pages: the style of before 1949
    "案准{county}县政府{small}年{month}月{day}日公函开:查本县{matter}一案,业经呈奉核准在卷。",
    "等因;奉此,合行令仰该{post}即便遵照办理,并将办理情形具报备查为要。此令。",
    "窃查本县{place}连年荒歉,民食维艰,拟请钧府拨发赈款国币{money}元,以资救济。",
    "兹派{name}为本处{post},月支薪俸国币{small}0元,仰即到差视事。",
    "除分别函令外,相应抄同原件,函请查照,并希见复为荷。",
    "据该{post}{name}呈报,仓存谷物{count}石,霉变者约占十分之一,应予核实。",
    "中华民国三十{digit}年{month}月{day}日",
)
NUMERALS = "零一二三四五六七八九十"
# Simplified and traditional in pairs, for the characters of this file.
TRADITIONAL = (
    "万萬与與专專业業东東严嚴个個丰豐临臨为為乐樂乡鄉书書买買乱亂于於云雲产產亩畝仅僅从從仓倉价價众眾优優会會体體偿償兰蘭关關兹茲养養内內册冊军軍农農冲衝决決况況凤鳳凭憑刘劉别別办辦务務动動劳勞区區医醫华華单單占佔卫衛县縣参參双雙发發变變号號后後"
    "吨噸听聽启啓吴吳员員国國场場处處备備复復够夠奖獎妇婦孙孫学學宁寧宝寶实實审審对對导導将將层層岭嶺币幣师師帐帳干幹并並广廣庆慶库庫应應开開张張强強当當录錄彻徹总總户戶执執扩擴扬揚抢搶护護报報担擔拟擬拨撥捞撈损損换換据據数數断斷无無旧舊显顯暂暫"
    "术術机機条條来來杨楊柜櫃档檔桥橋检檢毁毀汇匯济濟渔漁献獻现現电電矿礦砖磚种種称稱税稅窃竊粮糧紧緊约約级級纳納线線组組细細织織终終经經结結给給统統继繼绩績续續维維缓緩缩縮网網罗羅职職联聯腾騰艰艱范範药藥营營补補见見规規视視览覽计計认認讨討训訓"
    "议議记記论論设設证證话話该該请請课課调調贞貞负負贡貢财財责責账賬质質购購贯貫贸貿费費资資赈賑赵趙车車转轉轮輪较較输輸达達迁遷过過运運这這进進远遠连連采採鉴鑒钢鋼钧鈞铁鐵银銀销銷镇鎮镜鏡长長门門阳陽际際陈陳难難项項顺順领領额額马馬骏駿黄黃龙龍"
    "余餘谷穀"
)
FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in ",;:!?()"}
NOT_FIRST = "。、》〕」』%" + "".join(FULL_WIDTH[c] for c in ",;:!?)")  # never at the head of a line


def spoken(number):
    """二十三, for pages without Arabic numerals."""
    if number > 99:
        return "".join("〇一二三四五六七八九"[int(c)] for c in str(number))
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else NUMERALS[tens]) + "十" if tens else "") + (NUMERALS[ones] if ones or not tens else "")


class Writer:
    """Composes text; everything is drawn from one generator of random numbers."""

    def __init__(self, rng, arabic=True, traditional=False):
        self.rng, self.arabic, self.traditional = rng, arabic, traditional
        self.level = self.pick(("县", "市", "区", "省"))

    def pick(self, several):
        return several[int(self.rng.integers(len(several)))]

    def between(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def number(self, value):
        return str(value) if self.arabic else spoken(value)

    def money(self):
        whole = self.between(3, 9) * 10 ** self.between(1, 4) + self.between(0, 99)
        if not self.arabic:
            return spoken(whole)
        return self.pick((str(whole), f"{whole:,}", f"{whole}.{self.between(0, 99):02d}"))

    def date(self):
        if self.traditional:
            return f"民国三十{self.pick(NUMERALS[1:9])}年{spoken(self.between(1, 12))}月{spoken(self.between(1, 28))}日"
        return f"{self.number(self.between(1951, 2004))}年{self.number(self.between(1, 12))}月{self.number(self.between(1, 28))}日"

    def slot(self, name):
        make = {
            "level": lambda: self.level, "date": self.date, "money": self.money, "year": lambda: self.number(self.between(1951, 2004)),
            "month": lambda: self.number(self.between(1, 12)), "day": lambda: self.number(self.between(1, 28)),
            "percent": lambda: self.pick((str(self.between(2, 98)), f"{self.between(2, 98)}.{self.between(1, 9)}")) if self.arabic else spoken(self.between(2, 98)),
            "count": lambda: self.number(self.between(11, 4800)), "small": lambda: self.number(self.between(2, 60)),
            "digit": lambda: self.pick(NUMERALS[1:9]), "phone": lambda: f"{self.between(2, 8)}{self.between(100000, 999999)}" if self.arabic else spoken(self.between(201, 999)),
        }.get(name)
        return make() if make else self.pick(WORDS[name])

    def fill(self, pattern):
        out, rest = "", pattern
        while "{" in rest:
            head, _, rest = rest.partition("{")
            name, _, rest = rest.partition("}")
            out += head + self.slot(name)
        out += rest
        if not self.arabic:
            out = out.replace("%", "成").replace("0元", "元")
        return out

    def paragraph(self):
        source = REPUBLIC if self.traditional and self.rng.random() < 0.6 else SENTENCES
        text = "".join(self.fill(self.pick(source)) for _ in range(self.between(1, 4)))
        if self.rng.random() < 0.4:
            n = self.between(1, 9)
            text = self.pick((f"{NUMERALS[n]}、", f"({NUMERALS[n]})", f"{n}." if self.arabic else f"第{NUMERALS[n]}条 ")) + text
        return text

    def reference(self):
        short = self.pick(("政发", "档字", "财农", "水管", "教人", "民优", "计字", "办函"))
        year, n = self.between(1951, 2004), self.between(1, 180)
        return f"{self.pick(WORDS['county'])[0]}{short}" + (f"〔{year}〕{n}号" if self.arabic else f"字第{spoken(n)}号")

    def title(self):
        return self.fill("关于{act}{matter}工作的{form}")


def to_traditional(text):
    return text.translate(dict(zip(map(ord, TRADITIONAL[::2]), TRADITIONAL[1::2])))


def full_width(text):
    """Punctuation as it is set in Chinese; what is between digits stays."""
    out = []
    for i, c in enumerate(text):
        inside = 0 < i < len(text) - 1 and text[i - 1].isdigit() and text[i + 1].isdigit()
        out.append(c if inside else FULL_WIDTH.get(c, c))
    return "".join(out)


# --- setting -------------------------------------------------------------------------------------------------


class Sheet:
    """A page of ink: `ink` 0 to 255 (all of it), `red` the part that is printed red, `lines` in reading order."""

    def __init__(self, writer, face, traditional=False):
        self.writer, self.traditional = writer, traditional
        self.face = face
        self.ink = Image.new("L", (WIDTH, HEIGHT), 0)
        self.red = Image.new("L", (WIDTH, HEIGHT), 0)
        self.pen = ImageDraw.Draw(self.ink)
        self.lines = []
        self.fonts = {}

    def font(self, size, bold=False):
        if (size, bold) not in self.fonts:
            path, index = (BOLD if bold else FACES[self.face])[self.traditional]
            self.fonts[size, bold] = ImageFont.truetype(path, size, index=index)
        return self.fonts[size, bold]

    def text(self, raw):
        raw = full_width(raw)
        return to_traditional(raw) if self.traditional else raw

    def put(self, x, y, text, font, pen=None):
        (pen or self.pen).text((x, y), text, 255, font)
        self.lines.append(text)

    def centred(self, y, text, font, pen=None, left=0, right=WIDTH):
        text = self.text(text)
        self.put(left + (right - left - font.getlength(text)) / 2, y, text, font, pen)

    def broken(self, text, font, width, indent):
        """Lines of a paragraph: `indent` characters at its head, numbers whole, closing marks hang out."""
        pieces, run = [], ""
        for c in text:
            if c.isascii() and not c.isspace():
                run += c
                continue
            pieces += [run, c] if run else [c]
            run = ""
        pieces += [run] if run else []
        lines, line, used = [], "", indent * font.size
        for piece in pieces:
            length = font.getlength(piece)
            if used + length > width and line and piece not in NOT_FIRST:
                lines.append(line)
                line, used = "", 0
            line, used = line + piece, used + length
        return lines + [line] if line else lines

    def column(self, left, right, y, bottom, size, lead):
        """Paragraphs until `bottom`; returns where it ended."""
        font = self.font(size)
        while y + size < bottom:
            lines = self.broken(self.text(self.writer.paragraph()), font, right - left, 2)
            for n, line in enumerate(lines):
                if y + size >= bottom:
                    break
                self.put(left + (2 * size if n == 0 else 0), y, line, font)
                y += lead
        return y


def new_sheet(rng, traditional=False, arabic=True):
    faces = [name for name, files in FACES.items() if files[traditional] and pathlib.Path(files[traditional][0]).exists()]
    # Print is mostly Song.
    weights = numpy.array([{"serif": 4, "song": 3}.get(name, 1) for name in faces], float)
    face = faces[int(rng.choice(len(faces), p=weights / weights.sum()))]
    return Sheet(Writer(rng, arabic, traditional), face, traditional)


def running(rng, traditional=False, two_columns=False, signature=True):
    """A document: head, number, title, addressee, paragraphs, signature, page number."""
    sheet = new_sheet(rng, traditional, arabic=not traditional)
    write = sheet.writer
    size = write.pick((42, 46, 50, 54, 58, 66)) if not two_columns else write.pick((38, 42, 46))
    lead = int(size * rng.uniform(1.5, 2.0))
    left, right = int(rng.uniform(24, 30) * MM), WIDTH - int(rng.uniform(20, 26) * MM)
    y, bottom = int(rng.uniform(22, 36) * MM), HEIGHT - int(rng.uniform(30, 40) * MM)
    if rng.random() < 0.6:
        head = write.pick(WORDS["county"]) + write.level + write.pick(WORDS["bureau"]) + write.pick(("文件", "", "便函"))
        colour = ImageDraw.Draw(sheet.red) if rng.random() < 0.5 else None
        big = int(rng.uniform(80, 120))
        sheet.centred(y, head, sheet.font(min(big, int((right - left) / len(head))), True), colour)
        y += int(big * 1.7)
        sheet.centred(y, write.reference(), sheet.font(size))
        y += int(size * 1.8)
        (colour or sheet.pen).line((left, y, right, y), 255, 4)
        y += int(size * 1.2)
    font = sheet.font(int(size * 1.35), True)
    for line in sheet.broken(write.title(), font, right - left, 0):
        sheet.centred(y, line, font)
        y += int(font.size * 1.6)
    y += size // 2
    if two_columns:
        gap, middle = int(rng.uniform(7, 12) * MM), (left + right) // 2
        if rng.random() < 0.5:
            sheet.pen.line((middle, y, middle, bottom), 255, 2)
        sheet.column(left, middle - gap // 2, y, bottom, size, lead)
        sheet.column(middle + gap // 2, right, y, bottom, size, lead)
    else:
        if rng.random() < 0.7:
            sheet.put(left, y, sheet.text(write.fill("{who}:")), sheet.font(size))
            y += lead
        signed = signature and rng.random() < 0.8
        y = sheet.column(left, right, y, bottom - (3 * lead if signed else 0), size, lead)
        if signed:
            y += lead // 2
            for text in (write.pick(WORDS["county"]) + write.level + write.pick(WORDS["bureau"]), write.date()):
                text = sheet.text(text)
                sheet.put(right - sheet.font(size).getlength(text) - 2 * size, y, text, sheet.font(size))
                sheet.signed_at = (right - 6 * size, y)
                y += lead
    if rng.random() < 0.6:
        sheet.centred(HEIGHT - int(22 * MM), f"— {write.between(1, 40)} —", sheet.font(int(size * 0.85)))
    return sheet


def upright(sheet, x, y, c, size, font):
    """One character of a vertical line in its square: marks go to the upper right (traditional ones stay in the middle), brackets
    lie down."""
    if not sheet.traditional and c in "。、\uff0c":
        sheet.pen.text((x + size * 0.55, y - size * 0.55), c, 255, font)
    elif c in "《》〔〕「」『』—\uff08\uff09\uff1a\uff1b":
        cell = Image.new("L", (size, size), 0)
        ImageDraw.Draw(cell).text((size / 2, size / 2), c, 255, font, anchor="mm")
        sheet.ink.paste(255, (int(x), int(y + size * 0.12)), cell.rotate(-90))
    else:
        sheet.pen.text((x + (size - font.getlength(c)) / 2, y), c, 255, font)


def vertical(rng):
    """Columns from right to left, some with rules between them; simplified or traditional."""
    traditional = bool(rng.random() < 0.5)
    sheet = new_sheet(rng, traditional, arabic=False)
    write = sheet.writer
    size = write.pick((46, 50, 56, 62, 70))
    font, lead = sheet.font(size), int(size * rng.uniform(1.6, 2.1))
    left, right = int(rng.uniform(18, 26) * MM), WIDTH - int(rng.uniform(18, 26) * MM)
    top, bottom = int(rng.uniform(22, 34) * MM), HEIGHT - int(rng.uniform(22, 34) * MM)
    cells = (bottom - top) // size
    columns = [("  " + sheet.text(write.title()), sheet.font(size, True))]
    while len(columns) * lead < right - left:
        text = "  " + sheet.text(write.paragraph()).replace(" ", "")
        while text:
            cut = cells
            while cut < len(text) and text[cut] in NOT_FIRST and cut > cells - 3:
                cut -= 1
            columns.append((text[:cut], font))
            text = text[cut:]
    x = right - size
    ruled = rng.random() < 0.4
    for text, face in columns[: (right - left) // lead]:
        for n, c in enumerate(text):
            if c != " ":
                upright(sheet, x, top + n * size, c, size, face)
        sheet.lines.append(text.strip())
        if ruled:
            middle = x - (lead - size) / 2
            sheet.pen.line((middle, top - 20, middle, bottom + 20), 255, 3)
        x -= lead
    if ruled:
        sheet.pen.rectangle((left - 30, top - 30, right + 40, bottom + 30), outline=255, width=5)
    return sheet


def table(rng, number):
    """A list: title, unit, header, rows of texts and numbers, a note. Odd pages are ruled."""
    sheet = new_sheet(rng)
    write, ruled = sheet.writer, number % 2 == 1
    size = write.pick((38, 42, 46, 50))
    font = sheet.font(size)
    left, right = int(rng.uniform(20, 26) * MM), WIDTH - int(rng.uniform(18, 24) * MM)
    y = int(rng.uniform(24, 36) * MM)
    title = sheet.font(int(size * 1.5), True)
    sheet.centred(y, write.fill("{county}{level}{matter}情况") + write.pick(("一览表", "统计表", "登记表", "明细表")), title)
    y += int(title.size * 1.8)
    sheet.put(left, y, sheet.text(write.fill("填报单位:{county}{bureau}")), font)
    text = sheet.text("单位:" + write.pick(("元", "万元", "吨", "亩")))
    sheet.put(right - font.getlength(text), y, text, font)
    y += int(size * 1.7)
    kinds = {  # heading -> how wide, in characters, and a cell
        "序号": (3, None), "单位名称": (8, lambda: write.pick(WORDS["county"]) + write.pick(WORDS["bureau"])), "姓名": (4, lambda: write.pick(WORDS["name"])),
        "职务": (4, lambda: write.pick(WORDS["post"])), "日期": (6, lambda: f"{write.between(1951, 2004)}.{write.between(1, 12)}.{write.between(1, 28)}"),
        "品名": (5, lambda: write.pick(WORDS["thing"])), "数量": (4, lambda: str(write.between(2, 9800))), "金额": (6, write.money),
        "比例": (4, lambda: f"{write.between(1, 99)}.{write.between(0, 9)}%"), "备注": (6, lambda: write.pick(WORDS["bad"] + WORDS["good"] + [""] * 12)),
    }
    names = ["序号"] + [n for n in list(kinds)[1:] if rng.random() < 0.6]
    names += [] if len(names) > 2 else ["品名", "金额"]
    total = sum(kinds[n][0] for n in names)
    edges = [left]
    for n in names:
        edges.append(edges[-1] + (right - left) * kinds[n][0] // total)
    lead, pad = int(size * rng.uniform(1.6, 2.1)), int(size * 0.3)
    rows = [names] + [None] * write.between(12, 26)
    ys = [y]
    for r, row in enumerate(rows):
        cells = row or [str(r) if n == "序号" else kinds[n][1]() for n in names]
        cells = [sheet.broken(sheet.text(c), font, edges[k + 1] - edges[k] - 2 * pad, 0) for k, c in enumerate(cells)]
        deep = max(1, *map(len, cells))
        if y + lead * (deep + 2) > HEIGHT - 25 * MM:
            break
        for k, lines in enumerate(cells):
            for n, line in enumerate(lines):
                room = edges[k + 1] - edges[k] - 2 * pad - font.getlength(line)
                number_cell = names[k] in ("数量", "金额", "比例") and row is None
                shift = room if number_cell else room / 2 if row or names[k] == "序号" else 0
                sheet.put(edges[k] + pad + max(0, shift), y + (lead - size) / 2 + (deep - len(lines)) * lead / 2 + n * lead, line, font)
        y += lead * deep
        ys.append(y)
    if ruled:
        for at in ys:
            sheet.pen.line((left, at, right, at), 255, write.pick((2, 3)))
        for at in edges:
            sheet.pen.line((at, ys[0], at, ys[-1]), 255, 3)
    sheet.put(left, y + lead // 2, sheet.text(write.fill("填表人:{name} 审核:{name} {date}")), font)
    return sheet


# --- wear: each takes the sheet and gives an image --------------------------------------------------------------


def field(rng, shape, cell):
    """Smooth noise of mean 0 and deviation 1 with details of about `cell` pixels."""
    small = rng.standard_normal((max(2, int(shape[0] / cell)), max(2, int(shape[1] / cell))), numpy.float32)
    out = numpy.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    return (out - out.mean()) / max(1e-6, float(out.std()))


def soft(image, sigma):
    return image.filter(ImageFilter.GaussianBlur(sigma))


def share(image):
    return numpy.asarray(image, numpy.float32) / 255


def ink_of(sheet, sigma=0.7):
    return share(soft(ImageChops.lighter(sheet.ink, sheet.red), sigma))


def grey(ink, paper, black, rng, grain):
    """Ink 0 to 1 on a paper level (number or field), with sensor noise."""
    out = paper + (black - paper) * ink
    out += grain * rng.standard_normal(ink.shape, numpy.float32)
    return Image.fromarray(out.clip(0, 255).astype(numpy.uint8))


def coloured(sheet, rng, paper, over=None):
    """RGB: black and red ink on paper (3 numbers, or a field of them); `over`: a picture that is multiplied in."""
    sigma = rng.uniform(0.5, 0.9)
    black, red = share(soft(sheet.ink, sigma))[..., None], share(soft(sheet.red, sigma))[..., None]
    out = numpy.broadcast_to(numpy.asarray(paper, numpy.float32), (HEIGHT, WIDTH, 3)).copy()
    out *= 1 - red * (1 - numpy.array((0.85, 0.2, 0.22), numpy.float32))
    out *= 1 - black * (1 - rng.uniform(0.12, 0.28))
    if over is not None:
        out *= over
    out += rng.uniform(1, 3) * rng.standard_normal((HEIGHT, WIDTH, 1), numpy.float32)
    return Image.fromarray(out.clip(0, 255).astype(numpy.uint8))


def clean(sheet, rng):
    if rng.random() < 0.5:
        return coloured(sheet, rng, [rng.uniform(238, 252)] * 3)
    return grey(ink_of(sheet, rng.uniform(0.4, 0.9)), rng.uniform(232, 252), rng.uniform(15, 60), rng, rng.uniform(0, 3))


def paper(sheet, rng):
    """Yellowed, damp rims, foxing, the verso at 15 to 40 % of its depth."""
    verso = running(rng)
    through = soft(ImageChops.lighter(verso.ink, verso.red).transpose(Image.Transpose.FLIP_LEFT_RIGHT), rng.uniform(2, 4))
    over = 1 - share(through) * rng.uniform(0.15, 0.4) * numpy.clip(1 + 0.4 * field(rng, (HEIGHT, WIDTH), 700), 0.3, 1.6)
    y, x = numpy.mgrid[0:HEIGHT:4, 0:WIDTH:4].astype(numpy.float32)
    wet = numpy.zeros(y.shape, numpy.float32)
    for _ in range(int(rng.integers(2, 7))):
        cx, cy, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(15, 55) * MM
        d = numpy.hypot(x - cx, (y - cy) * rng.uniform(0.7, 1.4)) / r + 0.06 * field(rng, y.shape, 60)
        wet += numpy.where(d < 1, rng.uniform(0.08, 0.25), 0) + rng.uniform(0.1, 0.4) * numpy.exp(-(((d - 0.98) / 0.03) ** 2))
    for _ in range(int(rng.integers(0, 60))):  # foxing
        cx, cy, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(0.8, 3) * MM
        x0, y0, n = int(max(0, cx - 3 * r) / 4), int(max(0, cy - 3 * r) / 4), int(6 * r / 4) + 1
        part = wet[y0 : y0 + n, x0 : x0 + n]
        part += rng.uniform(0.1, 0.35) * numpy.exp(-(((x[y0 : y0 + n, x0 : x0 + n] - cx) ** 2 + (y[y0 : y0 + n, x0 : x0 + n] - cy) ** 2) / r**2))
    wet = numpy.asarray(Image.fromarray(wet).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))[..., None]
    brown = 1 - wet * numpy.array((0.55, 0.85, 1.15), numpy.float32)
    tone = numpy.array((rng.uniform(205, 242), rng.uniform(190, 228), rng.uniform(150, 205)), numpy.float32)
    return coloured(sheet, rng, tone, over[..., None] * brown.clip(0.1, 1))


def faded(sheet, rng):
    """150 dpi; ink at 18 to 45 % of its depth, uneven."""
    small = share(ImageChops.lighter(sheet.ink, sheet.red).resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX))
    depth = rng.uniform(0.18, 0.45) * numpy.clip(1 + rng.uniform(0.1, 0.35) * field(rng, small.shape, 300), 0.35, 1.6)
    level = rng.uniform(190, 245)
    return grey(small * depth, level, 20, rng, rng.uniform(1, 3.5))


def copy(sheet, rng):
    """Bi-level; 30 to 60 % of the ink is lost in holes of the size of a stroke; specks, streaks, a dark edge."""
    ink = ink_of(sheet, rng.uniform(0.8, 1.4))
    lost = rng.uniform(0.3, 0.6)
    holes = field(rng, ink.shape, rng.uniform(3, 7)) + rng.uniform(0.2, 0.6) * field(rng, ink.shape, 500)
    out = (ink > 0.45) & (holes > numpy.quantile(holes[::7, ::7], lost))
    specks = rng.random((HEIGHT // 2, WIDTH // 2), numpy.float32) < 10 ** rng.uniform(-3.2, -1.9)
    out |= numpy.asarray(Image.fromarray(specks).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)) & (rng.random(ink.shape, numpy.float32) < 0.7)
    picture = Image.fromarray(numpy.where(out, 0, 255).astype(numpy.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 5))):
        x = rng.uniform(0.03, 0.97) * WIDTH
        pen.line((x, 0, x + rng.uniform(-8, 8), HEIGHT), 0, int(rng.integers(1, 4)))
    for _ in range(int(rng.integers(0, 3))):
        y = rng.uniform(0.03, 0.97) * HEIGHT
        pen.line((0, y, WIDTH, y + rng.uniform(-12, 12)), 0, int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        depth = rng.uniform(2, 6) * MM
        pen.polygon([(0, 0), (depth, 0), (depth * rng.uniform(0.3, 1.2), HEIGHT), (0, HEIGHT)], fill=0)
    return picture.convert("1")


def recopied(sheet, rng):
    """Two to four copiers one after the other, each with its own focus, its own threshold, which drifts over the page, and its
    own toner that does not take everywhere."""
    ink = ink_of(sheet, rng.uniform(0.7, 1.1))
    for _ in range(int(rng.integers(2, 5))):
        image = Image.fromarray((ink * 255).astype(numpy.uint8))
        image = image.rotate(rng.uniform(-0.05, 0.05), Image.Resampling.BICUBIC, translate=tuple(rng.uniform(-2, 2, 2)))
        seen = share(soft(image, rng.uniform(0.7, 1.5)))
        seen += rng.uniform(0.06, 0.16) * field(rng, ink.shape, rng.uniform(1.5, 4)) * (seen > 0.03)
        level = rng.uniform(0.32, 0.52) + rng.uniform(0.02, 0.09) * field(rng, ink.shape, rng.uniform(300, 900))
        ink = (seen > level).astype(numpy.float32)
        dust = rng.random((HEIGHT // 2, WIDTH // 2), numpy.float32) < 10 ** rng.uniform(-4.3, -3.2)
        ink = numpy.maximum(ink, share(Image.fromarray(dust).convert("L").resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)))
    return Image.fromarray(numpy.where(ink > 0.5, 0, 255).astype(numpy.uint8)).convert("1")


def fax(sheet, rng):
    """Scanned at 204 dots by 196 with a poor threshold, rows lost on the wire (the one above is printed again), printed, and scanned
    at 300 in two levels."""
    ink = Image.fromarray((ink_of(sheet, rng.uniform(1.2, 2.2)) * 255).astype(numpy.uint8))
    small = share(ink.resize((WIDTH * 204 // DPI, HEIGHT * 196 // DPI), Image.Resampling.BOX))
    level = rng.uniform(0.22, 0.5) + 0.05 * field(rng, small.shape, 200) + rng.uniform(0.03, 0.12) * field(rng, small.shape, 1.5)
    rows = (small > level).astype(numpy.float32)
    for at in numpy.flatnonzero(rng.random(rows.shape[0]) < rng.uniform(0.01, 0.12)):
        rows[at] = rows[max(0, at - 1)]
    printed = share(soft(Image.fromarray((rows * 255).astype(numpy.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST), rng.uniform(0.5, 1)))
    printed += rng.uniform(0.05, 0.2) * field(rng, printed.shape, 2) * (printed > 0.03)
    return Image.fromarray(numpy.where(printed > rng.uniform(0.35, 0.6), 0, 255).astype(numpy.uint8)).convert("1")


def carbon(sheet, rng):
    """Blurred by 1.5 to 3 pixels, 18 to 35 % of the ink's depth, slipped, on thin paper that is not even."""
    ink = ImageChops.lighter(sheet.ink, sheet.red)
    slip = ImageChops.offset(ink, int(rng.integers(-3, 4)), int(rng.integers(-2, 3)))
    soaked = share(soft(Image.blend(ink, slip, rng.uniform(0, 0.4)), rng.uniform(1.5, 3)))
    depth = rng.uniform(0.18, 0.35) * numpy.clip(1 + rng.uniform(0.15, 0.4) * field(rng, soaked.shape, 250) + 0.15 * field(rng, soaked.shape, 12), 0.2, 1.8)
    smudge = rng.uniform(2, 7) * field(rng, soaked.shape, 90)
    return grey(soaked * depth, rng.uniform(200, 235) + smudge, 20, rng, rng.uniform(2, 4))


def mimeograph(sheet, rng):
    """The stencil gives too much ink here (strokes run together) and too little there (holes); spots; ghost of the next sheet."""
    ink = ink_of(sheet, rng.uniform(1.2, 2))
    # By what the middle of a stroke reaches: blurred small print would be starved everywhere, so that nobody could read it.
    ink = numpy.clip(ink / numpy.quantile(ink[ink > 0.2], 0.8), 0, 1)
    flow = numpy.clip(0.5 + rng.uniform(0.1, 0.2) * field(rng, ink.shape, rng.uniform(250, 700)), 0.18, 0.85)
    pores = rng.uniform(0.1, 0.28) * field(rng, ink.shape, rng.uniform(2.5, 5))
    printed = 1 / (1 + numpy.exp(-((ink - flow + pores * (ink > 0.05)) * 9)))
    printed *= (ink > 0.03) * numpy.clip(1.15 - 0.7 * flow + 0.1 * field(rng, ink.shape, 9), 0.35, 1)
    ghost = numpy.roll(numpy.roll(ink, int(rng.integers(-40, 40)), 0), int(rng.integers(-60, 60)), 1)
    spots = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(spots)
    for _ in range(int(rng.integers(5, 60))):
        x, y, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), 10 ** rng.uniform(0.2, 1.2)
        pen.ellipse((x - r, y - r * rng.uniform(0.6, 1.4), x + r, y + r), fill=int(rng.integers(90, 255)))
    all_ink = numpy.clip(printed + share(soft(spots, 2)) + rng.uniform(0, 0.08) * ghost, 0, 1)
    coarse = rng.uniform(3, 8) * field(rng, ink.shape, 4) + rng.uniform(2, 6) * field(rng, ink.shape, 200)
    return grey(all_ink, rng.uniform(170, 225) + coarse, rng.uniform(30, 70), rng, rng.uniform(1, 3))


def skewed(sheet, rng):
    """1.5 to 2.5 degrees, 0.3 to 3 % of the pixels black or white."""
    image = grey(ink_of(sheet), rng.uniform(228, 250), rng.uniform(20, 60), rng, rng.uniform(0, 2))
    angle = rng.choice((-1, 1)) * rng.uniform(1.5, 2.5)
    pixels = numpy.array(image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=image.getpixel((5, 5))))
    salt = 10 ** rng.uniform(-2.5, -1.5)
    dice = rng.random(pixels.shape, numpy.float32)
    pixels[dice < salt / 2] = 0
    pixels[dice > 1 - salt / 2] = 255
    return Image.fromarray(pixels)


def seal(sheet, rng):
    """A red seal over the signature, or over running text, pale to full."""
    layer = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(layer)
    r = rng.uniform(19, 23) * MM
    over_signature = getattr(sheet, "signed_at", None) and rng.random() < 0.7
    cx, cy = sheet.signed_at if over_signature else (WIDTH * rng.uniform(0.3, 0.7), HEIGHT * rng.uniform(0.3, 0.75))
    cx, cy = min(cx, WIDTH - r - 20), min(cy, HEIGHT - r - 20)
    pen.ellipse((cx - r, cy - r, cx + r, cy + r), outline=255, width=int(1.3 * MM))
    star = [(cx + r * f * math.sin(k * math.pi / 5), cy - r * f * math.cos(k * math.pi / 5)) for k in range(10) for f in ((0.3, 0.12)[k % 2],)]
    pen.polygon(star, fill=255)
    words = sheet.writer.pick(WORDS["county"]) + sheet.writer.level + sheet.writer.pick(WORDS["bureau"])
    size = int(r * 0.3)
    font = ImageFont.truetype(*BOLD[0][:1], size, index=BOLD[0][1])
    for k, c in enumerate(words):
        at = math.radians(-120 + 240 * k / max(1, len(words) - 1))
        cell = Image.new("L", (size * 2, size * 2), 0)
        ImageDraw.Draw(cell).text((size, size), c, 255, font, anchor="mm")
        x, y = cx + r * 0.74 * math.sin(at), cy - r * 0.74 * math.cos(at)
        turned = cell.rotate(-math.degrees(at), Image.Resampling.BICUBIC)
        layer.paste(255, (int(x - size), int(y - size)), turned)
    depth = share(soft(layer, rng.uniform(0.8, 1.5))) * rng.uniform(0.45, 1) * numpy.clip(0.9 + 0.2 * field(rng, (HEIGHT, WIDTH), 20), 0.2, 1)
    over = 1 - depth[..., None] * (1 - numpy.array((0.86, 0.18, 0.22), numpy.float32))
    return coloured(sheet, rng, [rng.uniform(236, 252)] * 3, over)


KINDS = {  # kind -> how the text is set, how it is worn
    "clean": (running, clean), "paper": (running, paper), "faded": (running, faded), "copy": (running, copy),
    "recopied": (running, recopied), "fax": (running, fax), "carbon": (running, carbon), "mimeograph": (running, mimeograph),
    "skewed": (running, skewed), "vertical": (vertical, clean), "traditional": (lambda rng: running(rng, True), clean), "table": (table, clean),
    "seal": (running, seal), "columns": (lambda rng: running(rng, two_columns=True), clean),
}


def only_face(font):
    """From now on all print, headings too, is of that font: its file, with `:NUMBER` where it is one of a collection."""
    name, _, index = font.partition(":")
    only = (name, int(index or 0))
    FACES.clear()
    FACES["only"] = (only, only)
    BOLD[:] = [only, only]


def make(kind, number, seed):
    """Image, dots an inch and lines of page `number` (from 1) of a kind."""
    rng = numpy.random.default_rng([seed, number, zlib.crc32(kind.encode())])
    setting, wear = KINDS[kind]
    sheet = table(rng, number) if kind == "table" else setting(rng)
    return wear(sheet, rng), DPI // 2 if kind == "faded" else DPI, sheet.lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--pages", default=4, type=int, help="of each kind (default 4)")
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--face", help="the only one, also of headings, instead of those drawn: a font file, and its number in a collection")
    options = parser.parse_args()
    if options.face:
        only_face(options.face)
    kinds = options.kinds.split(",")
    unknown = [k for k in kinds if k not in KINDS]
    if unknown:
        parser.error(f"no kind {unknown[0]}: {', '.join(KINDS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    made = []
    for kind in kinds:
        for number in range(1, options.pages + 1):
            image, dpi, lines = make(kind, number, options.seed)
            path = options.folder / f"{kind}-{options.seed}-{number:03d}.png"
            image.save(path, dpi=(dpi, dpi), compress_level=1)
            path.with_suffix(".txt").write_text("\n".join(lines) + "\n", "utf-8")
            made.append({"file": path.name, "kind": kind, "dpi": dpi, "lines": len(lines)})
    (options.folder / "pages.json").write_text(json.dumps(made, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
