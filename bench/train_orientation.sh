#!/usr/bin/env bash
# Trains the small classifier of orientation again and judges it by other fonts (bench/train_orientation.cpp). Fonts come
# from the Debian packages named below; nothing else is needed, and only here: the weights are part of the source.
#
#   bench/train_orientation.sh train    writes stages/treatment/orient_weights.inc: 3 minutes on two idle cores
#   bench/train_orientation.sh judge    1000 blocks of fonts that were not trained on, every fifth a receipt, each in four turns
#
# Environment: FONT_ROOT, a folder with the packages' contents (dpkg -x) where they are not installed.
set -euo pipefail
script_name=train_orientation
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

training_packages=(
  fonts-noto-cjk fonts-noto-cjk-extra fonts-arphic-gbsn00lp fonts-arphic-gkai00mp fonts-arphic-bsmi00lp
  fonts-arphic-bkai00mp fonts-cwtex-ming fonts-cwtex-kai fonts-cwtex-heib fonts-cns11643-kai fonts-wqy-zenhei
  fonts-hanazono fonts-aoyagi-kouzan-t fonts-kouzan-mouhitsu fonts-gnutypewriter fonts-liberation fonts-dejavu-core
  fonts-dejavu-extra fonts-levien-typoscript fonts-oldstandard fonts-essays1743 fonts-isabella fonts-gotico-antiqua
  fonts-dotgothic16 fonts-ocr-b fonts-freefont-otf fonts-texgyre fonts-blankenburg)
judging_packages=(
  fonts-arphic-ukai fonts-cwtex-fs fonts-ipamj-mincho fonts-lxgw-wenkai fonts-wqy-microhei fonts-aoyagi-soseki
  fonts-morisawa-bizud-mincho fonts-cns11643-sung fonts-unfonts-core fonts-courier-prime fonts-linuxlibertine
  fonts-gfs-didot fonts-junicode fonts-ocr-a fonts-goudybookletter fonts-inconsolata fonts-vollkorn fonts-gotico-antiqua
  fonts-sixtyfour fonts-cmu)
