//! `[prompts]`: template files by name.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeValue;
use trilemma_domain::PromptText;

use crate::problem::Note;
use crate::prompt::Prompt;
use crate::section::Section;

/// Reads `[prompts]`; `read_file` gives a file's text or says why not.
pub(crate) fn prompts(
    section: &Section<'_>,
    read_file: &dyn Fn(&Path) -> Result<String, String>,
) -> BTreeMap<String, PromptText> {
    let mut prompts = BTreeMap::new();
    for (name, value) in section.entries() {
        let DeValue::String(path) = value.get_ref() else {
            let note = Note::error("expected the path of a template file, in quotes");
            section.report(&name.value, note);
            continue;
        };
        let path = path.as_ref();
        let source = match read_file(Path::new(path)) {
            Ok(source) => source,
            Err(why) => {
                let note = Note::error(format!("failed to read `{path}`: {why}"))
                    .hint("paths are relative to the project file");
                section.report(&name.value, note);
                continue;
            }
        };
        let text = PromptText {
            name: name.value.clone(),
            source,
        };
        match Prompt::parse(&text) {
            Ok(prompt) if !prompt.uses_input() => {
                let note = Note::warning(format!("`{path}` never uses the item's input"))
                    .hint("put `{{ input }}` where the input belongs");
                section.report(&name.value, note);
            }
            Ok(_) => {}
            Err(error) => {
                section.report(&name.value, Note::error(format!("failed to {error}")));
            }
        }
        prompts.insert(name.value, text);
    }
    prompts
}
