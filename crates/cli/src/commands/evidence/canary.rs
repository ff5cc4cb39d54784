//! How the canary stands.
//!
//! In: the note that the gateway keeps in its ledger. Out: whether it runs or was rolled back, by which
//! guard, and the figures of both arms.

use serde_json::Value;
use trilemma_gateway::{CANARY_NOTE, canary_told};
use trilemma_store::ledger::LedgerFile;

use crate::layout::{Side, Table, bullet, parted, terminal_width};

/// Reads the canary's state; `None` = there was none.
pub(super) fn canary(file: &LedgerFile) -> Result<Option<Value>, trilemma_store::StoreError> {
    let note = file.note(CANARY_NOTE)?;
    Ok(note.as_deref().and_then(canary_told))
}

/// Says how it stands.
pub(super) fn words(told: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let head = format!(
        "canary: `{}` against `{}`",
        text(&told["challenger"]),
        text(&told["of"])
    );
    let rolled_back = &told["rolled_back"];
    let state = if rolled_back.is_object() {
        format!("rolled back for {}", text(&rolled_back["guard"]))
    } else if told["is_not_worse"] == true {
        "shown to be no worse than is tolerated; promoting it is up to you".to_owned()
    } else {
        "neither shown to be worse nor not to be".to_owned()
    };
    let mut table = Table::new(&[
        ("guard", Side::Left),
        ("in use (n)", Side::Right),
        ("challenger (n)", Side::Right),
        ("excess (95 %)", Side::Right),
        ("evidence", Side::Right),
    ]);
    let limit = told["log_threshold"].as_f64().unwrap_or(f64::NAN);
    for guard in told["guards"].as_array().into_iter().flatten() {
        let name = text(&guard["guard"]);
        let side = |value: &Value, n: &Value| {
            let n = parted(n.as_u64().unwrap_or(0));
            value.as_f64().map_or_else(
                || "-".to_owned(),
                |value| format!("{} ({n})", shown(&name, value)),
            )
        };
        let excess: Vec<f64> = guard["excess"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .map(|end| 100.0 * end)
            .collect();
        let excess = match excess.as_slice() {
            [point, low, high] => format!("{point:+.1} ({low:+.1} to {high:+.1})"),
            _ => "-".to_owned(),
        };
        let evidence = guard["log_evidence_worse"].as_f64().unwrap_or(0.0);
        table.push([
            name.clone(),
            side(&guard["control"], &guard["n_control"]),
            side(&guard["challenger"], &guard["n_challenger"]),
            excess,
            format!("{:.0} %", (100.0 * evidence / limit).clamp(0.0, 999.0)),
        ]);
    }
    let note = "Excess is in points (errors, quality, feedback, judged) or in percent beyond the ratio that is tolerated; \
                evidence that it is worse is in percent of what a rollback takes. Both may be looked at any time.";
    format!(
        "\n{head}: {state}\n{}\n{}",
        table.draw(0, terminal_width()),
        bullet(note, 0, terminal_width())
    )
}

fn shown(guard: &str, value: f64) -> String {
    match guard {
        "latency" => format!("{:.0} ms", value / 1e3),
        "cost" => format!("{:.4} USD/1,000", value / 1e6),
        // Scores are kept as what is missing to 1.
        "quality" | "feedback" | "judged" => format!("{:.1} %", 100.0 * (1.0 - value)),
        _ => format!("{:.1} %", 100.0 * value),
    }
}
