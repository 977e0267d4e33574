//! Titles that mean the same.

use crate::{field::Field, import_row::half_width};

/// Words for a number to dial; any of them may be any phone field.
const PHONE: &[&str] = &[
    "手机号",
    "手机号码",
    "手机",
    "移动电话",
    "电话",
    "电话号码",
    "联系电话",
    "联系方式",
    "联系号码",
    "客户电话",
    "客户手机",
    "本机号码",
    "号码",
    "被叫号码",
    "被叫",
    "mobile",
    "mobilephone",
    "mobilenumber",
    "phone",
    "phonenumber",
    "tel",
    "telephone",
    "cell",
    "cellphone",
    "contactnumber",
    "固话",
    "座机",
    "固定电话",
    "办公电话",
    "landline",
    "备用号码",
    "备用电话",
    "电话2",
    "手机2",
    "phone2",
    "mobile2",
];

/// Words that mean one thing, one thing a line.
const GROUPS: &[&[&str]] = &[
    &[
        "姓名",
        "名字",
        "客户姓名",
        "客户名称",
        "联系人",
        "称呼",
        "name",
        "fullname",
        "customer",
        "customername",
        "contact",
    ],
    &[
        "公司",
        "公司名称",
        "单位",
        "单位名称",
        "企业",
        "企业名称",
        "company",
        "companyname",
        "organization",
    ],
    &[
        "地址",
        "住址",
        "联系地址",
        "家庭住址",
        "通讯地址",
        "address",
    ],
    &["城市", "所在城市", "city"],
    &["省", "省份", "province", "state"],
    &["性别", "sex", "gender"],
    &["年龄", "age"],
    &[
        "生日",
        "出生日期",
        "出生年月",
        "birthday",
        "birthdate",
        "dateofbirth",
    ],
    &[
        "邮箱",
        "电子邮箱",
        "电子邮件",
        "邮件",
        "email",
        "mail",
        "emailaddress",
    ],
    &["身份证", "身份证号", "身份证号码", "idcard", "idnumber"],
    &["微信", "微信号", "wechat", "wechatid"],
    &[
        "备注", "说明", "描述", "remark", "remarks", "note", "notes", "comment",
    ],
    &[
        "编号",
        "客户编号",
        "客户号",
        "序列号",
        "id",
        "customerid",
        "number",
        "no",
    ],
    &["意向", "客户意向", "意向度", "intention"],
    &["来源", "客户来源", "渠道", "source", "channel"],
];

/// Whether two titles differ only by blanks, width, brackets, stars and the like.
pub fn almost_same(one: &str, other: &str) -> bool {
    let one = folded(one);
    !one.is_empty() && one == folded(other)
}

/// Whether a title is another word for a field's.
pub fn synonym(title: &str, field: &Field) -> bool {
    let title = folded(title);
    if field.is_phone {
        return PHONE.contains(&title.as_str());
    }
    let own = folded(&field.title);
    GROUPS
        .iter()
        .any(|group| group.contains(&title.as_str()) && group.contains(&own.as_str()))
}

/// Whether a text is a word for anything that a list may have: what a title looks like.
pub fn is_known(title: &str) -> bool {
    let title = folded(title);
    let title = title.as_str();
    PHONE.contains(&title) || GROUPS.iter().any(|group| group.contains(&title))
}

/// Letters and digits only, without case, without what stands in brackets.
fn folded(title: &str) -> String {
    let narrow = half_width(title).to_lowercase();
    let outside = match narrow.split_once(['(', '[', '【']) {
        Some((before, _)) if !before.trim().is_empty() => before.to_owned(),
        _ => narrow,
    };
    outside
        .chars()
        .filter(|char| char.is_alphanumeric())
        .collect()
}
