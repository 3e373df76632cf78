"""Reads a dataset folder and a catalogue folder into tables of DuckDB: `rows`, `lists`, `terms`, `classes`."""

import csv
import glob
import os
import tomllib
import unicodedata

BRACKETS = str.maketrans("〔［【[〕］】]", "(((())))")
# Meaning and its headers (data.md §2), the newest first; of `kinds` the old columns count together.
SUBJECT_OF = {
    "name": "*_XDR_MC 行政相对人名称", "class": "*_XDR_LB 行政相对人类别",
    "uscc": "*_XDR_SHXYM 行政相对人代码_1(统一社会信用代码)",
    "registration": "*_XDR_GSZC 行政相对人代码_2(工商注册号) *_XDR_GSDJ",
    "organisation": "*_XDR_ZZJG 行政相对人代码_3(组织机构代码) *_XDR_ZDM",
    "tax": "*_XDR_SWDJ 行政相对人代码_4(税务登记号)",
    "institution": "*_XDR_SYDW 行政相对人代码_5(事业单位证书号)",
    "society": "*_XDR_SHZZ 行政相对人代码_6(社会组织登记证号)",
    "paper": "*_XDR_ZJLX 证件类型", "number": "*_XDR_ZJHM 证件号码 *_XDR_SFZ", "country": "GJ", "stamp": "SJC 时间戳",
}
OWN = {
    "subject": ("", {
        "class": "ZT_LB", "uscc": "SHXYM", "paper": "ZJLX", "number": "ZJHM", "country": "GJ", "name": "MC",
        "former_names": "CYM", "former_codes": "YSHXYM", "successor": "HJ", "organisation": "ZZJG",
        "registration": "GSZC", "tax": "SWDJ", "institution": "SYDW", "society": "SHZZ",
        "holder": "FRDB", "holder_paper": "FR_ZJLX", "holder_number": "FR_ZJHM", "state": "DJZT"}),
    "licence": ("XK", {
        "document": "XK_WSH 行政许可决定文书号", "licence": "XK_XKBH 许可编号", "date": "XK_JDRQ 许可决定日期",
        "authority": "XK_XKJG 许可机关 XK_XZJG", "standing": "XK_ZT 当前状态"}),
    "penalty": ("CF", {
        "document": "CF_WSH 行政处罚决定书文号", "kinds": "CF_CFLB 处罚类别", "kinds_1": "CF_CFLB1",
        "kinds_2": "CF_CFLB2", "fine": "CF_NR_FK 罚款金额(万元)", "date": "CF_JDRQ 处罚决定日期",
        "until": "CF_GSJZQ 公示截止期", "authority": "CF_CFJG 处罚机关 CF_XZJG", "standing": "CF_ZT 当前状态",
        "procedure": "CF_CXLX 处罚程序"}),
    "administrative": ("XZ", {"act": "XZ_LX", "document": "XZ_WSH", "date": "XZ_JDRQ", "authority": "XZ_JG"}),
    "list": ("MD", {
        "list": "MD_DM", "document": "MD_WSH", "date": "MD_LRRQ", "until": "MD_JZRQ", "ground": "MD_SY_DM",
        "authority": "MD_RDJG"}),
    "commitment": ("CN", {
        "act": "CN_LX", "matter": "CN_SX", "date": "CN_RQ", "due": "CN_JZRQ", "fulfilment": "CN_LYZT",
        "authority": "CN_SLDW"}),
    "evaluation": ("PJ", {"act": "PJ_LX", "grade": "PJ_DJ", "year": "PJ_ND", "date": "PJ_RQ", "authority": "PJ_JG"}),
    "judgment": ("PJS", {"document": "PJS_AH", "date": "PJS_RQ", "authority": "PJS_FY"}),
    "honour": ("RY", {"title": "RY_MC", "date": "RY_RQ", "until": "RY_YXQ", "authority": "RY_JG"}),
    "correction": ("GZ", {
        "act": "GZ_LX", "record": "GZ_JL", "date": "GZ_RQ", "document": "GZ_WSH", "authority": "GZ_JG"}),
}
MEANINGS = list(dict.fromkeys([*SUBJECT_OF, *(name for _, own in OWN.values() for name in own)]))


