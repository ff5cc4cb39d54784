//! JSON values as bytes, numbers exact, with the choice of keeping the numbers apart.
//!
//! JSON text would not do: its usual readers round floats and refuse deep nesting, and a record
//! must come back as it went in. With the numbers apart, what remains is the *shape* of a value:
//! the same for every usage object of one vendor, so that it can be stored once.

use serde_json::{Map, Number, Value};

use crate::codec::{Reader, put_bytes, put_i64, put_u64};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const UNSIGNED: u8 = 3;
const SIGNED: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const ARRAY: u8 = 7;
const OBJECT: u8 = 8;

/// Deepest nesting that is read back: JSON readers build at most 128 levels, and damaged bytes
/// must not exhaust the stack.
const MAX_DEPTH: u32 = 1_000;

/// Writes a value: everything but its numbers to `shape`, these to `numbers`.
pub(crate) fn put_value(shape: &mut Vec<u8>, numbers: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => shape.push(NULL),
        Value::Bool(false) => shape.push(FALSE),
        Value::Bool(true) => shape.push(TRUE),
        Value::Number(number) => put_number(shape, numbers, number),
        Value::String(text) => {
            shape.push(TEXT);
            put_bytes(shape, text.as_bytes());
        }
        Value::Array(values) => {
            shape.push(ARRAY);
            put_u64(shape, values.len() as u64);
            for value in values {
                put_value(shape, numbers, value);
            }
        }
        Value::Object(fields) => {
            shape.push(OBJECT);
            put_u64(shape, fields.len() as u64);
            for (name, value) in fields {
                put_bytes(shape, name.as_bytes());
                put_value(shape, numbers, value);
            }
        }
    }
}

fn put_number(shape: &mut Vec<u8>, numbers: &mut Vec<u8>, number: &Number) {
    if let Some(value) = number.as_u64() {
        shape.push(UNSIGNED);
        put_u64(numbers, value);
    } else if let Some(value) = number.as_i64() {
        shape.push(SIGNED);
        put_i64(numbers, value);
    } else {
        shape.push(FLOAT);
        let value = number.as_f64().unwrap_or(0.0);
        numbers.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

/// Reads a value back; `None` = damaged.
pub(crate) fn read_value(shape: &mut Reader<'_>, numbers: &mut Reader<'_>) -> Option<Value> {
    read_nested(shape, numbers, MAX_DEPTH)
}

fn read_nested(shape: &mut Reader<'_>, numbers: &mut Reader<'_>, depth_left: u32) -> Option<Value> {
    let depth_left = depth_left.checked_sub(1)?;
    Some(match shape.byte()? {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        UNSIGNED => numbers.u64()?.into(),
        SIGNED => numbers.i64()?.into(),
        FLOAT => {
            let bits = u64::from_le_bytes(numbers.take(8)?.try_into().ok()?);
            Number::from_f64(f64::from_bits(bits))?.into()
        }
        TEXT => shape.text()?.into(),
        ARRAY => {
            let n_values = shape.u64()?;
            let mut values = Vec::new();
            for _ in 0..n_values {
                values.push(read_nested(shape, numbers, depth_left)?);
            }
            Value::Array(values)
        }
        OBJECT => {
            let n_fields = shape.u64()?;
            let mut fields = Map::new();
            for _ in 0..n_fields {
                let name = shape.text()?;
                fields.insert(name, read_nested(shape, numbers, depth_left)?);
            }
            Value::Object(fields)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_comes_back(value in any_value()) {
            let (mut shape, mut numbers) = (Vec::new(), Vec::new());
            put_value(&mut shape, &mut numbers, &value);
            let back = read_value(&mut Reader::new(&shape), &mut Reader::new(&numbers));
            prop_assert_eq!(back, Some(value));
        }
    }

    #[test]
    fn damage_does_not_exhaust_the_stack() {
        let noise = [ARRAY, 1].repeat(1_000_000);
        assert_eq!(
            read_value(&mut Reader::new(&noise), &mut Reader::new(&[])),
            None
        );
    }

    #[test]
    fn usage_objects_of_one_vendor_share_a_shape() {
        let shape_of = |text: &str| {
            let (mut shape, mut numbers) = (Vec::new(), Vec::new());
            let value: Value = serde_json::from_str(text).unwrap();
            put_value(&mut shape, &mut numbers, &value);
            (shape, numbers.len())
        };
        let (a, n_a) = shape_of(r#"{"in":1,"details":{"cached":0},"tier":"x"}"#);
        let (b, _) = shape_of(r#"{"in":99,"details":{"cached":7},"tier":"x"}"#);
        assert_eq!(a, b);
        assert_eq!(n_a, 2);
    }
}
