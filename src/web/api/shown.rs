//! How stored rows look outside: the fields that are shown, times as RFC 3339, numbers masked.

pub use engine::phone::mask;
use store::Doc;

use crate::clock::At;

/// A stored value as it is shown.
pub trait Shown<T> {
    fn shown(self) -> T;
}

impl<T> Shown<T> for T {
    fn shown(self) -> T {
        self
    }
}

impl Shown<At> for i64 {
    fn shown(self) -> At {
        At(self)
    }
}

impl Shown<Option<At>> for Option<i64> {
    fn shown(self) -> Option<At> {
        self.map(At)
    }
}

impl<T> Shown<T> for Doc<T> {
    fn shown(self) -> T {
        self.0
    }
}

impl Shown<At> for engine::time::Millis {
    fn shown(self) -> At {
        At(self.0)
    }
}

impl Shown<Option<At>> for Option<engine::time::Millis> {
    fn shown(self) -> Option<At> {
        self.map(|at| At(at.0))
    }
}

/// Declares what is shown of a stored row.
macro_rules! shown {
    ($(#[$meta:meta])* $name:ident of $row:ty {
        $($(#[$field_meta:meta])* $field:ident: $kind:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
        }

        impl From<$row> for $name {
            fn from(row: $row) -> Self {
                Self { $($field: $crate::api::shown::Shown::shown(row.$field),)* }
            }
        }
    };
}
pub(crate) use shown;

/// The first character of a text (OUT-052).
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut first: String = text.chars().take(1).collect();
    if !first.is_empty() {
        first.push_str("**");
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_masked() {
        assert_eq!(mask("18618616021"), "186****6021");
        assert_eq!(mask("12345"), "****");
        assert_eq!(mask_text("李国栋"), "李**");
        assert_eq!(mask_text(""), "");
    }
}
