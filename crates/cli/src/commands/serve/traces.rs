//! Where `trilemma serve` sends traces.
//!
//! In: the project. Out: what the gateway needs, and a sentence for the operator; nothing where the project
//! has no `[serve.traces]`.

use anyhow::anyhow;
use trilemma_gateway::TraceParts;
use trilemma_project::TraceSettings;
use trilemma_provider::ClientConfig;

use crate::context::{Context, InputError};
use crate::printer::Printer;
use crate::{keys, lineup};

/// Prepares sending, if the project wants it.
pub(super) fn traces(context: &Context, printer: Printer) -> anyhow::Result<Option<TraceParts>> {
    let Some(settings) = context.project.serve.traces.clone() else {
        return Ok(None);
    };
    let input = |reason: String| {
        anyhow!(InputError(format!(
            "failed to read `serve.traces.headers`: {reason}"
        )))
    };
    let text = keys::token(settings.headers.as_ref(), &context.folder).map_err(input)?;
    let headers = headers(text.as_deref().unwrap_or_default()).map_err(input)?;
    Ok(Some(TraceParts {
        settings,
        headers,
        client: lineup::client_with(ClientConfig::default())?,
        warn: Some(Box::new(move |text| {
            printer.tell(&format!("warning: {text}"));
        })),
    }))
}

/// Reads `name=value,name=value`, as `OTEL_EXPORTER_OTLP_HEADERS` has it. Values stay out of messages.
fn headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or_default();
            let (name, value) = (name.trim(), value.trim());
            let is_name = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
            let is_value = |c: u8| c == b'\t' || (b' '..=b'~').contains(&c);
            if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(is_value) {
                return Err("it is not of the form `name=value,name=value`".to_owned());
            }
            Ok((name.to_ascii_lowercase(), unescaped(value)))
        })
        .collect()
}

/// Reads `%2C` and the like, by which a value has a comma.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.get(..2);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        // Only what may stand in a header.
        match byte.filter(|byte| (b' '..=b'~').contains(byte)) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// What the operator is told.
pub(super) fn told(settings: &TraceSettings) -> String {
    format!(
        "traces of {} % of the requests go to {}",
        (settings.share * 1e4).round() / 1e2,
        settings.endpoint
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_collectors_state_them() {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
            pairs.iter().map(pair).collect()
        };
        assert_eq!(headers(""), Ok(Vec::new()));
        assert_eq!(
            headers("Authorization=Basic%20YTpi, x-team = a%2Cb=c ,"),
            Ok(owned(&[
                ("authorization", "Basic YTpi"),
                ("x-team", "a,b=c")
            ]))
        );
        assert_eq!(unescaped("100%"), "100%");
        assert_eq!(
            unescaped("a%0d%0aB: c"),
            "a%0d%0aB: c",
            "no line of its own"
        );
        for text in ["secret", "=secret", "a b=secret", "a=sec\nret", "a=é"] {
            let told = headers(text).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
