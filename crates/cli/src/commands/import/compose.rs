//! Writes the project of an import that has none: requirements from the flags, candidates and golden
//! set from the files.

use std::fmt::Write as _;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use trilemma_interop::Gathered;

use super::cast::{Cast, IMPORTED, IMPORTED_URL, Member};
use super::read::Source;
use super::record::item;
use crate::context::InputError;
use crate::places;

/// Margin of the comparison where none is named.
const MARGIN: f64 = 0.05;
/// Pass threshold where none is named.
const THRESHOLD: f64 = 0.7;

/// What a project that is written shall demand.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "For the project that is written where there is none")]
pub(crate) struct NewProject {
    /// Pass rate that must be reached, in (0, 1].
    #[arg(long, value_name = "RATE", value_parser = share)]
    bar: Option<f64>,
    /// Candidate to compare with: a name, or `best` (default where there are several candidates
    /// and no bar).
    #[arg(long, value_name = "NAME")]
    not_worse_than: Option<String>,
    /// How much lower the pass rate may be, in (0, 1) [default: 0.05].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    margin: Option<f64>,
    /// The candidate in use today: the others are compared with it.
    #[arg(long, value_name = "NAME")]
    incumbent: Option<String>,
    /// A score at or above this passes, in (0, 1] [default: 0.7].
    #[arg(long, value_name = "SCORE", value_parser = share)]
    threshold: Option<f64>,
    /// Scorer for files that hold outputs only, such as `exact` or `numeric`; may be repeated.
    #[arg(long, value_name = "TYPE")]
    scorer: Vec<String>,
    /// Name of the task in reports (default: the first file's).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    if value > 0.0 && value <= 1.0 {
        Ok(value)
    } else {
        Err("must be above 0 and at most 1".to_owned())
    }
}

impl NewProject {
    /// Where passing begins.
    pub(super) fn pass_threshold(&self) -> f64 {
        self.threshold.unwrap_or(THRESHOLD)
    }

    /// A project that exists says itself what it demands.
    pub(super) fn refuse(&self, file: &Path) -> anyhow::Result<()> {
        let given = [
            ("--bar", self.bar.is_some()),
            ("--not-worse-than", self.not_worse_than.is_some()),
            ("--margin", self.margin.is_some()),
            ("--incumbent", self.incumbent.is_some()),
            ("--threshold", self.threshold.is_some()),
            ("--scorer", !self.scorer.is_empty()),
            ("--name", self.name.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((flag, _)) => Err(anyhow!(InputError(format!(
                "failed to import: `{flag}` is for a new project, and {} is there; hint: change that file, or name another by `-p FILE`",
                file.display()
            )))),
        }
    }
}

/// Writes project and golden set; a golden set that is there stays.
pub(super) fn write(
    wishes: &NewProject,
    file: &Path,
    (sources, cast): (&[Source], &Cast),
    gathered: &mut Gathered,
) -> anyhow::Result<()> {
    let golden = places::folder_of(file).join("golden.jsonl");
    let writes_golden = gathered.has_inputs && !golden.exists();
    let mut text = text(wishes, (sources, cast), writes_golden)?;
    if !knows_costs(cast, gathered) {
        text.push_str("\n# No cost is known; without this line, the lowest cost would rank.\n[preference]\nrank_by = \"pass_rate\"\n");
    }
    if writes_golden {
        let mut out = BufWriter::new(fs_err::File::create(&golden)?);
        for record in gathered.items().context("read what was kept")? {
            let record = record.context("read what was kept")?;
            trilemma_golden::write_jsonl([&item(record)], &mut out)?;
        }
    }
    fs_err::write(file, text)?;
    Ok(())
}

/// Whether the files say what any answer cost, or tokens of a model whose price is known.
fn knows_costs(cast: &Cast, gathered: &Gathered) -> bool {
    let mut pairs = cast.members.iter().zip(&gathered.tallies);
    pairs.any(|(member, tally)| {
        tally.n_costs > 0 || (tally.n_usage > 0 && member.candidate.identity.is_some())
    })
}

fn text(
    wishes: &NewProject,
    (sources, cast): (&[Source], &Cast),
    has_golden: bool,
) -> anyhow::Result<String> {
    let names: Vec<&str> = cast.members.iter().map(id).collect();
    let incumbent = wishes
        .incumbent
        .as_deref()
        .map(|name| one_of(&names, name))
        .transpose()?;
    let reference = match wishes.not_worse_than.as_deref() {
        Some("best") => Some("best"),
        Some("incumbent") if incumbent.is_some() => Some("incumbent"),
        Some(name) => Some(one_of(&names, name)?),
        None if incumbent.is_some() => Some("incumbent"),
        None if names.len() > 1 && wishes.bar.is_none() => Some("best"),
        None => None,
    };
    let mut text = String::new();
    let files: Vec<String> = sources.iter().map(file_name).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "# Written by `trilemma import` of {}.\n\n[task]\nname = {}\nkind = \"other\"\n",
        one_line(&files.join(", ")),
        quoted(&wishes.name.clone().unwrap_or_else(|| title(sources)))
    );
    if !has_golden {
        text.push_str("# The imported files do not say what was asked: put the items here before a benchmark.\n");
    }
    text.push_str("golden = \"golden.jsonl\"\n");
    if let Some(name) = incumbent {
        let _ = writeln!(text, "incumbent = {}", quoted(name));
    }
    let _ = writeln!(text, "pass_threshold = {}", float(wishes.pass_threshold()));
    text.push_str("\n[requirements]\n");
    if let Some(bar) = wishes.bar {
        let _ = writeln!(text, "pass_rate = {{ min = {} }}", float(bar));
    } else {
        text.push_str("# pass_rate = { min = 0.85 }\n");
    }
    if let Some(reference) = reference {
        let margin = float(wishes.margin.unwrap_or(MARGIN));
        let _ = writeln!(
            text,
            "not_worse_than = {{ candidate = {}, margin = {margin} }}",
            quoted(reference)
        );
    }
    text.push_str("# latency = { e2e_p95_ms = 5000 }\n# cost = { per_query_usd = \"0.002\" }\n");
    text.push_str(&candidates(cast));
    for scorer in &wishes.scorer {
        let _ = write!(text, "\n[[scorers]]\ntype = {}\n", quoted(scorer));
    }
    Ok(text)
}

