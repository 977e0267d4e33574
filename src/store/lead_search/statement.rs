//! The text of a search. What was asked for is only ever bound to it.

use engine::{
    filter::Test,
    lead_query::{Appointment, CallStatus, Keyword, Place, Query, Span},
};

use super::{field, road::Road, trace};

/// A NUL cannot be a value of PostgreSQL.
const NO_NUL: &str = "strpos(l.data, '\\u0000') = 0";

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    Text(String),
    Int(i64),
    Real(f64),
}

impl From<&str> for Bound {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Bound {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

#[derive(Debug)]
pub struct Statement {
    pub sql: String,
    pub bound: Vec<Bound>,
    is_lite: bool,
    road: Road,
}

impl Statement {
    /// The leads that fit, without an order yet.
    pub fn select(is_lite: bool, road: Road, orgi: &str, query: &Query) -> Self {
        Self::new(is_lite, road, orgi, query, "SELECT l.*")
    }

    /// Those that fit of a batch, for PostgreSQL, which is told that the documents of few leads hold one of
    /// these texts: it reads the whole table with several processes then and sorts what it finds. What looks
    /// through the cells of a document keeps it to one process, and is asked of what was found.
    pub fn seldom(orgi: &str, query: &Query, traces: &[String]) -> Self {
        let mut rest = query.clone();
        let cells = rest
            .keyword
            .take_if(|keyword| matches!(keyword, Keyword::Text(_)));
        let mut made = Self::select(false, Road::Batch, orgi, &rest);
        for (at, trace) in traces.iter().enumerate() {
            made.push(if at == 0 { " AND (" } else { " OR " });
            made.push("l.data LIKE ");
            made.bind(trace::like(trace).as_str());
        }
        made.push(if traces.is_empty() { "" } else { ")" });
        if cells.is_some() {
            made.sql = format!("SELECT l.* FROM ({} OFFSET 0) AS l WHERE TRUE", made.sql);
            made.keyword(cells.as_ref(), query.masked);
        }
        made
    }

    /// How many fit, up to `most`; of these positions alone when there are some.
    pub fn count(
        is_lite: bool,
        road: Road,
        orgi: &str,
        query: &Query,
        among: Option<&Stretch<'_>>,
        most: i64,
    ) -> Self {
        let mut inner = Self::new(is_lite, road, orgi, query, "SELECT 1 AS one");
        if let Some(stretch) = among {
            inner.among(stretch);
        }
        inner.counted(most)
    }

    /// How many leads lie along a road, up to `most`.
    pub fn probe(road: Road, orgi: &str, query: &Query, most: i64) -> Self {
        let mut inner = Self {
            sql: "SELECT 1 AS one FROM leads l WHERE ".into(),
            bound: Vec::new(),
            is_lite: true,
            road,
        };
        inner.orgi(orgi);
        inner.conditions(&road.only(query));
        inner.counted(most)
    }

    fn counted(mut self, most: i64) -> Self {
        self.limit(most);
        self.sql = format!("SELECT COUNT(*) FROM ({}) AS counted", self.sql);
        self
    }

    fn new(is_lite: bool, road: Road, orgi: &str, query: &Query, what: &str) -> Self {
        let mut made = Self {
            sql: format!("{what} FROM leads l WHERE "),
            bound: Vec::new(),
            is_lite,
            road,
        };
        made.orgi(orgi);
        made.conditions(query);
        made
    }

    fn orgi(&mut self, orgi: &str) {
        let column = self.column("orgi");
        self.push(&format!("{column} = "));
        self.bind(orgi);
    }

    /// A column in a condition. With a sign before it SQLite looks for no index of it.
    fn column(&self, name: &str) -> String {
        if self.is_lite && !self.road.uses(name) {
            format!("+l.{name}")
        } else {
            format!("l.{name}")
        }
    }

    /// Only leads at these positions.
    pub fn among(&mut self, stretch: &Stretch<'_>) {
        // As in a pre-flight: PostgreSQL makes no guess about an array.
        let [batches, positions, end] = if self.is_lite {
            let each = "IN (SELECT value FROM json_each(";
            [each, each, "))"]
        } else {
            [
                "= ANY(ARRAY(SELECT value FROM json_array_elements_text(",
                "= ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text(",
                "::json)))",
            ]
        };
        self.push(&format!(" AND l.batch_id {batches}"));
        self.bind(serde_json::json!(stretch.batches).to_string().as_str());
        self.push(&format!("{end} AND l.position {positions}"));
        self.bind(serde_json::json!(stretch.positions).to_string().as_str());
        self.push(end);
    }

