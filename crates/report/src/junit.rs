//! JUnit XML, for CI: a suite per candidate, a case per requirement.
//!
//! Fails is a failure; undecided is skipped or a failure, as the caller wishes; undecided because
//! results are missing is an error. Format: the Jenkins xunit schema's common core, as GitLab,
//! Jenkins and GitHub's actions read it. No times are given: a requirement takes none.

use std::fmt::Write as _;

use trilemma_decide::{CandidateResult, Cause, Decision, GateResult};
use trilemma_domain::Verdict;

use crate::error::ReportError;
use crate::exporter::{Exporter, Report, UndecidedAs};
use crate::text::{escape, one_line};
use crate::view::{Headline, column_title};

/// Most characters of one attribute.
const MAX_CHARS: usize = 1_000;

/// JUnit XML.
pub(crate) struct Junit;

impl Exporter for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn extension(&self) -> &'static str {
        "xml"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let decision = report.decision;
        let undecided = report.settings.undecided;
        let total = decision
            .candidates
            .iter()
            .map(|one| Tally::of(one, undecided))
            .fold(Tally::default(), Tally::plus);
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            xml,
            "<testsuites name=\"{}\"{}>",
            attribute(&decision.task.name),
            total.attributes()
        );
        for candidate in &decision.candidates {
            suite(&mut xml, decision, candidate, undecided);
        }
        xml.push_str("</testsuites>\n");
        Ok(xml.into_bytes())
    }
}

/// What a requirement is in JUnit's terms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Passed,
    Failed,
    Skipped,
    Error,
}

fn ending(gate: &GateResult, undecided: UndecidedAs) -> Ending {
    match (gate.verdict, gate.cause) {
        (Verdict::Meets, _) => Ending::Passed,
        (Verdict::Fails, _) => Ending::Failed,
        (Verdict::Undecided, Some(Cause::MissingResults | Cause::NotMeasured)) => Ending::Error,
        (
            Verdict::Undecided,
            None | Some(Cause::Sampling | Cause::UnknownFact | Cause::StalePrice),
        ) => match undecided {
            UndecidedAs::Skipped => Ending::Skipped,
            UndecidedAs::Failure => Ending::Failed,
        },
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    n_tests: usize,
    n_failed: usize,
    n_errors: usize,
    n_skipped: usize,
}

impl Tally {
    fn of(candidate: &CandidateResult, undecided: UndecidedAs) -> Self {
        let n_of = |wanted: Ending| {
            let gates = candidate.gates.iter();
            gates
                .filter(|gate| ending(gate, undecided) == wanted)
                .count()
        };
        Self {
            n_tests: candidate.gates.len(),
            n_failed: n_of(Ending::Failed),
            n_errors: n_of(Ending::Error),
            n_skipped: n_of(Ending::Skipped),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            n_tests: self.n_tests + other.n_tests,
            n_failed: self.n_failed + other.n_failed,
            n_errors: self.n_errors + other.n_errors,
            n_skipped: self.n_skipped + other.n_skipped,
        }
    }

    fn attributes(self) -> String {
        format!(
            " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
            self.n_tests, self.n_failed, self.n_errors, self.n_skipped
        )
    }
}

fn suite(
    xml: &mut String,
    decision: &Decision,
    candidate: &CandidateResult,
    undecided: UndecidedAs,
) {
    let name = attribute(candidate.id.as_str());
    let attributes = Tally::of(candidate, undecided).attributes();
    let _ = writeln!(xml, "  <testsuite name=\"{name}\"{attributes}>");
    let _ = writeln!(xml, "    <properties>");
    let properties = [
        ("model", candidate.model.as_str()),
        ("verdict", candidate.verdict.word()),
        ("conclusion", Headline::status_of(decision)),
        (
            "simulated",
            if decision.simulated { "true" } else { "false" },
        ),
    ];
    for (property, value) in properties {
        let value = attribute(value);
        let _ = writeln!(
            xml,
            "      <property name=\"{property}\" value=\"{value}\"/>"
        );
    }
    let _ = writeln!(xml, "    </properties>");
    for gate in &candidate.gates {
        let title = attribute(&column_title(decision, gate.gate));
        let reason = attribute(&gate.reason);
        let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{title}\"");
        let _ = match ending(gate, undecided) {
            Ending::Passed => writeln!(xml, "/>"),
            Ending::Failed => writeln!(
                xml,
                ">\n      <failure type=\"{}\" message=\"{reason}\"/>\n    </testcase>",
                gate.verdict.word()
            ),
            Ending::Skipped => {
                writeln!(
                    xml,
                    ">\n      <skipped message=\"{reason}\"/>\n    </testcase>"
                )
            }
            Ending::Error => writeln!(
                xml,
                ">\n      <error type=\"missing results\" message=\"{reason}\"/>\n    </testcase>"
            ),
        };
    }
    let _ = writeln!(xml, "  </testsuite>");
}

fn attribute(text: &str) -> String {
    escape(&one_line(text, MAX_CHARS))
}
