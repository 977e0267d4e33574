"""Imports a sheet as one would without a spreadsheet engine of one's own: openpyxl, row by row."""
import json, resource, sqlite3, sys, time
import openpyxl

source, target = sys.argv[1:]
start = time.monotonic()
book = openpyxl.load_workbook(source, read_only=True)
rows = book.worksheets[0].iter_rows(values_only=True)
titles = next(rows)
db = sqlite3.connect(target)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = NORMAL")
INSERT = """INSERT INTO leads (id, orgi, creater, batch_id, import_id, row_no, position, phone,
    phone_raw, key_value, phones, data, created_at, updated_at)
    VALUES (?, 'o', 'u', 'b', 'i', ?, ?, ?, ?, ?, ?, ?, 0, 0)"""
seen, some = set(), []
for no, row in enumerate(rows, 2):
    raw = str(row[1])
    phone = "".join(c for c in raw if c not in " -()")
    if not phone.isdigit() or not 3 <= len(phone) <= 20 or phone in seen:
        continue
    seen.add(phone)
    data = {title: str(value) for title, value in zip(titles, row) if value is not None}
    some.append(("led_%016x" % no, no, no, phone, raw, phone, json.dumps([phone]),
                 json.dumps(data, ensure_ascii=False)))
    if len(some) == 1000:
        db.executemany(INSERT, some)
        db.commit()
        some.clear()
db.executemany(INSERT, some)
db.commit()
print(time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