fn candidates(cast: &Cast) -> String {
    let mut text = String::new();
    let is_imported = |member: &Member| member.candidate.target.provider == IMPORTED;
    if cast.members.iter().any(is_imported) {
        let _ = write!(
            text,
            "\n# Candidates that only the imported files know: they are compared, and cannot be called.\n[providers.{IMPORTED}]\ndialect = \"openai\"\nbase_url = \"{IMPORTED_URL}\"\n"
        );
    }
    for member in &cast.members {
        let target = &member.candidate.target;
        let model = format!("{}/{}", target.provider, target.model);
        let _ = write!(
            text,
            "\n[[candidates]]\nid = {}\nmodel = {}\n",
            quoted(id(member)),
            quoted(&model)
        );
        if let (true, Some(identity)) = (is_imported(member), &member.candidate.identity) {
            let _ = writeln!(text, "identity = {}", quoted(&identity.to_string()));
        }
    }
    text
}

fn id(member: &Member) -> &str {
    member.candidate.id.as_str()
}

fn one_of<'a>(names: &[&'a str], wanted: &str) -> anyhow::Result<&'a str> {
    names
        .iter()
        .copied()
        .find(|name| *name == wanted)
        .ok_or_else(|| {
            anyhow!(InputError(format!(
                "failed to find the candidate `{wanted}` in the files; hint: one of {}",
                names.join(", ")
            )))
        })
}

/// Text as a TOML string: JSON escapes are TOML's, but for DEL, which is left out.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| *c != '\u{7f}').collect();
    serde_json::Value::String(plain).to_string()
}

/// A number as TOML wants it: with a point.
fn float(value: f64) -> String {
    format!("{value:?}")
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn file_name(source: &Source) -> String {
    let name = source
        .path
        .file_name()
        .map(PathBuf::from)
        .unwrap_or_default();
    name.display().to_string()
}

/// What the first file says that it measured, else its name.
fn title(sources: &[Source]) -> String {
    let told = sources
        .first()
        .and_then(|source| source.origin.title.clone());
    let stem = sources
        .first()
        .and_then(|source| source.path.file_stem())
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = told.or(stem).unwrap_or_default();
    let name: String = one_line(&name).trim().chars().take(60).collect();
    if name.is_empty() {
        "imported".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_toml_reader() {
        for name in [
            "a \"b\"",
            "x\\y",
            "tab\tend",
            "ünï",
            "nul\u{0}",
            "del\u{7f}",
        ] {
            let text = format!("name = {}", quoted(name));
            let read: toml::Table = toml::from_str(&text).unwrap();
            let plain: String = name.chars().filter(|c| *c != '\u{7f}').collect();
            assert_eq!(read["name"].as_str(), Some(plain.as_str()));
        }
    }

    #[test]
    fn numbers_have_a_point() {
        assert_eq!(float(1.0), "1.0");
        assert_eq!(float(0.85), "0.85");
    }
}
