//! Area codes of China, written without their leading zero.

/// Codes of three digits, as ranges.
const THREE: &[(u16, u16)] = &[
    (310, 319),
    (335, 335),
    (349, 359),
    (370, 379),
    (391, 398),
    (410, 421),
    (427, 429),
    (431, 440),
    (451, 459),
    (464, 470),
    (471, 479),
    (482, 483),
    (510, 527),
    (530, 539),
    (543, 546),
    (550, 566),
    (570, 580),
    (591, 599),
    (631, 635),
    (660, 668),
    (691, 692),
    (701, 701),
    (710, 719),
    (722, 739),
    (743, 746),
    (750, 779),
    (790, 799),
    (812, 813),
    (816, 818),
    (825, 840),
    (851, 859),
    (870, 879),
    (883, 888),
    (891, 898),
    (901, 919),
    (930, 943),
    (951, 955),
    (970, 979),
    (990, 999),
];

/// Whether the digits are an area code and a local number: `10` or `2x` with eight digits, three
/// digits with seven or eight. A local number begins with 2 to 8.
pub fn begins(digits: &str) -> bool {
    let (area, local) = match digits.as_bytes() {
        [b'1', b'0', local @ ..] => (2, local),
        [b'2', _, local @ ..] => (2, local),
        [b'3'..=b'9', _, _, local @ ..] => (3, local),
        _ => return false,
    };
    let length = match area {
        2 => local.len() == 8,
        _ => matches!(local.len(), 7 | 8),
    };
    length
        && local.iter().all(u8::is_ascii_digit)
        && matches!(local[0], b'2'..=b'8')
        && (area == 2 || is_three(&digits[..3]))
}

fn is_three(code: &str) -> bool {
    code.parse()
        .is_ok_and(|code: u16| THREE.iter().any(|(from, to)| (*from..=*to).contains(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_code_and_a_local_number_are_told_from_the_rest() {
        for landline in [
            "1062345678",
            "2162345678",
            "75522345678",
            "3712345678",
            "5716234567",
        ] {
            assert!(begins(landline), "{landline}");
        }
        for other in [
            "13800138000",
            "6462345678", // New York: no area of China has 646
            "2111234567", // no local number begins with 1
            "95588",
            "21623456789",
            "4930123456",
        ] {
            assert!(!begins(other), "{other}");
        }
    }
}
