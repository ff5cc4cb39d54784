//! A caller's trace, as W3C Trace Context has it (<https://www.w3.org/TR/trace-context/>, level 1).
//!
//! In: the header `traceparent`. Out: the trace that a request belongs to, or nothing for a header that
//! is none: a trace is never refused for it, a new one is begun.

/// The trace and span that a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parent {
    /// 32 lower-case hexadecimal digits.
    pub(crate) trace: String,
    /// 16 of them.
    pub(crate) span: String,
    /// Whether the caller records this trace.
    pub(crate) is_sampled: bool,
}

impl Parent {
    /// Reads the header's value.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Later versions may say more; this one may not.
        let is_known = digits(version, 2) && version != "ff";
        let is_whole = version != "00" || parts.next().is_none();
        let is_id = |text: &str, n| digits(text, n) && text.bytes().any(|byte| byte != b'0');
        if !(is_known && is_whole && is_id(trace, 32) && is_id(span, 16) && digits(flags, 2)) {
            return None;
        }
        Some(Self {
            trace: trace.to_owned(),
            span: span.to_owned(),
            is_sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        })
    }
}

fn digits(text: &str, n: usize) -> bool {
    text.len() == n && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn headers_are_read_as_the_standard_has_them() {
        let parse =
            |version: &str, rest: &str| Parent::parse(&format!("{version}-{TRACE}-{SPAN}-{rest}"));
        let parent = parse("00", "01").unwrap();
        assert_eq!((parent.trace.as_str(), parent.span.as_str()), (TRACE, SPAN));
        assert!(parent.is_sampled);
        assert!(!parse("00", "00").unwrap().is_sampled);
        assert!(parse("00", "03").unwrap().is_sampled);
        assert!(parse("01", "01-more").unwrap().is_sampled);
        for (version, rest) in [
            ("00", "01-more"),
            ("ff", "01"),
            ("00", "1"),
            ("0", "01"),
            ("00", "zz"),
        ] {
            assert_eq!(parse(version, rest), None, "{version} {rest}");
        }
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}é-{SPAN}-01"),
        ] {
            assert_eq!(Parent::parse(&text), None, "{text}");
        }
    }
}
