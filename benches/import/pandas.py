"""Imports a sheet as a data scientist would: pandas, columns at once, to_sql."""
import json, resource, sys, time
import pandas
import sqlalchemy

source, target = sys.argv[1:]
start = time.monotonic()
frame = pandas.read_excel(source, dtype=str)
titles = list(frame.columns)
phone = frame["号码"].fillna("").str.replace(r"[ ()-]", "", regex=True)
keep = phone.str.fullmatch(r"\d{3,20}") & ~phone.duplicated()
frame, phone = frame[keep], phone[keep]
no = frame.index + 2
data = [json.dumps({t: v for t, v in zip(titles, row) if isinstance(v, str)}, ensure_ascii=False)
        for row in frame.itertuples(index=False)]
leads = pandas.DataFrame({
    "id": [f"led_{n:016x}" for n in no], "orgi": "o", "creater": "u", "batch_id": "b",
    "import_id": "i", "row_no": no, "position": no, "phone": phone, "phone_raw": frame["号码"],
    "key_value": phone, "phones": ['["' + p + '"]' for p in phone], "data": data,
    "created_at": 0, "updated_at": 0,
})
engine = sqlalchemy.create_engine(f"sqlite:///{target}")
leads.to_sql("leads", engine, if_exists="append", index=False, chunksize=1000)
print(time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
