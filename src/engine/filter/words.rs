//! A form as a sentence, in Chinese and in English.

use super::{Column, Condition, Form, Op, form::Branch, relative};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    Zh,
    En,
}

/// Values of a list that are named; the others are counted.
const NAMED: usize = 5;
/// Characters of a value that are shown.
const SHOWN: usize = 40;

/// What a form selects, in words. Fields that are not there are called by their code.
#[must_use]
pub fn words(form: &Form, columns: &[Column], tongue: Tongue) -> String {
    let say = Say { columns, tongue };
    match form.branch() {
        Ok(Some(branch)) => say.branch(&branch, false),
        Ok(None) => say.either("全部名单", "every lead").into(),
        Err(_) => say.either("条件过多", "too many conditions").into(),
    }
}

struct Say<'a> {
    columns: &'a [Column],
    tongue: Tongue,
}

impl Say<'_> {
    fn either(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.tongue {
            Tongue::Zh => zh,
            Tongue::En => en,
        }
    }

    fn branch(&self, branch: &Branch<'_>, inner: bool) -> String {
        let (parts, and) = match branch {
            Branch::One(_, condition) => return self.condition(condition),
            Branch::All(parts) => (parts, self.either(" 且 ", " and ")),
            Branch::Any(parts) => (parts, self.either(" 或 ", " or ")),
        };
        let parts: Vec<String> = parts.iter().map(|part| self.branch(part, true)).collect();
        let all = parts.join(and);
        if inner && parts.len() > 1 {
            format!("{}{all}{}", self.either("（", "("), self.either("）", ")"))
        } else {
            all
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        let (code, op) = condition.said().unwrap_or_default();
        let column = self.columns.iter().find(|column| column.code == code);
        let title = column.map_or(code, |column| column.title_in(self.tongue));
        let title = clean(title);
        let is_day = column.is_some_and(|column| column.kind.is_day());
        let Some(op) = Op::parse(op) else {
            return format!("{title} ? {}", clean(op));
        };
        let value = || {
            condition
                .value
                .text()
                .map_or_else(|| "?".into(), |text| self.value(text, is_day))
        };
        let list = || self.list(&condition.value.list(), is_day);
        let count = || clean(condition.value.text().unwrap_or("?"));
        match op {
            Op::Eq => self.put(&title, "等于", "is", &value()),
            Op::Ne => self.put(&title, "不等于", "is not", &value()),
            Op::Gt => self.put(&title, "大于", "is greater than", &value()),
            Op::Ge => self.put(&title, "大于等于", "is at least", &value()),
            Op::Lt => self.put(&title, "小于", "is less than", &value()),
            Op::Le => self.put(&title, "小于等于", "is at most", &value()),
            Op::Like => self.put(&title, "包含", "contains", &value()),
            Op::NotLike => self.put(&title, "不包含", "does not contain", &value()),
            Op::Prefix => self.put(&title, "开头是", "starts with", &value()),
            Op::In => self.put(&title, "属于", "is one of", &list()),
            Op::NotIn => self.put(&title, "不属于", "is none of", &list()),
            Op::Between => self.between(&title, &condition.value.list(), is_day),
            Op::IsNull => format!("{title} {}", self.either("为空", "is empty")),
            Op::NotNull => format!("{title} {}", self.either("不为空", "is not empty")),
            Op::Today => format!("{title} {}", self.either("是今天", "is today")),
            Op::Yesterday => format!("{title} {}", self.either("是昨天", "is yesterday")),
            Op::ThisWeek => format!("{title} {}", self.either("在本周", "is in this week")),
            Op::ThisMonth => format!("{title} {}", self.either("在本月", "is in this month")),
            Op::LastDays => self.days(&title, "最近", "the last", &count()),
            Op::NextDays => self.days(&title, "今后", "the next", &count()),
        }
    }

    fn put(&self, title: &str, zh: &'static str, en: &'static str, value: &str) -> String {
        format!("{title} {} {value}", self.either(zh, en))
    }

    fn days(&self, title: &str, zh: &'static str, en: &'static str, count: &str) -> String {
        match self.tongue {
            Tongue::Zh => format!("{title} 在{zh} {count} 天内"),
            Tongue::En => format!("{title} is within {en} {count} days"),
        }
    }

    fn between(&self, title: &str, ends: &[&str], is_day: bool) -> String {
        let [low, high] = ends else {
            return format!("{title} {} ?", self.either("介于", "is between"));
        };
        let (low, high) = (self.value(low, is_day), self.value(high, is_day));
        match self.tongue {
            Tongue::Zh => format!("{title} 在 {low} 到 {high} 之间"),
            Tongue::En => format!("{title} is between {low} and {high}"),
        }
    }

    fn list(&self, texts: &[&str], is_day: bool) -> String {
        let named = texts.iter().take(NAMED);
        let named: Vec<String> = named.map(|text| self.value(text, is_day)).collect();
        let named = named.join(self.either("、", ", "));
        match (texts.len().checked_sub(NAMED), self.tongue) {
            (None | Some(0), _) => named,
            (Some(_), Tongue::Zh) => format!("{named} 等 {} 个值", texts.len()),
            (Some(more), Tongue::En) => format!("{named} or {more} more"),
        }
    }

    fn value(&self, text: &str, is_day: bool) -> String {
        let away = if is_day {
            relative::distance(text)
        } else {
            None
        };
        match (away, self.tongue) {
            (None, Tongue::Zh) => format!("“{}”", clean(text)),
            (None, Tongue::En) => format!("\"{}\"", clean(text)),
            (Some(0), Tongue::Zh) => "今天".into(),
            (Some(0), Tongue::En) => "today".into(),
            (Some(days @ 1..), Tongue::Zh) => format!("{days} 天后"),
            (Some(days @ 1..), Tongue::En) => format!("{days} days from today"),
            (Some(days), Tongue::Zh) => format!("{} 天前", -days),
            (Some(days), Tongue::En) => format!("{} days before today", -days),
        }
    }
}

