"""Code 128 (ISO/IEC 15417) as bar widths. Characters above 127 (the `·` of a 档号) go through FNC4."""
import qrcode
from PIL import ImageDraw

# Widths of bars and spaces of the symbol characters 0 to 106, from the standard's table.
_PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 2331112").split()
_START_B, _FNC4_B, _STOP = 104, 100, 106


def code128(text):
    """Widths in modules, beginning with a bar, alternately bar and space, with check character and stop."""
    values = [_START_B]
    for byte in text.encode("latin-1"):
        if byte >= 128:
            values.append(_FNC4_B)
            byte -= 128
        if not 32 <= byte < 128:
            raise ValueError(f"not in code set B: {byte}")
        values.append(byte - 32)
    check = (values[0] + sum(i * v for i, v in enumerate(values[1:], 1))) % 103
    return [int(width) for value in [*values, check, _STOP] for width in _PATTERNS[value]]


def draw_code128(sheet, text, cx, y, module=6, height=300):
    """Draws it centred at cx into the black ink of a sheet; returns its box."""
    widths = code128(text)
    x = left = round(cx - sum(widths) * module / 2)
    draw = ImageDraw.Draw(sheet.ink)
    for i, width in enumerate(widths):
        if i % 2 == 0:
            draw.rectangle((x, y, x + width * module - 1, y + height - 1), fill=255)
        x += width * module
    return left, y, x, y + height


def draw_qr(sheet, text, cx, y, module=16):
    """A QR code (error correction M, UTF-8 bytes), centred at cx; returns its box."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text.encode("utf-8"))
    code.make(fit=True)
    matrix = code.get_matrix()
    left = round(cx - len(matrix) * module / 2)
    draw = ImageDraw.Draw(sheet.ink)
    for r, row in enumerate(matrix):
        for c, dark in enumerate(row):
            if dark:
                draw.rectangle((left + c * module, y + r * module, left + (c + 1) * module - 1,
                                y + (r + 1) * module - 1), fill=255)
    return left, y, left + len(matrix) * module, y + len(matrix) * module