def text(value):
    """A string of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def columns(kind):
    prefix, own = OWN[kind]
    of_subject = {} if kind in ("subject", "correction") else dict(SUBJECT_OF)
    if prefix not in ("XK", "CF"):
        # The project's own tables have no columns for certificates.
        of_subject = {name: headers for name, headers in of_subject.items() if name not in ("institution", "society")}
    named = {name: headers.replace("*", prefix).split() for name, headers in of_subject.items()}
    return named | {name: headers.split() for name, headers in own.items()}


def plain_header(name):
    """Width, brackets and blanks of headers are alike."""
    return "".join(unicodedata.normalize("NFKC", name).translate(BRACKETS).split())


def header(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return tuple(next(csv.reader(file)))


def read_dataset(db, folder):
    """Every row of every source; answers the description."""
    with open(os.path.join(folder, "dataset.toml"), "rb") as file:
        dataset = tomllib.load(file)
    db.execute("CREATE SEQUENCE row_number")
    fields = ", ".join(f"{name} VARCHAR" for name in MEANINGS)
    db.execute(f"CREATE TABLE rows (row BIGINT, kind VARCHAR, source INTEGER, priority INTEGER, cells VARCHAR[], {fields})")
    for place, source in enumerate(dataset["source"]):
        alike = {}
        for path in sorted(glob.glob(os.path.join(folder, source["path"]))):
            alike.setdefault(header(path), []).append(path)
        for headers, paths in alike.items():
            read_files(db, place, source, headers, paths)
    return dataset


def read_files(db, place, source, headers, paths):
    plain = [plain_header(name) for name in headers]
    known = {}
    for name, spellings in columns(source["kind"]).items():
        wanted = [plain_header(spelling) for spelling in spellings]
        cells = [f"cell(c{plain.index(w)})" for w in wanted if w in plain]
        if cells:
            known[name] = f"coalesce({', '.join(cells)})"
    if "kinds" in known or "kinds_1" in known or "kinds_2" in known:
        old = [known.pop(name) for name in ("kinds_1", "kinds_2") if name in known]
        together = [f"nullif(concat_ws(';', {', '.join(old)}), '')"] if old else []
        known["kinds"] = f"coalesce({', '.join([known[k] for k in ['kinds'] if k in known] + together)})"
    all_cells = ", ".join(f"coalesce(cell(c{at}), '')" for at in range(len(headers)))
    types = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(headers)))
    files = ", ".join(text(path) for path in paths)
    db.execute(f"""
        INSERT INTO rows (row, kind, source, priority, cells, {', '.join(known)})
        SELECT nextval('row_number'), {text(source['kind'])}, {place}, {source.get('priority', 0)}, [{all_cells}],
            {', '.join(known.values())}
        FROM read_csv([{files}], auto_detect = false, header = false, skip = 1, columns = {{{types}}},
            delim = ',', quote = '"', escape = '"', new_line = '\\n', parallel = false)""")


def term(words):
    """Unit and number of a term; neither for one that only an act ends."""
    return (None, None) if words == "until-removed" else (words[-1], int(words[:-1]))


def read_catalogue(db, folder):
    """Lists with their terms and classes as tables, rules as the macro `class_of`; answers the cap and the states."""
    with open(os.path.join(folder, "catalog.toml"), "rb") as file:
        layers = tomllib.load(file)["layers"]
    held = {"list": [], "class": [], "rule": [], "cap": [], "state": []}
    for layer in layers:
        for path in sorted(glob.glob(os.path.join(folder, layer, "*.toml"))):
            with open(path, "rb") as file:
                for name, entries in tomllib.load(file).items():
                    if name in held:
                        held[name] += entries if isinstance(entries, list) else [entries]
    db.execute("CREATE TABLE lists (list VARCHAR, effect VARCHAR, bars INTEGER, extends_to VARCHAR[], unit VARCHAR, n INTEGER)")
    db.execute("CREATE TABLE terms (list VARCHAR, ground VARCHAR, unit VARCHAR, n INTEGER)")
    for entry in held["list"]:
        row = [entry["code"], entry["effect"], bars(entry), entry.get("extends_to", []), *term(entry["term"])]
        db.execute("INSERT INTO lists VALUES (?, ?, ?, ?, ?, ?)", row)
        for ground, words in entry.get("ground_terms", {}).items():
            db.execute("INSERT INTO terms VALUES (?, ?, ?, ?)", [entry["code"], ground, *term(words)])
    db.execute("CREATE TABLE classes (place INTEGER, class VARCHAR, published BOOLEAN, unit VARCHAR, n INTEGER, bars INTEGER, since DATE)")
    for place, entry in enumerate(held["class"]):
        row = [place, entry["name"], entry["published"], *term(entry["longest"]), bars(entry), entry.get("from")]
        db.execute("INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    rules(db, held["rule"])
    return held["cap"], held["state"]


def bars(entry):
    """Bit 0 commitment, bit 1 tolerance."""
    return sum(bit for word, bit in (("commitment", 1), ("tolerance", 2)) if word in entry.get("bars", []))


def rules(db, entries):
    """The class of a penalty of these kinds, this procedure and this fine: the first rule that matches, else the default."""
    cases, default = [], "NULL"
    for entry in entries:
        if entry.get("default"):
            default = text(entry["class"])
            continue
        conditions = []
        if entry.get("penalties"):
            conditions.append(f"list_has_any(kinds, [{', '.join(text(kind) for kind in entry['penalties'])}])")
        if entry.get("procedure"):
            conditions.append(f"coalesce(plain(procedure) = {text(entry['procedure'])}, false)")
        if entry.get("fine_from"):
            conditions.append(f"coalesce(fine >= {entry['fine_from']}, false)")
        if entry.get("fine_below"):
            conditions.append(f"coalesce(fine < {entry['fine_below']}, false)")
        cases.append(f"WHEN {' AND '.join(conditions or ['true'])} THEN {text(entry['class'])}")
    db.execute(f"CREATE MACRO class_of(kinds, procedure, fine) AS CASE {' '.join(cases)} ELSE {default} END")