/// A text that cannot disturb the sentence around it: no control or direction characters, and not
/// too long.
fn clean(text: &str) -> String {
    let plain = |char: &char| {
        !char.is_control()
            && !matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut chars = text.chars().filter(plain);
    let shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        format!("{shown}…")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::{DataType, Field},
        filter::{Node, Value, columns},
    };

    fn batch() -> Vec<Column> {
        let due = Field {
            data_type: DataType::Date,
            ..Field::of_header("due", "到期日")
        };
        columns(&[Field::of_header("grade", "等级"), due])
    }

    fn one(field: &str, op: &str, value: &str) -> Condition {
        Condition {
            field: Some(field.into()),
            op: Some(op.into()),
            value: Value::One(value.into()),
            ..Condition::default()
        }
    }

    fn both(form: &Form) -> (String, String) {
        let columns = batch();
        (
            words(form, &columns, Tongue::Zh),
            words(form, &columns, Tongue::En),
        )
    }

    #[test]
    fn groups_are_put_in_brackets() {
        let form = Form::Group(Node::All {
            all: vec![
                Node::One(one("due", "next_days", "30")),
                Node::Any {
                    any: vec![
                        Node::One(one("grade", "eq", "A")),
                        Node::One(one("days_since_contact", "ge", "15")),
                    ],
                },
            ],
        });
        let (zh, en) = both(&form);
        assert_eq!(
            zh,
            "到期日 在今后 30 天内 且 （等级 等于 “A” 或 未联系天数 大于等于 “15”）"
        );
        assert_eq!(
            en,
            "到期日 is within the next 30 days and (等级 is \"A\" or days since contact is at least \"15\")"
        );
    }

    #[test]
    fn every_operator_says_something_in_both_languages() {
        for op in Op::ALL {
            let value = if op == Op::Between { "1,2" } else { "1" };
            let (zh, en) = both(&Form::Rows(vec![one("grade", op.as_str(), value)]));
            assert!(zh.starts_with("等级 ") && !zh.contains('?'), "{zh}");
            assert!(en.is_char_boundary(0) && !en.contains('?'), "{en}");
            assert_ne!(zh, en);
        }
        assert_eq!(both(&Form::default()).1, "every lead");
    }

    #[test]
    fn days_lists_and_strange_texts_are_readable() {
        let say = |condition| both(&Form::Rows(vec![condition]));
        assert_eq!(say(one("due", "lt", "today-7")).0, "到期日 小于 7 天前");
        let many = say(one("grade", "in", "a,b,c,d,e,f,g"));
        assert_eq!(
            many.1,
            "等级 is one of \"a\", \"b\", \"c\", \"d\", \"e\" or 2 more"
        );
        let strange = say(one("grade", "eq", "a\u{202e}b\0c\u{1F600}"));
        assert_eq!(strange.1, "等级 is \"abc\u{1F600}\"");
        let long = say(one("gone", "eq", &"x".repeat(5_000)));
        assert_eq!(long.1, format!("gone is \"{}…\"", "x".repeat(40)));
    }
}
