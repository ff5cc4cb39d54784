//! Integers of variable length (LEB128, as in DWARF 5 §7.6) and length-prefixed bytes.

/// Writes a number in as many 7-bit groups as it needs, lowest first.
pub(crate) fn put_u64(out: &mut Vec<u8>, value: u64) {
    put_u128(out, u128::from(value));
}

/// Writes a number in as many 7-bit groups as it needs, lowest first.
pub(crate) fn put_u128(out: &mut Vec<u8>, mut value: u128) {
    loop {
        let group = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            out.push(group);
            return;
        }
        out.push(group | 0x80);
    }
}

/// Writes a signed number: zigzag, so that small negatives stay short.
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(
        out,
        (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(),
    );
}

/// Writes an optional number: 0 = none, else the number plus one.
pub(crate) fn put_option_u64(out: &mut Vec<u8>, value: Option<u64>) {
    put_u128(out, value.map_or(0, |value| u128::from(value) + 1));
}

/// Writes bytes after their count.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes optional bytes: 0 = none, else their count plus one.
pub(crate) fn put_option_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_option_u64(out, bytes.map(|bytes| bytes.len() as u64));
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// Reads what the functions above wrote; every method gives `None` on bytes that make no sense.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn u128(&mut self) -> Option<u128> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            let group = u128::from(byte & 0x7f);
            if group.leading_zeros() < shift {
                return None;
            }
            value |= group << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        u64::try_from(self.u128()?).ok()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        u32::try_from(self.u64()?).ok()
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        let zigzag = self.u64()?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }

    /// The outer `None` = damaged.
    pub(crate) fn option_u64(&mut self) -> Option<Option<u64>> {
        match self.u128()? {
            0 => Some(None),
            above => u64::try_from(above - 1).ok().map(Some),
        }
    }

    pub(crate) fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let n_bytes = usize::try_from(self.u64()?).ok()?;
        self.take(n_bytes)
    }

    /// The outer `None` = damaged.
    pub(crate) fn option_text(&mut self) -> Option<Option<String>> {
        let Some(n_bytes) = self.option_u64()? else {
            return Some(None);
        };
        let bytes = self.take(usize::try_from(n_bytes).ok()?)?;
        String::from_utf8(bytes.to_owned()).ok().map(Some)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_owned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(a: u64, b: i64, c: u128, d: Option<u64>, e: Vec<u8>) {
            let mut out = Vec::new();
            put_u64(&mut out, a);
            put_i64(&mut out, b);
            put_u128(&mut out, c);
            put_option_u64(&mut out, d);
            put_bytes(&mut out, &e);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.u64(), Some(a));
            prop_assert_eq!(reader.i64(), Some(b));
            prop_assert_eq!(reader.u128(), Some(c));
            prop_assert_eq!(reader.option_u64(), Some(d));
            prop_assert_eq!(reader.bytes(), Some(e.as_slice()));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn noise_never_panics(noise: Vec<u8>) {
            let mut reader = Reader::new(&noise);
            let _ = (reader.u128(), reader.i64(), reader.bytes(), reader.text());
        }
    }

    #[test]
    fn small_numbers_take_one_byte() {
        let mut out = Vec::new();
        put_u64(&mut out, 127);
        put_i64(&mut out, -64);
        assert_eq!(out, [127, 127]);
    }
}
