"""Adds to a generated city what the generator does not write: more_rows.py CITY.

Rows that name their subject by an older, former or foreign number, versions that compete, dates in every form, terms
that end with a month, and register rows that compete, merge and follow each other. All numbers are made up.
"""

import csv
import glob
import os
import random
import sys

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHANCE = random.Random(7)
CLASSES = ["警告", "通报批评", "罚款", "没收违法所得", "暂扣许可证件", "吊销许可证件", "责令停产停业", "行政拘留", "训诫"]
AUTHORITIES = ["枣庄市示例局", "枣庄市示例局（直属）", "枣庄市示例局(直属)", "枣庄市 示例局", "滕州市样例局"]
ORDER = ["MC", "SHXYM", "GSZC", "ZZJG", "SWDJ", "SYDW", "SHZZ", "ZJLX", "ZJHM"]
OWN_ORDER = ["MC", "SHXYM", "ZJLX", "ZJHM", "GSZC", "ZZJG", "SWDJ", "SYDW", "SHZZ"]
DAYS = ["2026-01-31", "2025-11-30", "2024-02-29", "2025-08-31", "2023-04-30", "2023-05-01", "2026-04-01", "2026-03-31",
        "2021-11-20", "2016-11-20", "2016-11-19", "2015-06-30", "2026-11-20", "2026-11-21", "2020-12-31", "2025-05-29"]


def unified(body):
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    return body + ALPHABET[(31 - sum(ALPHABET.index(c) * w for c, w in zip(body, weights)) % 31) % 31]


def registration(body):
    r = 10
    for digit in body:
        r = (r + int(digit)) % 10 or 10
        r = 2 * r % 11
    return body + str((11 - r) % 10)


def organisation(body):
    weights = [3, 7, 9, 10, 5, 8, 4, 2]
    return body + "0X987654321"[sum(int(c, 36) * w for c, w in zip(body, weights)) % 11]


def register(city, name):
    """The rows of the register as dictionaries."""
    rows = []
    for path in sorted(glob.glob(os.path.join(city, "subjects", name + "-*.csv"))):
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def written(day):
    """The same day in one of its forms."""
    year, month, of_month = day.split("-")
    return CHANCE.choice([
        day, day.replace("-", "/"), day.replace("-", ""), f"{year}/{int(month)}/{int(of_month)}",
        f"{year}年{int(month)}月{int(of_month)}日", f"{day} 08:30:00", day.translate(str.maketrans("0123456789-", "０１２３４５６７８９－")),
        f"{year}-{int(month)}-{of_month}"])


def stranger(place):
    """An organisation that no register has: its code, organisation code and registration number."""
    code = organisation(f"XY{place:06d}")
    return unified("91370402" + code), code, registration(f"37049900{place:06d}")


def named(prefix, organisations, persons):
    """A subject by one of its names: cells of the row, without the prefix in their columns."""
    one, other = CHANCE.choice(organisations), CHANCE.choice(organisations)
    person = CHANCE.choice(persons)
    unknown = stranger(CHANCE.randrange(60))
    former = next((code for code in one["YSHXYM"].split(";") if code), one["SHXYM"])
    ways = [
        {"GSZC": one["GSZC"]}, {"ZZJG": one["SHXYM"][8:17]}, {"ZZJG": one["SHXYM"][8:16] + "-" + one["SHXYM"][16:17]},
        {"SHXYM": former}, {"SWDJ": one["SWDJ"]}, {"SYDW": one["SYDW"]}, {"SHZZ": one["SHZZ"]},
        {"SHXYM": one["SHXYM"], "GSZC": other["GSZC"]}, {"ZZJG": one["ZZJG"], "GSZC": other["GSZC"]},
        {"SHXYM": unknown[0], "GSZC": one["GSZC"]}, {"SHXYM": unknown[0], "GSZC": unknown[2]}, {"GSZC": unknown[2]},
        {"ZZJG": unknown[1]}, {"ZZJG": unknown[1], "GSZC": unknown[2]}, {"ZJHM": one["SHXYM"]}, {"ZJHM": person["ZJHM"]},
        {"ZJLX": person["ZJLX"], "ZJHM": person["ZJHM"]}, {"ZJLX": "护照", "ZJHM": f"XE{CHANCE.randrange(9):07d}"},
        {"ZJLX": person["ZJLX"], "ZJHM": person["ZJHM"], "SHXYM": one["SHXYM"]}, {"SHXYM": one["SHXYM"].lower()},
        {"ZJLX": "身份证", "ZJHM": person["ZJHM"][:4] + "*" * 10 + person["ZJHM"][14:]}, {"SHXYM": one["SHXYM"][:-1]},
        {"GSZC": "370402200000000"}, {"ZJLX": "其他-驾驶证", "ZJHM": person["ZJHM"]},
    ]
    cells = CHANCE.choice(ways)
    return {"XDR_MC": one["MC"]} | {"XDR_" + key: value for key, value in cells.items()}