    fn conditions(&mut self, query: &Query) {
        for (column, value) in [
            ("batch_id", &query.batch),
            ("import_id", &query.import),
            ("task_id", &query.task),
            ("campaign_id", &query.campaign),
            ("business_status", &query.business_status),
        ] {
            if let Some(value) = value {
                self.and(column, "=", value.as_str());
            }
        }
        if let Some((first, last)) = query.positions {
            self.and("position", ">=", first);
            self.and("position", "<=", last);
        }
        if let Some(kind) = query.alloc_type {
            self.and("alloc_type", "=", kind.as_str());
        }
        for (kind, id) in &query.targets {
            self.and("alloc_type", "=", kind.as_str());
            self.and("alloc_target", "=", id.as_str());
        }
        let calls = &query.call_status;
        if !calls.is_empty() && !calls.contains(&CallStatus::Notcall) {
            // Said in so many words, the index of those that were dialled can be used.
            self.push(" AND l.call_status <> 'notcall'");
        }
        self.one_of(
            "call_status",
            query.call_status.iter().map(|one| one.as_str()),
        );
        self.one_of(
            "alloc_status",
            query.alloc_status.iter().map(|one| one.as_str()),
        );
        if let Some(voided) = query.voided {
            self.push(if voided {
                " AND l.voided"
            } else {
                " AND NOT l.voided"
            });
        }
        self.within("last_dial_at", query.dialled);
        self.within("appoint_at", query.appointed);
        self.appointment(query.appointment);
        self.keyword(query.keyword.as_ref(), query.masked);
        if let Some(test) = &query.field {
            self.field(test);
        }
    }

    /// In order of creation, after a place.
    pub fn in_order(&mut self, down: bool, after: Option<&Place>) {
        let sign = if down { "<" } else { ">" };
        let by_id = self.road == Road::Created;
        match after {
            Some(after) if by_id => self.and("id", sign, after.id.as_str()),
            Some(after) => self.and("position", sign, after.position),
            None => {}
        }
        let place = if by_id { "l.id" } else { "l.position" };
        let down = if down { " DESC" } else { "" };
        self.push(&format!(" ORDER BY {place}{down}"));
    }

    /// Those that have this time, in its order, after a place.
    pub fn by_time(&mut self, time: &str, down: bool, after: Option<&Place>) {
        let (sign, order) = if down { ("<", " DESC") } else { (">", "") };
        self.push(&format!(" AND {time} IS NOT NULL"));
        if let Some(Place {
            at: Some(at),
            position,
            ..
        }) = after
        {
            self.push(&format!(" AND ({time}, l.position) {sign} ("));
            self.bind(*at);
            self.push(", ");
            self.bind(*position);
            self.push(")");
        }
        self.push(&format!(" ORDER BY {time}{order}, l.position{order}"));
    }

    /// Those that do not have it, in order of creation, after a place.
    pub fn without_time(&mut self, time: &str, after: Option<&Place>) {
        self.push(&format!(" AND {time} IS NULL"));
        self.in_order(false, after);
    }

    pub fn limit(&mut self, limit: i64) {
        self.push(" LIMIT ");
        self.bind(limit);
    }

    fn one_of<'a>(&mut self, column: &str, words: impl ExactSizeIterator<Item = &'a str>) {
        if words.len() == 0 {
            return;
        }
        let column = self.column(column);
        self.push(&format!(" AND {column} IN ("));
        for (at, word) in words.enumerate() {
            self.push(if at == 0 { "" } else { ", " });
            self.bind(word);
        }
        self.push(")");
    }

    fn within(&mut self, column: &str, span: Span) {
        if let Some(from) = span.from {
            self.and(column, ">=", from.0);
        }
        if let Some(to) = span.to {
            self.and(column, "<", to.0);
        }
    }

    fn appointment(&mut self, wanted: Option<Appointment>) {
        match wanted {
            None => {}
            Some(Appointment::None) => self.push(" AND NOT l.appointed"),
            Some(Appointment::Made) => self.push(" AND l.appointed"),
            Some(Appointment::Today(day)) => {
                self.push(" AND l.appointed");
                self.within("appoint_at", day);
            }
            Some(Appointment::Overdue(now)) => {
                self.push(" AND l.appointed");
                self.and("appoint_at", "<", now.0);
                self.push(" AND (l.last_dial_at IS NULL OR l.last_dial_at < l.appoint_at)");
            }
        }
    }

