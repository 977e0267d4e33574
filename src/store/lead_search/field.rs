//! One comparison of one field as SQL; it says what `engine::filter::Test` says of one lead.

use engine::filter::{Ask, Kind, Literal, Order, Test};

use super::statement::Statement;
use crate::lead_search::statement::Bound;

/// Longest text that is read as a number: PostgreSQL refuses one that is too large for it.
const DIGITS_MAX: usize = 300;

/// `value` is the SQL of the field's text, NULL when it is empty.
pub fn condition(statement: &mut Statement, value: &str, test: &Test) {
    match &test.ask {
        Ask::Null => statement.push(&format!("{value} IS NULL")),
        Ask::NotNull => statement.push(&format!("{value} IS NOT NULL")),
        Ask::Any(literals) => any(statement, value, test, literals),
        Ask::None(literals) => {
            statement.push(&format!("({value} IS NULL OR NOT "));
            any(statement, value, test, literals);
            statement.push(")");
        }
        Ask::Compare(order, literal) => compare(statement, value, test.kind, *order, literal),
        Ask::Between(low, high) => {
            statement.push("(");
            compare(statement, value, test.kind, Order::Ge, low);
            statement.push(" AND ");
            compare(statement, value, test.kind, Order::Le, high);
            statement.push(")");
        }
        Ask::Contains(part) => contains(statement, value, test.multi, part),
        Ask::Lacks(part) => {
            statement.push(&format!("({value} IS NULL OR NOT "));
            contains(statement, value, test.multi, part);
            statement.push(")");
        }
        Ask::Prefix(start) => prefix(statement, value, test.multi, start),
    }
}

fn any(statement: &mut Statement, value: &str, test: &Test, literals: &[Literal]) {
    let is_plain = |literal: &&Literal| {
        let is_number = test.kind == Kind::Number && literal.number.is_some();
        !test.multi && !is_number && literal.until.is_none()
    };
    let (plain, others): (Vec<&Literal>, Vec<&Literal>) = literals.iter().partition(is_plain);
    statement.push("(");
    if !plain.is_empty() {
        is_one_of(statement, value, &plain);
    }
    for (at, literal) in others.into_iter().enumerate() {
        let is_first = at == 0 && plain.is_empty();
        statement.push(if is_first { "" } else { " OR " });
        match (&literal.until, literal.number) {
            _ if test.multi => has_item(statement, value, &literal.text),
            (_, Some(wanted)) if test.kind == Kind::Number => {
                let number = number(statement, value);
                statement.push(&format!("COALESCE({number} = "));
                real(statement, wanted);
                statement.push(", FALSE)");
            }
            (until, _) => {
                statement.push("(");
                as_text(statement, value, ">=", &literal.text);
                statement.push(" AND ");
                as_text(statement, value, "<", until.as_deref().unwrap_or_default());
                statement.push(")");
            }
        }
    }
    statement.push(")");
}

/// In one comparison, so that the value is taken from its document once.
fn is_one_of(statement: &mut Statement, value: &str, literals: &[&Literal]) {
    statement.push(&format!("{value} IN ("));
    for (at, literal) in literals.iter().enumerate() {
        statement.push(if at == 0 { "" } else { ", " });
        statement.bind(literal.text.as_str());
    }
    statement.push(")");
}

/// One of the values between the commas is this text.
fn has_item(statement: &mut Statement, value: &str, text: &str) {
    if text.contains(',') {
        statement.push("FALSE");
        return;
    }
    let find = find(statement);
    statement.push(&format!("{find}(',' || {value} || ',', "));
    statement.bind(format!(",{text},").as_str());
    statement.push(") > 0");
}

fn contains(statement: &mut Statement, value: &str, multi: bool, part: &str) {
    if multi && part.contains(',') {
        statement.push("FALSE");
        return;
    }
    let find = find(statement);
    statement.push(&format!("{find}({value}, "));
    statement.bind(part);
    statement.push(") > 0");
}

fn prefix(statement: &mut Statement, value: &str, multi: bool, start: &str) {
    if multi && start.contains(',') {
        statement.push("FALSE");
    } else if multi {
        let find = find(statement);
        statement.push(&format!("{find}(',' || {value}, "));
        statement.bind(format!(",{start}").as_str());
        statement.push(") > 0");
    } else {
        let length = start.chars().count();
        statement.push(&format!("substr({value}, 1, {length}) = "));
        statement.bind(start);
    }
}

fn compare(statement: &mut Statement, value: &str, kind: Kind, order: Order, literal: &Literal) {
    let (order, wanted_text) = literal.edge(order);
    let sign = match order {
        Order::Gt => ">",
        Order::Ge => ">=",
        Order::Lt => "<",
        Order::Le => "<=",
    };
    match (kind, literal.number) {
        (Kind::Number, Some(wanted)) => {
            let number = number(statement, value);
            statement.push(&format!("COALESCE({number} {sign} "));
            real(statement, wanted);
            statement.push(", FALSE)");
        }
        // As numbers where both are numbers, as text otherwise (OUT-096).
        (Kind::Text, Some(wanted)) => {
            let number = number(statement, value);
            statement.push(&format!("COALESCE({number} {sign} "));
            real(statement, wanted);
            statement.push(", ");
            as_text(statement, value, sign, wanted_text);
            statement.push(", FALSE)");
        }
        _ => as_text(statement, value, sign, wanted_text),
    }
}

/// In the order of bytes, whatever the database's language is.
fn as_text(statement: &mut Statement, value: &str, sign: &str, text: &str) {
    let collation = if statement.is_lite() {
        "BINARY"
    } else {
        "\"C\""
    };
    statement.push(&format!("{value} COLLATE {collation} {sign} "));
    statement.bind(text);
}

/// The text as a number, NULL when it is none: what `engine::filter::number` reads.
fn number(statement: &Statement, value: &str) -> String {
    if statement.is_lite() {
        // A text that survives the change to a number and back in every digit is not wanted here:
        // "007" is a number too.
        let bare = format!("ltrim(trim({value}), '+-')");
        return format!(
            "(CASE WHEN length({value}) <= {DIGITS_MAX}
                 AND length(trim({value})) - length({bare}) <= 1
                 AND {bare} GLOB '[0-9]*' AND {bare} GLOB '*[0-9]'
                 AND {bare} NOT GLOB '*[^0-9.]*' AND {bare} NOT GLOB '*.*.*'
             THEN CAST(trim({value}) AS REAL) END)"
        );
    }
    format!(
        "(CASE WHEN length({value}) <= {DIGITS_MAX}
             AND trim({value}) ~ '^[+-]?[0-9]+(\\.[0-9]+)?$'
         THEN trim({value})::double precision END)"
    )
}

fn real(statement: &mut Statement, number: f64) {
    statement.bind(Bound::Real(number));
}

fn find(statement: &Statement) -> &'static str {
    if statement.is_lite() {
        "instr"
    } else {
        "strpos"
    }
}
