//! Shows a decision: as text or JSON on stdout.

use trilemma_decide::Decision;

use crate::printer::Printer;

/// Shows the verdict.
pub(crate) fn verdict(decision: &Decision, printer: Printer) -> anyhow::Result<()> {
    printer.value(decision)
}