    fn keyword(&mut self, keyword: Option<&Keyword>, masked: bool) {
        match keyword {
            None => {}
            Some(Keyword::Phone(number)) if masked => self.and("phone", "=", number.as_str()),
            Some(Keyword::Phone(start)) => {
                self.and("phone", ">=", start.as_str());
                if let Some(end) = after_all(start) {
                    self.and("phone", "<", end.as_str());
                }
                self.push(" AND substr(l.phone, 1, ");
                // PostgreSQL counts in int4 here; the length of a number is no secret.
                self.push(&format!("{}) = ", start.chars().count()));
                self.bind(start.as_str());
            }
            Some(Keyword::Text(part)) => self.any_cell(part, masked),
        }
    }

    /// Some field has the text.
    fn any_cell(&mut self, part: &str, masked: bool) {
        let mut holds = self.document_holds(&trace::written(part));
        let (find, each) = if self.is_lite {
            ("instr", "json_each(l.data)")
        } else {
            holds.push_str(" AND ");
            holds.push_str(NO_NUL);
            ("strpos", "json_each_text(l.data::json)")
        };
        self.push(&format!(
            " AND CASE WHEN {holds} THEN EXISTS (SELECT 1 FROM {each} AS cell WHERE {find}(cell.value, "
        ));
        self.bind(part);
        self.push(") > 0");
        if masked {
            self.push(
                " AND cell.key NOT IN (SELECT f.code FROM fields f WHERE f.batch_id = l.batch_id
                     AND (f.spec LIKE '%\"hidden\":true%' OR f.spec LIKE '%\"is_phone\":true%'))",
            );
        }
        self.push(") ELSE FALSE END");
    }

    fn field(&mut self, test: &Test) {
        let value = self.cell(test);
        self.push(" AND ");
        field::condition(self, &value, test);
    }

    /// The text of a field, NULL when it is empty or cannot pass.
    fn cell(&mut self, test: &Test) -> String {
        let traces = trace::traces(test);
        let holds = traces.iter().map(|trace| self.document_holds(trace));
        let holds: Vec<String> = holds.collect();
        let mut worth = Vec::new();
        if !holds.is_empty() {
            worth.push(format!("({})", holds.join(" OR ")));
        }
        let text = if self.is_lite {
            self.bound.push(Bound::Text(format!("$.\"{}\"", test.code)));
            format!("NULLIF(json_extract(l.data, ${}), '')", self.bound.len())
        } else {
            worth.push(NO_NUL.into());
            self.bound.push(test.code.as_str().into());
            format!("NULLIF(l.data::json ->> ${}::text, '')", self.bound.len())
        };
        if worth.is_empty() {
            return text;
        }
        format!("(CASE WHEN {} THEN {text} END)", worth.join(" AND "))
    }

    /// Whether the document as it is written holds a text.
    fn document_holds(&mut self, text: &str) -> String {
        let (before, after) = match (self.is_lite, trace::glob(text)) {
            (true, Some(glob)) => {
                self.bound.push(Bound::Text(glob));
                ("l.data GLOB ", "")
            }
            (true, None) => {
                self.bound.push(text.into());
                ("instr(l.data, ", ") > 0")
            }
            (false, _) => {
                self.bound.push(text.into());
                ("strpos(l.data, ", ") > 0")
            }
        };
        format!("{before}${}{after}", self.bound.len())
    }

    /// None beyond this position.
    pub fn up_to(&mut self, edge: i64, down: bool) {
        self.and("position", if down { ">=" } else { "<=" }, edge);
    }

    pub fn is_lite(&self) -> bool {
        self.is_lite
    }

    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    pub fn bind(&mut self, value: impl Into<Bound>) {
        self.bound.push(value.into());
        let at = self.bound.len();
        self.sql.push_str(&format!("${at}"));
    }

    fn and(&mut self, column: &str, sign: &str, value: impl Into<Bound>) {
        let column = self.column(column);
        self.push(&format!(" AND {column} {sign} "));
        self.bind(value);
    }
}

/// Positions of leads of these batches, ascending.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    pub batches: &'a [String],
    pub positions: &'a [i64],
}

/// The first number after all that begin so; `None` for nines alone.
fn after_all(start: &str) -> Option<String> {
    let mut chars: Vec<char> = start.chars().collect();
    for at in (0..chars.len()).rev() {
        match chars[at] {
            '9' => chars[at] = '0',
            digit @ '0'..='8' => {
                chars[at] = char::from(digit as u8 + 1);
                return Some(chars.into_iter().collect());
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::after_all;

    #[test]
    fn numbers_that_begin_so_end_before_the_next_beginning() {
        assert_eq!(after_all("186").as_deref(), Some("187"));
        assert_eq!(after_all("199").as_deref(), Some("200"));
        assert_eq!(after_all("+4930").as_deref(), Some("+4931"));
        assert_eq!(after_all("999"), None);
    }
}
