//! Prices as people read them; what no source states is called unknown.

pub(crate) use crate::layout::parted as thousands;
use trilemma_domain::UsdPerMtok;

/// What is said where no source states anything.
pub(crate) const UNKNOWN: &str = "unknown";

/// A price per million tokens with at least two decimals.
pub(crate) fn price(price: Option<UsdPerMtok>) -> String {
    price.map_or_else(
        || UNKNOWN.to_owned(),
        |price| two_decimals(&price.decimal().normalize().to_string()),
    )
}

fn two_decimals(digits: &str) -> String {
    match digits.split_once('.') {
        None => format!("{digits}.00"),
        Some((_, decimals)) if decimals.len() == 1 => format!("{digits}0"),
        Some(_) => digits.to_owned(),
    }
}

/// A whole number with thousands parted, as in 128,000; `None` = unknown.
pub(crate) fn tokens(number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), thousands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let shown = |text: &str| price(Some(text.parse().unwrap()));
        assert_eq!(shown("2.5"), "2.50");
        assert_eq!(shown("10"), "10.00");
        assert_eq!(shown("0.0375"), "0.0375");
        assert_eq!(price(None), "unknown");
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_048_576), "1,048,576");
        assert_eq!(tokens(None), "unknown");
    }
}
