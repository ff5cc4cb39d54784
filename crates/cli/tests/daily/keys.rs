//! A key that a command prints expires while a run is under way: the command is asked again.

use fs_err as fs;
use trilemma_sim::{Scenario, SimOptions};

use crate::desk::{run, text};
use crate::support::{serve, write_golden, write_project};

#[test]
fn a_command_is_asked_again_when_its_key_is_refused() {
    let served = serve(SimOptions {
        scenario: Scenario {
            api_key: Some("sk-new-0123456789".to_owned()),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 30);
    write_project(folder.path(), &served.url, &["a"], "concurrency = 10");
    // Prints an old key first, the new one ever after, and counts how often it was run.
    let script = folder.path().join("key.sh");
    let log = folder.path().join("asked");
    let place = log.display();
    fs::write(
        &script,
        format!(
            "if [ -e '{place}' ]; then echo sk-new-0123456789; else echo sk-old-0123456789; fi\n\
             echo x >> '{place}'\n"
        ),
    )
    .unwrap();
    let file = folder.path().join("trilemma.toml");
    let project = fs::read_to_string(&file).unwrap();
    let by_command = format!("{{ command = [\"sh\", \"{}\"] }}", script.display());
    fs::write(&file, project.replace("{ env = \"SIM_KEY\" }", &by_command)).unwrap();

    let output = run(folder.path(), &["bench"], &[0]);
    assert_eq!(fs::read_to_string(&log).unwrap(), "x\nx\n");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(out.contains("30 of 30 trials answered"), "{out}");
    for text in [out, err] {
        assert!(
            !text.contains("sk-old") && !text.contains("sk-new"),
            "{text}"
        );
    }
}