# Below /usr/share. Their order is part of the result; those named twice are rare kinds.
training=(
  fonts/opentype/noto/NotoSansCJK-Regular.ttc
  fonts/opentype/noto/NotoSansCJK-Bold.ttc
  fonts/opentype/noto/NotoSerifCJK-Regular.ttc
  fonts/opentype/noto/NotoSerifCJK-Bold.ttc
  fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf
  fonts/truetype/arphic-gkai00mp/gkai00mp.ttf
  fonts/truetype/arphic-bsmi00lp/bsmi00lp.ttf
  fonts/truetype/arphic-bkai00mp/bkai00mp.ttf
  fonts/truetype/cwtex/cwming.ttf
  fonts/truetype/cwtex/cwkai.ttf
  fonts/truetype/cwtex/cwheib.ttf
  fonts/truetype/cns11643/TW-Kai-98_1.ttf
  fonts/truetype/wqy/wqy-zenhei.ttc
  fonts/truetype/hanazono/HanaMinA.ttf
  fonts/truetype/aoyagi-kouzan-t/AoyagiKouzanT.ttf
  fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf
  fonts/opentype/noto/NotoSerifCJK-Black.ttc
  fonts/truetype/gnutypewriter/GNUTypewriter.ttf
  fonts/truetype/gnutypewriter/GNUTypewriter.ttf
  fonts/truetype/liberation/LiberationMono-Regular.ttf
  fonts/truetype/liberation/LiberationMono-Bold.ttf
  fonts/truetype/liberation/LiberationSans-Regular.ttf
  fonts/truetype/liberation/LiberationSans-Bold.ttf
  fonts/truetype/liberation/LiberationSans-Italic.ttf
  fonts/truetype/liberation/LiberationSansNarrow-Regular.ttf
  fonts/truetype/liberation/LiberationSerif-Regular.ttf
  fonts/truetype/liberation/LiberationSerif-Bold.ttf
  fonts/truetype/liberation/LiberationSerif-Italic.ttf
  fonts/truetype/dejavu/DejaVuSans.ttf
  fonts/truetype/dejavu/DejaVuSansCondensed.ttf
  fonts/truetype/dejavu/DejaVuSansMono.ttf
  fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf
  fonts/truetype/dejavu/DejaVuSerif.ttf
  fonts/truetype/dejavu/DejaVuSerifCondensed-Bold.ttf
  fonts/opentype/levien/TypoScript.otf
  fonts/truetype/fonts-oldstandard/OldStandard-Regular.ttf
  fonts/truetype/fonts-oldstandard/OldStandard-Italic.ttf
  fonts/truetype/fonts-oldstandard/OldStandard-Bold.ttf
  fonts/truetype/essays1743/Essays1743.ttf
  fonts/truetype/essays1743/Essays1743-Italic.ttf
  fonts/truetype/isabella/Isabella.ttf
  fonts/opentype/gotico-antiqua/Hamlet-Tertia18.otf
  fonts/opentype/gotico-antiqua/Zainer-GoticoAntiqua96G.otf
  fonts/opentype/gotico-antiqua/Rusch-GoticoAntiqua100G.otf
  fonts/truetype/dotgothic16/DotGothic16-Regular.ttf
  fonts/opentype/ocr-b/OCRB.otf
  fonts/opentype/freefont/FreeMono.otf
  fonts/opentype/freefont/FreeSerif.otf
  texmf/fonts/opentype/public/tex-gyre/texgyrecursor-regular.otf
  texmf/fonts/opentype/public/tex-gyre/texgyrecursor-bold.otf
  texmf/fonts/opentype/public/tex-gyre/texgyreschola-regular.otf
  texmf/fonts/opentype/public/tex-gyre/texgyreheroscn-regular.otf
  fonts/truetype/blankenburg/Blankenburg_UNZ1A.ttf
  fonts/opentype/gotico-antiqua/Hamlet-Cicero12.otf
)
judging=(
  fonts/truetype/arphic/ukai.ttc
  fonts/truetype/cwtex/cwfs.ttf
  fonts/truetype/ipamj/ipamjm.ttf
  fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf
  fonts/truetype/wqy/wqy-microhei.ttc
  fonts/truetype/aoyagi-soseki/aoyagi-soseki.ttf
  fonts/truetype/bizud-mincho/BIZUDMincho-Regular.ttf
  fonts/truetype/cns11643/TW-Sung-98_1.ttf
  fonts/truetype/unfonts-core/UnGungseo.ttf
  "fonts/opentype/courier-prime/Courier Prime.otf"
  "fonts/opentype/courier-prime/Courier Prime Bold.otf"
  fonts/opentype/linux-libertine/LinLibertine_R.otf
  fonts/opentype/linux-libertine/LinLibertine_RI.otf
  fonts/opentype/didot/GFSDidot.otf
  fonts/opentype/junicode/JunicodeTwoBeta-Regular.otf
  fonts/truetype/ocr-a/OCRA.ttf
  fonts/opentype/sortsmill/GoudyBookletter1911.otf
  fonts/truetype/inconsolata/Inconsolata.otf
  fonts/truetype/vollkorn/Vollkorn-Regular.ttf
  fonts/opentype/gotico-antiqua/Jessen-Cicero12.otf
  fonts/truetype/sixtyfour/C-64-Regular.ttf
  fonts/truetype/cmu/cmuntt.ttf
)

task=${1:-}
case $task in
  train) packages=("${training_packages[@]}") list=("${training[@]}") ;;
  judge) packages=("${judging_packages[@]}") list=("${judging[@]}") ;;
  *) help_or_unknown "${task:---help}" ;;
esac
root=${FONT_ROOT:-}
[ -n "$root" ] || need_packages libfreetype-dev "${packages[@]}"
fonts=()
for name in "${list[@]}"; do
  path=$root/usr/share/$name
  [ -f "$path" ] || path=/usr/share/$name
  [ -f "$path" ] || die 66 "no $path"
  fonts+=("$path")
done
build_bench train_orientation
if [ "$task" = train ]; then
  exec "$program" train stages/treatment/orient_weights.inc "${fonts[@]}"
fi
exec "$program" judge 1000 20000000 "${fonts[@]}"