def penalties(city, organisations, persons, count):
    rows = []
    for place in range(count):
        day = CHANCE.choice(DAYS)
        row = named("CF", organisations, persons) | {
            "WSH": f"示罚〔2025〕{CHANCE.randrange(count)}号", "CFLB": CHANCE.choice(";；、,，").join(CHANCE.choices(CLASSES, k=CHANCE.choice([1, 1, 2, 3]))),
            "NR_FK": CHANCE.choice(["", "", "0.5", "9.999999", "10", "99.99", "100", "２０", "1e3" if place % 50 == 0 else "3"]),
            "JDRQ": written(day), "GSJZQ": CHANCE.choice(["", "", "2099/12/31", "2099-01-31", "2026-11-30", "2025-02-28", "2027年1月31日"]),
            "CFJG": CHANCE.choice(AUTHORITIES), "ZT": CHANCE.choice(["", "0", "0", "2", "1"]), "CXLX": CHANCE.choice(["", "简易", "普通"])}
        rows.append({"CF_" + key: value for key, value in row.items()} | {"SJC": CHANCE.choice(["", "2026/01/01 10:00:00", "2026-02-01 09:00:00"])})
        if place % 3 == 0:
            rows.append(version(rows[-1]))
    half = len(rows) // 2
    sheet(city, "more/penalties-a.csv", "penalty", 10, rows[:half])
    # Versions of the same documents from a source that wins.
    sheet(city, "more/penalties-b.csv", "penalty", 30, rows[half:] + [version(row) for row in rows[:half:4]])


def version(row):
    """Another version of the same document."""
    changes = [{"CF_NR_FK": "50"}, {"CF_CFLB": "吊销许可证件"}, {"SJC": "2026/03/01 00:00:00"}, {"CF_ZT": "2"},
               {"CF_WSH": row["CF_WSH"].replace("〔", "[").replace("〕", "]")}, {"CF_JDRQ": "2026-05-31"}]
    return row | CHANCE.choice(changes) | CHANCE.choice(changes)


def lists(city, organisations, persons, count):
    codes = ["dishonest-judgment-debtor", "wage-arrears", "abnormal-operations", "market-supervision-serious", "responsible-person",
             "tax-a", "telecom-fraud", "customs-advanced", "no-such-list"]
    rows = []
    for place in range(count):
        row = named("MD", organisations, persons) | {
            "DM": CHANCE.choice(codes), "WSH": CHANCE.choice(["", "示列〔2025〕1号", f"示列[2024]{CHANCE.randrange(9)}号"]),
            "LRRQ": written(CHANCE.choice(DAYS)), "JZRQ": CHANCE.choice(["", "", "2099/12/31", "2026-11-30", "2030-01-01", "2026-02-30" if place % 40 == 0 else ""]),
            "SY_DM": CHANCE.choice(["", "1", "2", "3", "9"]), "RDJG": CHANCE.choice(AUTHORITIES)}
        rows.append({"MD_" + key: value for key, value in row.items()})
    sheet(city, "more/lists.csv", "list", 10, rows)


