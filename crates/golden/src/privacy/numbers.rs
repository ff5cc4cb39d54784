//! Check digits and plausible ranges of numbers.
//!
//! In: what a pattern found. Out: whether it is a number of its kind. No patterns here.

use std::net::{Ipv4Addr, Ipv6Addr};

/// IBAN length per country.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 \
     DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 \
     IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 \
     MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 \
     SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// How many bytes of `text` are an IBAN, single spaces within included; `None` where it is none.
pub(crate) fn iban_len(text: &str) -> Option<usize> {
    let country = text.get(..2)?;
    let wanted: usize = IBAN_LENGTHS
        .split_ascii_whitespace()
        .find_map(|entry| entry.strip_prefix(country))?
        .parse()
        .ok()?;
    let mut code = Vec::with_capacity(wanted);
    let mut end = 0;
    for (idx, byte) in text.bytes().enumerate() {
        if byte != b' ' {
            code.push(byte);
        }
        if code.len() == wanted {
            end = idx + 1;
            break;
        }
    }
    if code.len() != wanted {
        return None;
    }
    code.rotate_left(4);
    let remainder = code.iter().try_fold(0_u32, |rest, &byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    })?;
    (remainder == 1).then_some(end)
}

/// Whether the digits in `text` are a payment card number: a known prefix, its length, Luhn's sum.
pub(crate) fn is_card(text: &str) -> bool {
    let digits = digits(text);
    let prefix = |count: usize| {
        digits
            .iter()
            .take(count)
            .fold(0_u32, |number, &digit| number * 10 + digit)
    };
    let known = match digits.len() {
        13 => prefix(1) == 4,
        14 => matches!(prefix(2), 36 | 38 | 39) || (300..=305).contains(&prefix(3)),
        15 => matches!(prefix(2), 34 | 37),
        16..=19 => {
            prefix(1) == 4
                || (51..=55).contains(&prefix(2))
                || (2221..=2720).contains(&prefix(4))
                || matches!(prefix(2), 35 | 62 | 64 | 65)
                || prefix(4) == 6011
        }
        _ => false,
    };
    known && luhn(&digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(idx, &digit)| match idx % 2 {
            0 => digit,
            _ if digit > 4 => 2 * digit - 9,
            _ => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether `text` has as many digits as a telephone number (ITU-T E.164: at most 15).
pub(crate) fn is_phone(text: &str) -> bool {
    (7..=15).contains(&digits(text).len())
}

/// Whether `text` is a network address that can belong to someone: not private, local or reserved.
pub(crate) fn is_public_ip(text: &str) -> bool {
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        let [first, ..] = ip.octets();
        let reserved = ip.is_private()
            || ip.is_loopback()
            || ip.is_link_local()
            || ip.is_documentation()
            || ip.is_unspecified();
        return !reserved && (1..=223).contains(&first);
    }
    text.parse::<Ipv6Addr>().is_ok_and(|ip| {
        let [first, second, ..] = ip.segments();
        // Global unicast is 2000::/3; 2001:db8::/32 is for documentation.
        (first & 0xe000) == 0x2000 && (first, second) != (0x2001, 0x0db8)
    })
}

/// Whether `text` is a social security number of the United States that can have been issued.
pub(crate) fn is_us_ssn(text: &str) -> bool {
    let mut parts = text.split('-');
    let (area, group, serial) = (parts.next(), parts.next(), parts.next());
    area.is_some_and(|area| !matches!(area, "000" | "666") && !area.starts_with('9'))
        && group.is_some_and(|group| group != "00")
        && serial.is_some_and(|serial| serial != "0000")
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_hold() {
        // SWIFT IBAN registry, example accounts.
        for iban in [
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert_eq!(iban_len(iban), Some(iban.len()));
            let mut wrong = iban.to_owned().into_bytes();
            wrong[3] = if wrong[3] == b'9' { b'8' } else { wrong[3] + 1 };
            assert_eq!(iban_len(std::str::from_utf8(&wrong).unwrap()), None);
        }
        assert_eq!(iban_len("DE89 3704 0044 0532 0130 00 THE"), Some(27));
        assert_eq!(iban_len("DE8937040044"), None);
        // Test numbers that payment processors publish.
        for card in [
            "4111 1111 1111 1111",
            "5555-5555-5555-4444",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
        ] {
            assert!(is_card(card), "{card}");
        }
        for other in [
            "4111 1111 1111 1112",
            "1234567812345670",
            "0000000000000000",
            "42",
        ] {
            assert!(!is_card(other), "{other}");
        }
    }

    #[test]
    fn addresses_of_nobody_do_not_count() {
        for ip in ["8.8.8.8", "85.214.132.117", "2a00:1450:4001:82a::200e"] {
            assert!(is_public_ip(ip), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "300.1.1.1",
            "::1",
            "2001:db8::1",
            "12:30:45",
        ] {
            assert!(!is_public_ip(ip), "{ip}");
        }
    }
}