def commitments(city, organisations, persons, count):
    rows = []
    for place in range(count):
        row = named("CN", organisations, persons) | {
            "LX": CHANCE.choice(["审批替代型", "证明事项型"]), "SX": CHANCE.choice(["", "食品经营许可", "排水许可"]), "RQ": written(CHANCE.choice(DAYS)),
            "JZRQ": CHANCE.choice(["", "2099/12/31", "2026-11-20", "2026-11-19", "2024-02-29", "2025-10-31", "2012-01-01"]),
            "LYZT": CHANCE.choice(["违反承诺", "未履行", "部分履行", "全部履行"]), "SLDW": CHANCE.choice(AUTHORITIES)}
        rows.append({"CN_" + key: value for key, value in row.items()})
    sheet(city, "more/commitments.csv", "commitment", 10, rows)


def more_register(city, organisations):
    """Rows that compete with those of the register, follow each other, or have no unified code."""
    rows = []
    for place, row in enumerate(organisations[::23]):
        rows.append([
            row | {"MC": row["MC"] + "（新）", "DJZT": "歇业"}, row | {"MC": "", "DJZT": "吊销", "CYM": ""},
            row | {"SHXYM": "", "YSHXYM": "", "HJ": "", "MC": row["MC"] + "分部"}, row | {"ZZJG": "", "GSZC": "", "SWDJ": "", "HJ": stranger(900 + place)[0]},
        ][place % 4])
    for place in range(0, 90, 3):
        first, second, third = (stranger(500 + place + step) for step in range(3))
        chain = {"ZT_LB": "企业法人", "GSZC": "", "DJZT": "注销"}
        rows.append(chain | {"SHXYM": first[0], "HJ": second[0], "MC": f"试例甲{place}有限公司", "GSZC": first[2]})
        rows.append(chain | {"SHXYM": second[0], "HJ": third[0], "MC": f"试例乙{place}有限公司"})
        rows.append(chain | {"SHXYM": third[0], "HJ": "", "MC": f"试例丙{place}有限公司", "DJZT": "存续", "YSHXYM": first[0]})
    for place in range(20):
        rows.append({"ZT_LB": "企业法人", "GSZC": stranger(place)[2], "MC": f"试例旧号{place}厂", "DJZT": CHANCE.choice(["", "责令关闭", "开业"])})
    sheet(city, "more/register.csv", "subject", 5, rows)


def sheet(city, path, kind, priority, rows):
    # In the contract's order, in which rows are compared bytewise.
    columns = list(dict.fromkeys(column for row in rows for column in row if column))
    order = ORDER if kind == "penalty" else OWN_ORDER
    columns.sort(key=lambda column: order.index(column.split("_")[-1]) if "_XDR_" in column else len(order))
    os.makedirs(os.path.join(city, "more"), exist_ok=True)
    with open(os.path.join(city, path), "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    with open(os.path.join(city, "dataset.toml"), "a", encoding="utf-8") as file:
        file.write(f'\n[[source]]\nkind = "{kind}"\npath = "{path}"\npriority = {priority}\n')


def main(city):
    organisations = [row for row in register(city, "organisations") if len(row["SHXYM"]) == 18]
    persons = register(city, "persons")
    abroad = [row for row in persons if row["ZJLX"] not in ("身份证", "")]
    persons = persons[:3000] + abroad * max(1, 600 // max(1, len(abroad)))
    organisations = organisations[:3000]
    more_register(city, organisations)
    penalties(city, organisations, persons, 4000)
    lists(city, organisations, persons, 3000)
    commitments(city, organisations, persons, 3000)


if __name__ == "__main__":
    main(sys.argv[1])
